/** A person whom somebody else has checked: that says who it is, and nothing of what they may. */
import type { SignInDeps } from './sign-in.ts';
import { staffRows } from './staff-rows.ts';

/**
 * The account that the clinic's own OpenID provider vouches for, if it counts here: it is there,
 * its row is sealed and the newest, and nobody revoked it. Wrong passwords do not lock this way, or
 * any stranger could keep a person out; they cannot be tried by it either.
 * @param id as the provider says it
 * @returns null where it does not count, whatever the reason
 */
export async function signInVouched(
  deps: SignInDeps,
  id: string,
): Promise<{ staff: string } | null> {
  const row = await staffRows(deps).find(deps.db, { id });
  if (!row || row.revokedAt !== null) return null;
  const { rowCount } = await deps.db.query(
    'UPDATE staff SET signed_in_at = now() WHERE id = $1 AND mac = $2',
    [row.id, row.mac],
  );
  return rowCount === 1 ? { staff: row.id } : null;
}

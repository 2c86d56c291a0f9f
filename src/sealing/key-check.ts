/** The HMAC key is the one this database began with, or nothing starts. */
import { StartupError } from '#src/base/errors.ts';
import type { Queryable } from '#src/store/pool.ts';
import type { Fingerprint } from './fingerprint.ts';

/**
 * Under another key every idempotency key and every person would look new: a repeated order would
 * become a second one. The first start writes what its key makes of a label, every other compares.
 *
 * @throws StartupError when the key is another
 */
export async function assertHmacKey(deps: {
  db: Queryable;
  fingerprint: Fingerprint;
}): Promise<void> {
  // Once keys are registered, and perhaps changed since, the keyring compares their ids.
  const registered = await deps.db.query("SELECT FROM keys WHERE name = 'hmac' LIMIT 1");
  if (registered.rowCount !== 0) return;
  const made = deps.fingerprint('key-check', 'hmac');
  await deps.db.query(
    "INSERT INTO key_checks (name, made) VALUES ('hmac', $1) ON CONFLICT (name) DO NOTHING",
    [made],
  );
  const { rows } = await deps.db.query<{ made: Buffer }>(
    "SELECT made FROM key_checks WHERE name = 'hmac'",
  );
  if (rows[0]?.made.equals(made)) return;
  throw new StartupError([
    'WAYBILL_HMAC_KEY: is not the key that this database began with; give that one back',
  ]);
}

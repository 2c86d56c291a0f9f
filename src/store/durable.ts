/** What is answered is on a disk: a server that does not wait for its own is not worked with. */
import { StartupError } from '#src/base/errors.ts';
import type { Queryable } from './pool.ts';

/**
 * Refuses a server whose commits do not wait for the disk: what was answered could be lost with
 * the power, the ledger with it. Each session asks for `synchronous_commit` itself; `fsync` only
 * the server's own configuration can turn off. `full_page_writes` may be off where the file system
 * writes whole pages, which nobody can tell from here.
 *
 * @throws StartupError
 */
export async function assertDurable(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ fsync: string }>("SELECT current_setting('fsync') AS fsync");
  if (rows[0]?.fsync === 'on') return;
  throw new StartupError([
    'DATABASE_URL leads to a server with fsync = off, which loses what it has answered: turn it on',
  ]);
}

/** Names of files that outlast a crash: what was made or renamed in a folder stays there. */
import { open } from 'node:fs/promises';

/** Flushes the names in a folder to the disk. Throws what the system throws. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

/** Leaves that the gateway has no more, out of archives: they are believed no more than its own. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { StartupError } from '#src/base/errors.ts';
import { tilePath, tileWidth } from '#src/ledger/tile-tree.ts';
import { fileReader } from './folder-files.ts';

const isOfEntries = (folder: string): boolean => existsSync(join(folder, 'tile', 'entries'));

/**
 * The archives of entries among these folders: each is one, or holds some.
 *
 * @throws StartupError for a folder that holds none
 */
export function archivesOfEntries(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    if (isOfEntries(folder)) return [folder];
    const inside = existsSync(folder) ? readdirSync(folder) : [];
    // What a broken run left is no archive.
    const names = inside.filter((name) => !name.endsWith('.partial')).sort();
    const found = names.map((name) => join(folder, name)).filter(isOfEntries);
    if (found.length === 0) throw new StartupError([`--archive: ${folder} holds no entries`]);
    return found;
  });
}

/** The bundle of a tile as an archive has it, and where; undefined where none has it. */
export async function archivedBundle(
  archives: readonly string[],
  { index, width }: { index: number; width: number },
): Promise<{ bytes: Uint8Array; file: string } | undefined> {
  // Only what is complete was ever archived.
  if (width < tileWidth) return undefined;
  const path = tilePath('entries', index);
  for (const archive of archives) {
    const bytes = await fileReader(archive)(path);
    if (bytes) return { bytes, file: join(archive, path) };
  }
  return undefined;
}

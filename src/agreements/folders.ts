/** Finds the files of the two folders; a name that would be silently ignored is a fault. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { wrong, type Faults } from './faults.ts';

const idPattern = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const idLengthMax = 40;
const versionPattern = /^v([1-9]\d{0,3})\.yaml$/;
const looksLikeYaml = /\.ya?ml$/i;
const entriesMax = 2000;

/** True for a consignee's id, which names its folder and its file. */
export function isConsigneeId(text: string): boolean {
  return idPattern.test(text) && text.length <= idLengthMax && text !== 'dictionary';
}

function list(folder: string, faults: Faults): { name: string; isFolder: boolean }[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    if (entries.length > entriesMax) {
      faults.add(folder, 1, wrong('folder.too-full', entriesMax));
      return [];
    }
    return entries
      .filter((entry) => !entry.name.startsWith('.'))
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const code = (error as { code?: string }).code ?? 'unknown error';
    faults.add(folder, 1, wrong('folder.unreadable', code));
    return [];
  }
}

/** The `v<N>.yaml` files of a folder by N, ascending; versions count 1, 2, 3 without a gap. */
export function listVersions(
  folder: string,
  faults: Faults,
): readonly { version: number; path: string }[] {
  const found: { version: number; path: string }[] = [];
  for (const { name } of list(folder, faults)) {
    const version = versionPattern.exec(name)?.[1];
    const path = join(folder, name);
    if (version !== undefined) found.push({ version: Number(version), path });
    else if (looksLikeYaml.test(name)) {
      faults.add(path, 1, wrong('name.not-a-version'));
    }
  }
  found.sort((a, b) => a.version - b.version);
  found.forEach(({ version, path }, index) => {
    const previous = found[index - 1]?.version ?? 0;
    if (version === previous + 1) return;
    faults.add(path, 1, wrong('name.gap', `v${version - 1}`));
  });
  return found;
}

/** The clinic's own file, which stands beside the folders of its contracts. */
export const clinicFile = 'clinic.yaml';

/** Names with a meaning of their own, which no consignee can have. */
const reserved = ['clinic', 'dictionary'];

/** The consignee folders below the contracts folder, without `dictionary`. */
export function listContractFolders(folder: string, faults: Faults): readonly string[] {
  const ids: string[] = [];
  for (const { name, isFolder } of list(folder, faults)) {
    const path = join(folder, name);
    if (!isFolder && name !== clinicFile && looksLikeYaml.test(name)) {
      faults.add(path, 1, wrong('name.outside-folder'));
    } else if (isFolder && name !== 'dictionary') {
      if (idPattern.test(name)) ids.push(name);
      else faults.add(path, 1, wrong('name.folder-not-an-id'));
    }
  }
  return ids;
}

/** The `<id>.yaml` files of the consignees folder. */
export function listConsignees(
  folder: string,
  faults: Faults,
): readonly { id: string; path: string }[] {
  const found: { id: string; path: string }[] = [];
  for (const { name } of list(folder, faults)) {
    if (!looksLikeYaml.test(name)) continue;
    const path = join(folder, name);
    const id = name.replace(/\.yaml$/, '');
    if (idPattern.test(id) && !reserved.includes(id)) found.push({ id, path });
    else faults.add(path, 1, wrong('name.file-not-an-id'));
  }
  return found;
}

/** Finds the files of the two folders; a name that would be silently ignored is a fault. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Faults } from './faults.ts';

const idPattern = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const versionPattern = /^v([1-9]\d{0,3})\.yaml$/;
const looksLikeYaml = /\.ya?ml$/i;
const entriesMax = 2000;

function list(folder: string, faults: Faults): { name: string; isFolder: boolean }[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    if (entries.length > entriesMax) {
      faults.add(folder, 1, `holds more than ${entriesMax} entries; remove what is not needed`);
      return [];
    }
    return entries
      .filter((entry) => !entry.name.startsWith('.'))
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const code = (error as { code?: string }).code ?? 'unknown error';
    faults.add(folder, 1, `cannot be read (${code}); name a folder that this process can read`);
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
      faults.add(path, 1, 'is not named as a version; call it v1.yaml, v2.yaml, …');
    }
  }
  found.sort((a, b) => a.version - b.version);
  found.forEach(({ version, path }, index) => {
    const previous = found[index - 1]?.version ?? 0;
    if (version === previous + 1) return;
    const before = `v${version - 1}`;
    faults.add(path, 1, `there is no ${before} before it; add ${before} or use the next number`);
  });
  return found;
}

/** The consignee folders below the contracts folder, without `dictionary`. */
export function listContractFolders(folder: string, faults: Faults): readonly string[] {
  const ids: string[] = [];
  for (const { name, isFolder } of list(folder, faults)) {
    const path = join(folder, name);
    if (!isFolder && looksLikeYaml.test(name)) {
      faults.add(path, 1, 'stands outside a folder; move it to <consignee>/v<N>.yaml');
    } else if (isFolder && name !== 'dictionary') {
      if (idPattern.test(name)) ids.push(name);
      else faults.add(path, 1, 'is not named as an id; use lower case, digits and hyphens');
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
    if (idPattern.test(id)) found.push({ id, path });
    else faults.add(path, 1, 'is not named as an id; call it <id>.yaml in lower case');
  }
  return found;
}

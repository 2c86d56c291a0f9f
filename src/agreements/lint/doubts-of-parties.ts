/** Doubts about the clinic and its consignees: keys without which nobody signs or is sent to. */
import type { Consignee } from '#src/base/words.ts';
import { releasableItems } from '../force.ts';
import type { AgreementsRead } from '../load.ts';
import { at, doubt, itemName, type Finding, type Version } from './finding.ts';

/** The clinic must be there, and able to sign. */
export function doubtsOfClinic(
  { agreements, files, faults }: AgreementsRead,
  absentKeys: ReadonlySet<string>,
): Finding[] {
  const where = { file: files.clinic, line: 1, consignee: null, contract: null };
  // a clinic's file that has faults is there, and has told them
  if (faults.list().some(({ file }) => file === files.clinic)) return [];
  if (!agreements.clinic) return [doubt(where, 'clinic.missing')];
  if (absentKeys.has('clinic')) return [doubt(where, 'signature.key-absent')];
  if (agreements.clinic.signingKeys.length > 0) return [];
  return [doubt(where, 'clinic.no-signing-key')];
}

/** A consignee must be able to sign, and to open what leaves for it encrypted. */
export function doubtsOfConsignee(
  { files }: AgreementsRead,
  input: { consignee: Consignee; versions: readonly Version[]; absentKeys: ReadonlySet<string> },
): Finding[] {
  const { consignee, versions, absentKeys } = input;
  const file = files.consignees.get(consignee.id);
  if (!file) return [];
  const line = (key: string) => file.lineOf([key]);
  const where = { file: file.path, line: 1, consignee: consignee.id, contract: null };
  const found: Finding[] = [];
  if (consignee.signingKeys.length === 0) found.push(doubt(where, 'consignee.no-signing-key'));
  if (absentKeys.has(consignee.id)) {
    const keys = { ...where, line: line('signingKeys') };
    found.push(doubt(keys, 'signature.key-absent'));
  }
  if (consignee.encryptionKeys.length > 0) return found;
  for (const version of versions) {
    const { contract } = version;
    for (const code of releasableItems(contract)) {
      if (contract.dictionary.items.get(code)?.encrypted !== true) continue;
      const index = contract.items.findIndex(({ item }) => item === code);
      const place = at(version, ['items', index, 'item'], code);
      found.push(doubt(place, 'consignee.no-encryption-key', itemName(contract, code)));
    }
  }
  return found;
}

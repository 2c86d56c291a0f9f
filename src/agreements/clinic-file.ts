/** Turns `clinic.yaml` into the clinic that signs contracts, or tells its faults. */
import { existsSync } from 'node:fs';
import type { Clinic } from '#src/base/words.ts';
import type { ResolveSecret } from './consignee-file.ts';
import { wrong, type Faults, type Wrong } from './faults.ts';
import { readKeyList, type KeyList } from './key-list.ts';
import { fitsSchema } from './schemas.ts';
import { readYaml, type Place } from './yaml-file.ts';

type ClinicText = Omit<Clinic, 'signingKeys'> & { signingKeys?: KeyList };

/**
 * Reads the clinic from the file at `path`; null when there is no such file, or when it has a
 * fault, which then stands in `faults`. Named keys are asked for in the name of `clinic`.
 */
export function readClinic(
  deps: { faults: Faults; resolveSecret: ResolveSecret },
  path: string,
): Clinic | null {
  const { faults, resolveSecret } = deps;
  if (!existsSync(path)) return null;
  const before = faults.count;
  const file = readYaml(path, faults);
  if (!file || !fitsSchema('clinic', file, faults)) return null;
  const { name, privacyOfficer, signingKeys: entries = [] } = file.value as ClinicText;
  const report = (place: Place, said: Wrong): void =>
    faults.add(file.path, file.lineOf(place), said);
  const resolve = (place: Place, reference: string): string | undefined => {
    const found = resolveSecret(reference, { consignee: 'clinic', use: 'signingKey' });
    if (found.ok) return found.value.trim();
    report(place, wrong('secret.unresolved', reference, found.fault));
    return undefined;
  };
  const signingKeys = readKeyList({ report, resolve }, { list: 'signingKeys', entries });
  return faults.count > before ? null : { name, privacyOfficer, signingKeys };
}

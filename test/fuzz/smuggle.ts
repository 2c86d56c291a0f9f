/** Guarded values put where nobody looks for them: into the texts of other items. */
import { disguised, type Disguise } from './disguises.ts';
import { day, registrationNumber } from './people.ts';
import { pick, type Random } from './random.ts';
import type { JsonObject } from './realistic.ts';

/** A guarded value that was put into a text of another item. */
export interface Smuggled {
  item: string;
  within: string;
  disguise: Disguise;
}

/**
 * Puts a guarded value of the record, or anyone's registration number, into one of its texts;
 * undefined where the two that chance chose do not go together.
 */
export function smuggle(random: Random, record: JsonObject): Smuggled | undefined {
  const contact = record['contactInformation'] as JsonObject | null | undefined;
  const [item, value] = pick(random, [
    ['residentRegistrationNumber', record['residentRegistrationNumber']],
    ['birthDate', record['birthDate']],
    ['phoneNumber', record['phoneNumber']],
    ['contactInformation', contact?.['phone'] ?? contact?.['mobile']],
    ['email', record['email']],
    ['chartNumber', record['chartNumber']],
    ['licenseNumber', record['licenseNumber']],
    ['anyone', registrationNumber(random, day(random, 1940, 2024), 'F')],
  ] as const);
  if (typeof value !== 'string' || value.length < 5) return undefined;
  const [disguise, text] = disguised(random, value, item === 'anyone');
  const [within, holder, key, lengthMax] = pick(random, textsOf(record));
  if (typeof holder !== 'object' || holder === null || text.length > lengthMax) return undefined;
  if (Array.isArray(holder) !== (key === '0')) return undefined;
  const before = (holder as JsonObject)[key];
  const whole = `${typeof before === 'string' ? before : ''} 참고${text}확인`;
  (holder as JsonObject)[key] = whole.length <= lengthMax ? whole : text;
  return { item, within, disguise };
}

type TextPlace = readonly [code: string, holder: unknown, key: string, lengthMax: number];

function textsOf(record: JsonObject): readonly TextPlace[] {
  const inside = (code: string, key: string) =>
    ((record[code] as JsonObject | null | undefined)?.[key] as JsonObject[] | undefined)?.[0];
  return [
    ['consultationInformation', record, 'consultationInformation', 4000],
    ['consultationInformation', record, 'consultationInformation', 4000],
    ['name', record, 'name', 50],
    ['institutionName', record, 'institutionName', 100],
    ['companyName', record, 'companyName', 100],
    ['attendingPhysicianName', record, 'attendingPhysicianName', 50],
    ['medicalDepartment', record, 'medicalDepartment', 50],
    ['address', record['address'], 'line2', 200],
    ['checkupRecord', record['checkupRecord'], 'programme', 100],
    ['checkupRecord', inside('checkupRecord', 'measurements'), 'name', 100],
    ['checkupResult', record['checkupResult'], 'grade', 50],
    ['pastMedicalHistory', record['pastMedicalHistory'], '0', 500],
    ['otherData', inside('otherData', 'accessLog'), 'userAgent', 500],
    ['testName', (record['tests'] as JsonObject[] | undefined)?.[0], 'testName', 100],
    ['specimenName', (record['tests'] as JsonObject[] | undefined)?.[0], 'specimenName', 100],
  ];
}

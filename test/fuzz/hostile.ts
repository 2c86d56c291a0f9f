/** Records made by someone who wants a value to get out, or who knows no better. */
import type { SubjectKind } from '#src/base/words.ts';
import { objectsIn, putNamed, strange } from './naming.ts';
import { STRANGE } from './oracle.ts';
import { day, registrationNumber } from './people.ts';
import { between, chance, digits, hexDigits, pick, type Random } from './random.ts';
import { realisticRecord, subjectOf } from './realistic.ts';
import { smuggle, type Smuggled } from './smuggle.ts';
import type { JsonObject, SubjectOfRecord } from './realistic.ts';

/** A record and what was done to it. */
export interface MadeRecord {
  record: JsonObject;
  /** Whose it is said to be, to a contract about this kind of person. */
  subjectFor: (kind: SubjectKind) => SubjectOfRecord;
  /** Nothing in it is a reason to refuse it, but for a value in a text. */
  isBenign: boolean;
  /** As an EMR would send it, untouched. */
  isRealistic: boolean;
  smuggled: Smuggled[];
}

interface Making {
  random: Random;
  record: JsonObject;
  isBenign: boolean;
  smuggled: Smuggled[];
  subject: Partial<SubjectOfRecord>;
}

type Mutation = (making: Making) => void;

/** A realistic record, or one that was made hostile from it; half and half. */
export function fuzzRecord(random: Random): MadeRecord {
  const { record } = realisticRecord(random);
  const making: Making = { random, record, isBenign: true, smuggled: [], subject: {} };
  const isHostile = chance(random, 0.5);
  const count = isHostile ? between(random, 1, 6) : 0;
  for (let done = 0; done < count; done += 1) {
    const isHarmless = chance(random, 0.8);
    pick(random, isHarmless ? HARMLESS : HARMFUL)(making);
  }
  const { isBenign, smuggled, subject } = making;
  const subjectFor = (kind: SubjectKind) => ({ ...subjectOf(kind, record), ...subject });
  return { record, subjectFor, isBenign, isRealistic: !isHostile, smuggled };
}

const UNKNOWN_KEYS = [
  ...['Name', 'NAME', ' name', 'name ', 'na\u200bme', 'ｎａｍｅ', 'birth_date', 'BirthDate'],
  ...['rrn', '주민등록번호', '성명', '성명'.normalize('NFD'), 'RESIDENTREGISTRATIONNUMBER'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'toJSON', 'hasOwnProperty', 'length'],
  ...['', 'tests[]', 'tests[].testName', 'address.zip', 'UNKNOWN_ITEM', 'NEVER_SHARED', '*', '0'],
  ...['guardian', 'remark', 'extension', 'x\ny', '"quoted"', '\\', 'z'.repeat(80)],
];
const NEVER_SHARED_KEYS = [
  ...['password', 'Password', 'login_password_2', 'ipin', 'i-PIN', 'cardNumber', 'card_no', 'cvc'],
  ...['fingerprint', 'FingerprintTemplate', 'verificationValue', '비밀번호', '회원 비밀번호'],
  ...[
    '아이핀',
    '카드번호',
    '지문',
    '지문 템플릿',
    '지문정보'.normalize('NFD'),
    'ｐａｓｓｗｏｒｄ',
    'pin',
  ],
];
const CODES_AT_TOP = ['prescriptionCode', 'collectionDate', 'specimenName', 'testName', 'zip'];
const CODES_INSIDE = ['birthDate', 'name', 'residentRegistrationNumber', 'phoneNumber', 'age'];
const TEXT_ITEMS = ['name', 'institutionName', 'companyName', 'consultationInformation'];
const OPTIONAL = [
  ...['date', 'gender', 'age', 'birthDate', 'institutionName', 'residentRegistrationNumber'],
  ...['phoneNumber', 'companyName', 'checkupRecord', 'checkupResult', 'contactInformation'],
  ...['consultationInformation', 'pastMedicalHistory', 'cookies', 'otherData', 'fax', 'email'],
  ...['attendingPhysicianName', 'medicalDepartment'],
];

const HARMLESS: readonly Mutation[] = [
  ({ random, record }) => {
    put(anyObject(random, record), unknownKey(random), strangeValue(random, 2));
  },
  ({ random, record }) => {
    put(anyObject(random, record), pick(random, NEVER_SHARED_KEYS), strangeValue(random, 1));
  },
  ({ random, record }) => {
    put(record, pick(random, CODES_AT_TOP), strange(random));
    if (chance(random, 0.2)) put(record, 'testResult', { summary: strange(random) });
  },
  ({ random, record }) => {
    const code = pick(random, CODES_INSIDE);
    const inside = objectsIn(record['tests'])[0];
    if (inside) put(inside, code, chance(random, 0.5) ? (record[code] ?? null) : strange(random));
  },
  ({ random, record }) => {
    const deep = strangeValue(random, 3);
    put(anyObject(random, record), 'extension', { deep: [deep, { password: strange(random) }] });
  },
  ({ random, record }) => {
    const code = pick(random, TEXT_ITEMS);
    const value = record[code];
    if (typeof value === 'string' && value.length < 15) record[code] = value.normalize('NFD');
  },
  ({ record }) => {
    const [address] = objectsIn([record['address']]);
    const line = address?.['line1'];
    if (address && typeof line === 'string') address['line1'] = line.normalize('NFD');
  },
  ({ random, record }) => {
    const code = pick(random, OPTIONAL);
    if (chance(random, 0.5)) record[code] = null;
    else Reflect.deleteProperty(record, code);
  },
  ({ random, record }) => {
    for (const test of objectsIn(record['tests'])) {
      if (chance(random, 0.5)) test['collectionDate'] = null;
    }
  },
  ({ random, record }) => {
    putNamed(random, record);
  },
  smuggling,
  smuggling,
  smuggling,
  smuggling,
];

const HARMFUL: readonly Mutation[] = [
  harming(({ random, record }) => {
    const code = pick(
      random,
      Object.keys(record).filter((key) => key !== '__proto__'),
    );
    record[code] = pick(random, [
      [],
      {},
      [[]],
      7,
      true,
      '',
      ['text'],
      { value: 1 },
      1e21,
      '\u0007',
    ]);
  }),
  harming(({ random, record }) => {
    Reflect.deleteProperty(record, pick(random, ['name', 'chartNumber', 'tests', 'address']));
  }),
  harming(({ random, record }) => {
    record['gender'] = pick(random, ['M', 'F', 'O', 'X']);
    record['birthDate'] = day(random, 1790, 2027);
  }),
  harming(({ random, record }) => {
    record['age'] = between(random, -1, 131);
  }),
  harming(({ random, record }) => {
    record['date'] = pick(random, ['2026-03-11', '1970-01-01', '2026-02-29', '0000-01-01', '2026']);
  }),
  harming(({ random, subject }) => {
    if (chance(random, 0.5)) subject.id = pick(random, ['00012345', '', 'constructor', '012345']);
    else subject.kind = pick(random, ['patient', 'practitioner', 'member', 'visitor']);
  }),
  harming(({ random, record }) => {
    record['chartNumber'] = registrationNumber(random, day(random, 1940, 2025), 'F');
  }),
  harming(({ random, record }) => {
    const foreign = registrationNumber(random, day(random, 1850, 2026), 'M');
    record['residentRegistrationNumber'] = chance(random, 0.5)
      ? foreign
      : pick(random, ['840230-1234567', '84031*-1******', '8403122000000 ', 8403122000000]);
  }),
  harming(({ random, record }) => {
    const tests = record['tests'];
    const list = Array.isArray(tests) ? (tests as unknown[]) : [];
    record['tests'] = pick(random, [{ 0: list[0] }, [...list, null], [...list, 'x'], [{}], [], 7]);
  }),
  harming(({ random, record }) => {
    const inside = anyObject(random, record);
    const key = pick(random, [...Object.keys(inside).filter((one) => one !== '__proto__'), 'zip']);
    inside[key] = pick(random, [null, {}, [], 12_345, '', 'x'.repeat(600)]);
  }),
  harming(({ random, record }) => {
    const length = pick(random, [51, 101, 4001]);
    record[pick(random, TEXT_ITEMS)] = '가'.repeat(length);
  }),
];

function smuggling({ random, record, smuggled }: Making): void {
  const done = smuggle(random, record);
  if (done) smuggled.push(done);
}

function harming(mutation: Mutation): Mutation {
  return (making) => {
    making.isBenign = false;
    mutation(making);
  };
}

function unknownKey(random: Random): string {
  const way = random();
  if (way < 0.7) return pick(random, UNKNOWN_KEYS);
  if (way < 0.85) return registrationNumber(random, day(random, 1940, 2025), 'M');
  return `${STRANGE}${hexDigits(random, 6)}`;
}

function strangeValue(random: Random, depth: number): unknown {
  const way = random();
  if (depth === 0 || way < 0.4) return strange(random);
  if (way < 0.5) return Number(digits(random, 12));
  if (way < 0.52) return strange(random).repeat(500);
  if (way < 0.7) return [strangeValue(random, depth - 1), null];
  const inside: JsonObject = {};
  put(inside, pick(random, UNKNOWN_KEYS), strangeValue(random, depth - 1));
  put(inside, 'name', strange(random));
  return inside;
}

/** The record or an object somewhere in it. */
function anyObject(random: Random, record: JsonObject): JsonObject {
  let at: unknown = record;
  let object = record;
  for (let depth = 0; depth < 4 && chance(random, 0.65); depth += 1) {
    const inside: unknown[] = Object.values(at as object).filter(
      (value) => typeof value === 'object' && value !== null,
    );
    if (inside.length === 0) break;
    at = pick(random, inside);
    if (!Array.isArray(at)) object = at as JsonObject;
  }
  return object;
}

/** An own member, whatever its key: as `JSON.parse` would make it. */
function put(object: JsonObject, key: string, value: unknown): void {
  const member = { value, enumerable: true, writable: true, configurable: true };
  Object.defineProperty(object, key, member);
}

/** A contract that withholds what is guarded and lets all texts out; ways to hide values. */
import type { Contract } from '#src/base/words.ts';
import { minimise, type Minimised } from '#src/minimise/minimise.ts';
import { compileContract } from '#src/minimise/compile.ts';
import { agreedWith } from '#test/minimise/agreed.ts';
import { SALT } from '#test/minimise/dictionary.ts';

/** Everything that a record may hold text in; nothing that is guarded. */
const TEXTS = [
  ...['name', 'age', 'date', 'institutionName', 'attendingPhysicianName', 'medicalDepartment'],
  ...['address', 'companyName', 'checkupRecord', 'checkupResult', 'consultationInformation'],
  ...['pastMedicalHistory', 'otherData', 'cctv', 'cookies', 'websiteMemberInformation'],
  ...['prescriptionCode', 'testName', 'specimenName'],
];

/** A contract of the shipped dictionary that lists those, and what is named beside them. */
export function listing(more: readonly string[] = [], parts: Partial<Contract> = {}): Contract {
  const items = [...TEXTS, ...more].map((item) => ({ item, required: false }));
  const legalBasis = new Map<string, never>();
  return { ...agreedWith('lctech'), items, legalBasis, onTextMatch: 'refuse', ...parts };
}

/** Withheld values of an invented person. */
export const OWN = {
  residentRegistrationNumber: '840229-2345678',
  birthDate: '1984-02-29',
  phoneNumber: '010-2345-6789',
  contactInformation: { mobile: '+82 10-8765-4321', phone: '02-345-6789' },
  email: 'gildong.h@mail.invalid',
  chartNumber: 'C0048213',
  licenseNumber: '48213',
};

/** A record of that person that says a text in its consultation. */
export function saying(text: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...OWN, name: '홍길동', consultationInformation: text, ...more };
}

export function decide(
  record: Record<string, unknown>,
  contract: Contract = listing(),
  id = OWN.chartNumber,
): Minimised {
  const subject = { kind: contract.subject, id };
  return minimise(compileContract(contract), { record, subject, today: '2026-03-10', salt: SALT });
}

/** The pointers of a refusal for a text; empty where the record was released. */
export function places(...order: Parameters<typeof decide>): string[] {
  const outcome = decide(...order);
  if (outcome.outcome === 'released') return [];
  const isText = outcome.reason === 'UNCONTRACTED_VALUE_IN_TEXT';
  if (!isText) throw new Error(`refused: ${JSON.stringify(outcome)}`);
  return outcome.problems.map(({ pointer }) => pointer);
}

/** What was released, parsed, and what of it was masked. */
export function masked(record: Record<string, unknown>, more: readonly string[] = []) {
  const outcome = decide(record, listing(more, { onTextMatch: 'mask' }));
  if (outcome.outcome === 'refused') throw new Error(`refused: ${JSON.stringify(outcome)}`);
  const text = outcome.released.canonical().toString('utf8');
  return { ...outcome, payload: JSON.parse(text) as Record<string, unknown> };
}

const each = (value: string, disguise: (character: string) => string) =>
  [...value].map(disguise).join('');
const hex = (code: number, length: number) => code.toString(16).padStart(length, '0');

/** What people, programs and those who hide something make of a value. */
export const DISGUISES: Readonly<Record<string, (value: string) => string>> = {
  'as it is': (value) => value,
  'in one': (value) => value.replaceAll(/[-+ ]/g, ''),
  'spaced out': (value) => [...value].join(' '),
  'with hyphens': (value) => [...value].join('-'),
  'with dashes of other kinds': (value) => [...value].join('–'),
  'in full width': (value) => each(value, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)),
  'in Arabic-Indic digits': (value) =>
    value.replaceAll(/\d/g, (c) => String.fromCharCode(c.charCodeAt(0) - 48 + 0x660)),
  'in mathematical digits': (value) =>
    value.replaceAll(/\d/g, (c) => String.fromCodePoint(c.charCodeAt(0) - 48 + 0x1d7d8)),
  'with zero-width joiners': (value) => [...value].join('\u200d'),
  'with soft hyphens': (value) => [...value].join('\u00ad'),
  'with combining marks': (value) => each(value, (c) => `${c}\u0332`),
  'as keycaps': (value) => value.replaceAll(/\d/g, (c) => `${c}\ufe0f\u20e3`),
  'in capitals': (value) => value.toUpperCase(),
  'in base64': (value) => Buffer.from(`patient: ${value}`).toString('base64'),
  'in base64 behind other letters': (value) =>
    `x${Buffer.from(`patient: ${value}`).toString('base64')}`,
  'in base64 of full width': (value) =>
    Buffer.from(each(value, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0))).toString(
      'base64',
    ),
  'in base64 in lines': (value) =>
    Buffer.from(`patient: ${value}`).toString('base64').replaceAll(/.{7}/g, '$&\r\n'),
  'in base64url': (value) => Buffer.from(`환자 ${value}`).toString('base64url'),
  'in base64 of base64': (value) =>
    Buffer.from(Buffer.from(`patient: ${value}`).toString('base64')).toString('base64'),
  'percent-encoded': (value) => each(value, (c) => `%${hex(c.charCodeAt(0), 2)}`),
  'percent-encoded twice': (value) => each(value, (c) => `%25${hex(c.charCodeAt(0), 2)}`),
  'as character references': (value) => each(value, (c) => `&#${c.charCodeAt(0)};`),
  'as escapes of JSON': (value) => each(value, (c) => `\\u${hex(c.charCodeAt(0), 4)}`),
};

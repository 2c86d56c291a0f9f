/** A small dictionary and contracts for the tests of this room: every kind of item once. */
import { createHash } from 'node:crypto';
import type { Contract, Dictionary, DictionaryItem, SubjectKind } from '#src/base/words.ts';

type Schema = Record<string, unknown>;

const words = { en: 'words', ko: '말' };
const text = (maxLength: number): Schema => ({ type: 'string', minLength: 1, maxLength });
const date: Schema = { type: 'string', format: 'real-date' };

function closed(properties: Record<string, Schema>, required: string[] = []): Schema {
  return { type: 'object', additionalProperties: false, required, properties };
}

function item(code: string, schema: Schema, more: Partial<DictionaryItem> = {}): DictionaryItem {
  return {
    code,
    label: words,
    schema,
    subject: ['patient'],
    class: 'general',
    at: 'record',
    encrypted: false,
    freeText: false,
    guard: false,
    ...more,
  };
}

export const ITEMS: readonly DictionaryItem[] = [
  item('date', date),
  item('chartNumber', { type: 'string', pattern: '^[0-9A-Za-z-]{1,20}$' }),
  item('name', text(50)),
  item('gender', { enum: ['M', 'F', 'O', 'U'] }, { derivedBy: ['gender@1'] }),
  item('age', { type: 'integer', minimum: 0, maximum: 130 }, { derivedBy: ['age@1'] }),
  item('birthDate', date, { derivedBy: ['birthDate@1'] }),
  item('institutionName', text(100)),
  item('licenseNumber', { type: 'string', pattern: '^\\d{1,6}$' }),
  item('email', { type: 'string', format: 'email', maxLength: 254 }),
  item(
    'residentRegistrationNumber',
    { type: 'string', pattern: '^\\d{6}-?\\d{7}$' },
    {
      class: 'uniqueIdentifier',
      encrypted: true,
    },
  ),
  item(
    'address',
    closed({ zip: { type: 'string', pattern: '^\\d{5}$' }, line1: text(200), line2: text(200) }, [
      'zip',
      'line1',
    ]),
  ),
  item('contactInformation', {
    ...closed({ mobile: text(20), phone: text(20) }),
    minProperties: 1,
  }),
  item(
    'checkupRecord',
    closed(
      {
        checkedOn: date,
        programme: text(100),
        measurements: {
          type: 'array',
          items: closed(
            { code: text(30), name: text(100), value: { anyOf: [{ type: 'number' }, text(500)] } },
            ['name', 'value'],
          ),
        },
      },
      ['checkedOn', 'programme', 'measurements'],
    ),
  ),
  item('pastMedicalHistory', { type: 'array', maxItems: 50, items: text(500) }),
  item(
    'websiteMemberInformation',
    closed({ memberId: text(64), name: text(50), email: text(254) }, ['memberId']),
  ),
  item('cookies', {
    type: 'array',
    items: closed({ name: text(128), valueHash: text(64) }, ['name', 'valueHash']),
  }),
  item('prescriptionCode', { type: 'string', pattern: '^[0-9A-Z]{1,9}$' }, { at: 'tests' }),
  item('testName', text(100), { at: 'tests' }),
  item('specimenName', text(100), { at: 'tests' }),
  item('collectionDate', date, { at: 'tests' }),
  item(
    'testResult',
    closed(
      {
        reportedOn: date,
        status: { enum: ['preliminary', 'final'] },
        values: {
          type: 'array',
          items: closed({ testName: text(100), value: text(100) }, ['value']),
        },
      },
      ['reportedOn', 'status', 'values'],
    ),
    { at: 'result', class: 'returned' },
  ),
  item('workReport', closed({ summary: text(4000) }, ['summary']), {
    at: 'result',
    class: 'returned',
  }),
];

export const DICTIONARY: Dictionary = {
  version: 1,
  items: new Map(ITEMS.map((each) => [each.code, each])),
  neverShared: ['password', 'ipin', 'pin', 'cardnumber', 'fingerprint', '비밀번호'],
};

/** A contract whose items are written `name` or, when optional, `name?`. */
export function contract(input: {
  items: readonly string[];
  returns?: readonly string[];
  subject?: SubjectKind;
  legalBasis?: readonly string[];
  dictionary?: Dictionary;
  id?: string;
}): Contract {
  const id = input.id ?? 'lab.v1';
  const listed = (codes: readonly string[]) =>
    codes.map((code) => ({ item: code.replace('?', ''), required: !code.endsWith('?') }));
  return {
    id,
    consignee: id.split('.')[0]!,
    version: 1,
    dictionary: input.dictionary ?? DICTIONARY,
    digest: createHash('sha256').update(id).digest(),
    work: words,
    purpose: words,
    subject: input.subject ?? 'patient',
    items: listed(input.items),
    returns: listed(input.returns ?? []),
    validFrom: '2026-01-01',
    validUntil: null,
    retention: { text: words, purgeAfterDays: 7, expireAfterDays: 30, destroyWithinDays: 5 },
    legalBasis: new Map(
      (input.legalBasis ?? []).map((code) => [code, { basis: words, confirmed: false }]),
    ),
    onTextMatch: 'refuse',
    receipts: 'optional',
    reason: null,
    subConsignees: [],
    canonical: Buffer.alloc(0),
    signature: {
      ...{ state: 'signed', isDemo: true, noticedOn: null, why: null },
      ...{ clinic: null, consignee: null },
    },
    text: {},
  };
}

/** What a laboratory gets. */
export const LAB_ITEMS = [
  'date',
  'chartNumber',
  'name',
  'gender',
  'birthDate?',
  'age',
  'institutionName',
  'prescriptionCode?',
  'collectionDate?',
] as const;

export const TODAY = '2026-03-10';
export const SALT = Buffer.alloc(32, 7);
export const CHART = '00012345';

/** What an EMR submits: more than any laboratory may have. No such person exists. */
export function labRecord(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    date: '2026-03-09',
    chartNumber: CHART,
    name: '홍길동',
    gender: 'F',
    birthDate: '1984-03-12',
    institutionName: '가온의원',
    address: { zip: '04524', line1: '가온로 1' },
    tests: [
      { prescriptionCode: 'C2243', testName: 'TSH', collectionDate: '2026-03-09' },
      { prescriptionCode: 'B1010', specimenName: '혈청' },
    ],
    ...more,
  };
}

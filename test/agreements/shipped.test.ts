/**
 * The shipped dictionary, contracts and consignees are the clinic's published table, item for item.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Standing } from '#src/agreements/force.ts';
import { loadAgreements } from '#src/agreements/load.ts';
import { notice } from '#src/agreements/notice.ts';
import { payloadSchema, samplePayload } from '#src/agreements/payload.ts';
import { makeAjv } from '#src/agreements/schemas.ts';
import { shippedDigests } from '#src/agreements/shipped.ts';
import type { Contract } from '#src/base/words.ts';
import { resolveSecret } from './folders.ts';

const root = join(import.meta.dirname, '../..');
const agreements = loadAgreements(
  { resolveSecret },
  { contractsDir: join(root, 'contracts'), consigneesDir: join(root, 'consignees') },
);
const { contracts, consignees, dictionaries } = agreements;
/** As if both had signed every contract, and a notice had shown it in time. */
const signed = {
  ...agreements,
  contracts: contracts.map((one) => ({
    ...one,
    signature: { ...one.signature, state: 'signed' as const, why: null },
  })),
};
const standing: Standing = {
  noticedOn: new Map(contracts.map(({ id }) => [id, '2025-12-01'])),
  activated: new Set(),
  endedThrough: new Map(),
};
const dictionary = dictionaries.get(1);

/** The labels of the published table and the items that they mean. */
const codes: Readonly<Record<string, string>> = {
  Date: 'date',
  'Chart Number': 'chartNumber',
  Name: 'name',
  Gender: 'gender',
  Age: 'age',
  'Date of Birth': 'birthDate',
  'Institution Name': 'institutionName',
  'Prescription Code': 'prescriptionCode',
  'Collection Date': 'collectionDate',
  "Attending Physician's Name": 'attendingPhysicianName',
  'Resident Registration Number': 'residentRegistrationNumber',
  'License Number': 'licenseNumber',
  'Phone Number': 'phoneNumber',
  'Medical Department': 'medicalDepartment',
  'Medical Institution Name': 'medicalInstitutionName',
  Fax: 'fax',
  Email: 'email',
  'Specimen Name': 'specimenName',
  'Test Name': 'testName',
  Address: 'address',
  'Company Name': 'companyName',
  'Health Check-up Record': 'checkupRecord',
  'Health Check-up Result': 'checkupResult',
  'Consultation Information': 'consultationInformation',
  'Past Medical History': 'pastMedicalHistory',
  CCTV: 'cctv',
  'Contact Information': 'contactInformation',
  'Website Member Information': 'websiteMemberInformation',
  Cookies: 'cookies',
  'Other Data': 'otherData',
};

const testing = 'Outsourced Testing Services';
const checkups = 'Health Check-up System Maintenance and Support';
const ageOnly = 'Date, Chart Number, Name, Gender, Age, Institution Name';
const withBirthDate =
  'Date, Chart Number, Name, Gender, Date of Birth, Age, Institution Name, Prescription Code';
const checkupItems =
  'Name, Resident Registration Number, Address, Phone Number, Company Name, ' +
  'Health Check-up Record, Health Check-up Result, Consultation Information';
const memberItems = 'Website Member Information, Cookies, Other Data';
const registrationItems =
  'Name, Resident Registration Number, License Number, Phone Number, Medical Department, ' +
  'Medical Institution Name, Fax, Email';
const scanningItems =
  'Name, Resident Registration Number, Address, Phone Number, Company Name, ' +
  'Past Medical History, Consultation Information';

/** id, consignee, work, items: the published table, row by row. */
const table: [string, string, string, string][] = [
  ['mediage', 'MediAge', testing, ageOnly],
  ['bioage', 'BioAge', testing, withBirthDate],
  [
    'samkwang',
    'Samkwang Medical Foundation',
    testing,
    `${withBirthDate}, Collection Date, Attending Physician's Name`,
  ],
  ['eone', 'E-One Medical Foundation', testing, withBirthDate],
  ['medigene', 'MediGene HumanCare', testing, withBirthDate],
  ['greencross', 'Green Cross Medical Foundation', testing, withBirthDate],
  ['bml', 'BML Clinic', testing, registrationItems],
  [
    'tnc-pathology',
    'T&C Pathology Clinic',
    testing,
    'Name, Gender, Date of Birth, Specimen Name, Medical Department, Test Name',
  ],
  ['sk-chemicals', 'SK Chemicals', testing, ageOnly],
  ['engitech', 'Engitech', checkups, checkupItems],
  ['areumnuri', 'Areumnuri', checkups, checkupItems],
  [
    'lctech',
    'LCTech',
    'Automated Input System for Questionnaire Scanning and Maintenance',
    scanningItems,
  ],
  [
    'infinite',
    'Infinite',
    'Health Check-up Images and Records System Maintenance',
    'Name, Chart Number, Date',
  ],
  [
    's1',
    'S1',
    'Security Systems and CCTV Fingerprint System',
    'CCTV, Name, Resident Registration Number, Address, Contact Information',
  ],
  [
    'korea-post',
    'Korea Post Courier',
    'Questionnaire and Medication Log Shipping Health Check-up Result Shipping',
    'Name, Address, Contact Information',
  ],
  ['medifix', 'Medifix', 'Website Server Management and Maintenance', memberItems],
  ['infonet', 'InfoNet', 'Server Hosting', memberItems],
];

function contractOf(id: string): Contract {
  const contract = contracts.find(({ consignee }) => consignee === id);
  if (!contract) throw new Error(`no contract for ${id}`);
  return contract;
}

describe('the published table', () => {
  it('has seventeen consignees, one contract each, and no others', () => {
    const ids = table.map(([id]) => id).toSorted();
    expect([...consignees.keys()].toSorted()).toEqual(ids);
    expect(contracts.map(({ id }) => id)).toEqual(ids.map((id) => `${id}.v1`));
  });

  it.each(table)('%s: %s', (id, name, work, items) => {
    const contract = contractOf(id);
    expect(consignees.get(id)?.name.en).toBe(name);
    expect(contract.work.en).toBe(work);
    const expected = items.split(', ').map((label) => codes[label]);
    expect(contract.items.map(({ item }) => item)).toEqual(expected);
    expect(contract.retention.text.en).toBe('Until the end of the outsourcing contract');
    expect(contract.validUntil).toBeNull();
  });

  it('is what the notice says, in both languages, with its five unconfirmed legal bases', () => {
    const published = notice(signed, standing, '2026-01-01');
    expect(published.asOf).toBe('2026-01-01');
    const rows = published.consignees.map((row) => [
      row.consignee,
      row.name.en,
      row.work.en,
      row.items.map(({ label }) => label.en).join(', '),
    ]);
    expect(rows).toEqual(table.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const warned = published.consignees.filter(({ warnings }) => warnings.length > 0);
    expect(warned.map(({ consignee }) => consignee)).toEqual([
      'areumnuri',
      'bml',
      'engitech',
      'lctech',
      's1',
    ]);
    expect(warned[0]?.warnings).toEqual([
      { code: 'LEGAL_BASIS_UNCONFIRMED', item: 'residentRegistrationNumber' },
    ]);
    for (const { name, work, retention, items } of published.consignees) {
      for (const words of [name, work, retention, ...items.map(({ label }) => label)]) {
        expect(words.ko).not.toBe('');
      }
    }
    expect(notice(signed, standing, '2025-12-31').consignees).toEqual([]);
    expect(notice(agreements, standing, '2026-01-01').consignees).toEqual([]);
  });

  it('says what "Date", "Contact Information" and "Other Data" mean wherever they are listed', () => {
    const { consignees: rows } = notice(signed, standing, '2026-01-01');
    for (const { consignee, items } of rows) {
      const open = items.filter(({ item }) =>
        ['date', 'contactInformation', 'otherData'].includes(item),
      );
      for (const item of open) expect(item.meaning?.ko, `${consignee} ${item.item}`).toBeTruthy();
    }
  });
});

describe('the dictionary', () => {
  it('holds the thirty items by their published labels, and the four that come back', () => {
    const items = [...(dictionary?.items.values() ?? [])];
    const leaving = items.filter(({ at }) => at !== 'result');
    expect(Object.fromEntries(leaving.map(({ label, code }) => [label.en, code]))).toEqual(codes);
    expect(items.filter(({ at }) => at === 'result').map(({ code }) => code)).toEqual([
      'testResult',
      'report',
      'shipment',
      'workReport',
    ]);
  });

  it('encrypts the registration number and nothing else, and guards what must not hide', () => {
    const those = (key: 'encrypted' | 'guard') =>
      [...(dictionary?.items.values() ?? [])].filter((item) => item[key]).map(({ code }) => code);
    expect(those('encrypted')).toEqual(['residentRegistrationNumber']);
    expect(those('guard').toSorted()).toEqual([
      'birthDate',
      'chartNumber',
      'contactInformation',
      'email',
      'licenseNumber',
      'phoneNumber',
      'residentRegistrationNumber',
    ]);
  });

  const values: [string, unknown[], unknown[]][] = [
    ['date', ['2024-02-29'], ['2026-02-30', '2026-2-3', 20260203, '']],
    ['chartNumber', ['00012345', 'A-1'], ['', '차트1', 'x'.repeat(21), 12345]],
    ['name', ['홍길동', '김 A'], ['', ' ', 'x'.repeat(51), 'a\u0000b']],
    ['gender', ['M', 'U'], ['남', 'm', '']],
    ['age', [0, 130], [-1, 131, 41.5, '41']],
    ['birthDate', ['1800-01-01', '2026-01-05'], ['1799-12-31', '1984-13-01']],
    ['prescriptionCode', ['C2243', 'D3022019'], ['', 'x'.repeat(31), ' C2243']],
    ['residentRegistrationNumber', ['840312-2000000', '8403122000000'], ['840312-200000', '']],
    ['licenseNumber', ['1', '012345'], ['', '1234567', 'A1']],
    [
      'phoneNumber',
      ['010-1234-5678', '01012345678', '+82-10-1234-5678', '+821012345678', '02-123-4567'],
      ['010', '110-1234-5678', '010-1234-567a', '+1-212-555-0100', ''],
    ],
    [
      'phoneNumber',
      ['031-123-4567', '1588-0000', '0507-1234-5678', '070-1234-5678'],
      ['1234-5678'],
    ],
    ['fax', ['02-123-4567', '0212345678'], ['fax']],
    ['email', ['a@b.invalid'], ['a@', 'b', '']],
    ['address', [{ zip: '04524', line1: '서울' }], [{ zip: '4524', line1: '서울' }, {}, '서울']],
    ['contactInformation', [{ mobile: '010-0000-0000' }], [{}, { mobile: '02-000-0000' }]],
    ['cookies', [[]], [[{ name: 'a', valueHash: 'raw' }], [{ name: 'a b', valueHash: '' }]]],
    ['otherData', [{ accessLog: [] }], [{ accessLog: [{ at: 'x', ip: '1', path: '/' }] }, {}]],
    ['pastMedicalHistory', [[], ['고혈압']], ['고혈압', [1]]],
    ['checkupResult', [{ judgedOn: '2026-01-09', grade: 'A', findings: [] }], [{ grade: 'A' }]],
    ['report', [], [{ mediaType: 'text/html', sha256: '0'.repeat(64), content: 'aaaa' }]],
  ];
  it.each(values)('judges values of %s', (code, good, bad) => {
    const item = dictionary?.items.get(code);
    const validate = makeAjv().compile(item?.schema ?? false);
    for (const value of [...good, ...(item?.schema['examples'] as unknown[])]) {
      expect(validate(value), JSON.stringify(value)).toBe(true);
    }
    for (const value of bad) expect(validate(value), JSON.stringify(value)).toBe(false);
  });

  it('may never share passwords, i-PIN, card data and fingerprints, in either language', () => {
    const words =
      'password passwordhash ipin pin cardnumber cvc fingerprint 비밀번호 카드번호 지문';
    expect(dictionary?.neverShared).toEqual(expect.arrayContaining(words.split(' ')));
  });
});

describe('the shipped files', () => {
  const ids = table.map(([id]) => id);
  it.each([
    ['contracts/dictionary.schema.json', ['contracts/dictionary/v1.yaml']],
    ['contracts/clinic.schema.json', ['contracts/clinic.yaml']],
    ['contracts/contract.schema.json', ids.map((id) => `contracts/${id}/v1.yaml`)],
    ['consignees/consignee.schema.json', ids.map((id) => `consignees/${id}.yaml`)],
  ])('%s is a JSON Schema that its files name and fit', (schemaPath, files) => {
    const schema = JSON.parse(readFileSync(join(root, schemaPath), 'utf8')) as object;
    const ajv = makeAjv();
    const validate = ajv.compile(schema);
    for (const file of files) {
      const text = readFileSync(join(root, file), 'utf8');
      const modeline = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? '';
      expect(join(file, '..', modeline)).toBe(schemaPath);
      expect(validate(parse(text)), `${file}: ${ajv.errorsText(validate.errors)}`).toBe(true);
    }
  });

  it('reach no one, hold no secret, and push and pull at least six times each', () => {
    const all = [...consignees.values()];
    expect(all.filter(({ channel }) => channel === 'push').length).toBe(10);
    expect(all.filter(({ channel }) => channel === 'pull').length).toBe(7);
    for (const { id, push, contact } of all) {
      expect(contact.email).toMatch(/\.invalid$/);
      if (push) expect(new URL(push.url).hostname).toBe(`${id}.invalid`);
      expect(readFileSync(join(root, `consignees/${id}.yaml`), 'utf8')).not.toContain('whsec_');
    }
  });

  it('are known by their digests, and no other contract is: a trial signs only these', () => {
    const digests = contracts.map(({ digest }) => digest.toString('hex'));
    expect([...shippedDigests].toSorted()).toEqual(digests.toSorted());
  });

  it('name a key for each consignee whose contract lists the registration number', () => {
    const listed = contracts.filter(({ items }) =>
      items.some(({ item }) => item === 'residentRegistrationNumber'),
    );
    expect(listed.length).toBe(5);
    for (const { consignee, legalBasis } of listed) {
      expect(consignees.get(consignee)?.encryptionKeys.length).toBe(1);
      expect(legalBasis.get('residentRegistrationNumber')?.confirmed).toBe(false);
    }
  });

  it('ask for patients, but practitioners at BML, a visitor at S1, members on the website', () => {
    const others = { bml: 'practitioner', s1: 'visitor', medifix: 'member', infonet: 'member' };
    for (const { consignee, subject } of contracts) {
      expect(subject).toBe((others as Record<string, string>)[consignee] ?? 'patient');
    }
  });
});

describe('what a consignee is told of its payload', () => {
  it.each(table)('%s: the sample fits the schema, which holds nothing uncontracted', (id) => {
    const contract = contractOf(id);
    const schema = payloadSchema(contract);
    const validate = makeAjv().compile(schema);
    const sample = samplePayload(contract);
    expect(validate(sample), JSON.stringify(validate.errors)).toBe(true);
    expect(samplePayload(contract)).toEqual(sample);

    const { tests, ...record } = sample as { tests?: Record<string, unknown>[] };
    const keys = [...Object.keys(record), ...Object.keys(tests?.[0] ?? {})];
    expect(keys.toSorted()).toEqual(contract.items.map(({ item }) => item).toSorted());
    expect(validate({ ...sample, extra: 1 })).toBe(false);
    expect(validate({})).toBe(false);
    expect(JSON.stringify(schema)).not.toContain('real-date');
    if ('residentRegistrationNumber' in sample) {
      expect(validate({ ...sample, residentRegistrationNumber: '840312-2000000' })).toBe(false);
    }
  });

  it('leaves out an identifier without a legal basis, which never travels', () => {
    const contract = { ...contractOf('engitech'), legalBasis: new Map() };
    expect(payloadSchema(contract)['properties']).not.toHaveProperty('residentRegistrationNumber');
    expect(samplePayload(contract)).not.toHaveProperty('residentRegistrationNumber');
  });
});

/** The linter says exactly what is doubtful, in words that a person can act on. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Finding } from '#src/agreements/lint/finding.ts';
import { tellPeople, tellPrograms } from '#src/agreements/lint/tell.ts';
import { makeSigningKey } from '#src/base/made-secrets.ts';
import { publicHalf } from '#test/support/signing.ts';
import { resolveSecret } from './folders.ts';
import { contractText, goodFiles, lintOf, signing, type Spoiled } from './lint-folder.ts';

const C = 'contracts/lab/v1.yaml';
const L = 'consignees/lab.yaml';
const number = 'residentRegistrationNumber';

/** The good contract with texts replaced, each of which it must hold. */
function contract(...changes: [from: string, to: string][]): Spoiled {
  let text = contractText;
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`the contract has no ${from}`);
    text = text.replace(from, () => to);
  }
  return { files: { [C]: text } };
}

const items = (...codes: string[]): [string, string] => [
  'returns:',
  `${codes.map((code) => `  - { item: ${code}, required: true }\n`).join('')}returns:`,
];
const basis = (en: string, ko: string, confirmed: boolean): [string, string] => [
  'document:',
  `legalBasis:\n  - { item: ${number}, basis: { en: ${en}, ko: ${ko} }, confirmed: ${confirmed} }\ndocument:`,
];
const law = basis('Medical Service Act', '의료법', true);
const work = (en: string, ko: string): [string, string] => [
  'work: { en: Calibration, ko: 장비 교정 }',
  `work: { en: ${en}, ko: ${ko} }`,
];
const second = (text = contractText, from = '2026-06-01') =>
  text.replace('version: 1', 'version: 2').replace('2026-01-01', from);
const reason = (text: string) =>
  text.replace('dictionary: 1', 'dictionary: 1\nreason: { en: New work, ko: 업무 변경 }');
const withoutKeys = (goodFiles[L] ?? '').replace(/signingKeys.*\n/, '');

/** What is changed, and the one rule that must speak, with the line and the item it speaks of. */
type Case = [name: string, spoiled: Spoiled, rule: string, line: number, item?: string];

const cases: Case[] = [
  [
    'an identifier without a legal basis',
    contract(items(number)),
    'legal-basis.missing',
    9,
    number,
  ],
  [
    'a legal basis that nobody confirmed',
    contract(items(number), basis('Medical Service Act', '의료법', false)),
    'legal-basis.unconfirmed',
    23,
    number,
  ],
  [
    'a legal basis that is consent',
    contract(items(number), basis("The patient's consent", '환자의 동의', true)),
    'legal-basis.consent',
    23,
    number,
  ],
  [
    'age and birth date both',
    contract(items('birthDate', 'age')),
    'item.age-and-birth-date',
    10,
    'age',
  ],
  [
    'what the registration number says already',
    contract(items(number, 'gender'), law),
    'item.in-registration-number',
    10,
    'gender',
  ],
  [
    'the registration number for plain testing',
    contract(items(number), law, work('Outsourced testing', '검사')),
    'item.identifier-for-work',
    9,
    number,
  ],
  [
    'health data for a courier',
    contract(items('testName'), work('Result shipping', '결과 발송')),
    'item.health-for-work',
    9,
    'testName',
  ],
  [
    "a patient's chart number in a contract about visitors",
    contract(items('chartNumber'), ['subject: patient', 'subject: visitor']),
    'item.other-subject',
    9,
    'chartNumber',
  ],
  [
    'nothing that is required',
    contract(['required: true', 'required: false']),
    'item.none-required',
    7,
  ],
  ['promotion', contract(work('Sending promotions', '홍보물 제작')), 'work.marketing', 4],
  [
    'two clauses that say the same',
    contract(['liability: { en: g, ko: 사 }', 'liability: { en: g, ko: 바 }']),
    'clause.repeated',
    20,
  ],
  [
    'a purpose that is not in Korean',
    contract(['ko: 장비의 교정', 'ko: Devices']),
    'words.not-korean',
    5,
  ],
  [
    'a purpose that is not in English',
    contract(['en: Calibrating devices', 'en: 교정']),
    'words.not-english',
    5,
  ],
  [
    'consent to pass work on that comes late',
    contract([
      'document:',
      'subConsignees:\n  - { name: { en: Sub, ko: 재 }, work: { en: w, ko: 일 }, items: [name], consentedOn: 2026-02-01 }\ndocument:',
    ]),
    'sub-consignee.late-consent',
    22,
  ],
  ['a version that nobody signed', { how: null }, 'signature.missing', 1],
  [
    'a version that only the clinic signed',
    { how: { parties: ['clinic'] } },
    'signature.missing',
    1,
  ],
  [
    'a signature by a key of nobody',
    { how: { keys: { consignee: makeSigningKey() } } },
    'signature.invalid',
    1,
  ],
  [
    'a text that was changed after it was signed',
    { after: { [C]: contractText.replace('Calibrating', 'Selling') } },
    'signature.invalid',
    1,
  ],
  [
    'a version to come that no notice shows',
    { how: { noticedOn: null }, today: '2025-12-20' },
    'notice.missing',
    10,
  ],
  ['a notice that came late', { how: { noticedOn: '2025-12-26' } }, 'notice.late', 10],
  [
    'a version to come for which a week is no longer left',
    { how: { noticedOn: null }, today: '2025-12-26' },
    'notice.late',
    10,
  ],
  [
    'a second version that does not say why',
    { files: { 'contracts/lab/v2.yaml': second() } },
    'reason.missing',
    2,
  ],
  [
    'an end that is near',
    { ...contract(['validUntil: null', 'validUntil: 2026-04-09']) },
    'valid-until.near',
    11,
  ],
  ['a paper that is not there', { without: ['contracts/lab/lab.pdf'] }, 'document.absent', 21],
  [
    'a paper that stands for none',
    {
      ...contract([
        /sha256: (\w+)/.exec(contractText)?.[1] ?? '',
        createHash('sha256').update('lab.pdf').digest('hex'),
      ]),
      without: ['contracts/lab/lab.pdf'],
    },
    'document.placeholder',
    21,
  ],
  [
    'another paper than the one that was signed',
    { files: { 'contracts/lab/lab.pdf': 'Another paper.' } },
    'document.differs',
    21,
  ],
  ['no clinic', { without: ['contracts/clinic.yaml'], how: null }, 'clinic.missing', 1],
  [
    'a consignee that cannot open what is encrypted',
    { files: { ...contract(items(number), law).files, [L]: withoutEncryption() } },
    'consignee.no-encryption-key',
    9,
    number,
  ],
];

function withoutEncryption(): string {
  return (goodFiles[L] ?? '').replace(/encryptionKeys.*\n/, '');
}

const told = (findings: readonly Finding[]) =>
  findings.map(({ rule, line, item }) => [rule, line, ...(item === undefined ? [] : [item])]);

/** What follows from a change without being meant by it. */
const besides: Readonly<Record<string, readonly string[]>> = {
  'clinic.missing': ['signature.missing'],
};

describe('what is doubtful', () => {
  it('is nothing about an agreement that is as it should be', async () => {
    const report = await lintOf();
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ ok: true, consignees: ['lab'], contracts: ['lab.v1'] });
  });

  it.each(cases)('is %s, and nothing else', async (_, spoiled, rule, line, item) => {
    const { findings, errors } = await lintOf(spoiled);
    const meant = findings.filter((one) => !besides[rule]?.includes(one.rule));
    expect(told(meant)).toEqual([item === undefined ? [rule, line] : [rule, line, item]]);
    const isError = ['signature.invalid', 'document.differs'].includes(rule);
    expect(errors).toBe(isError ? 1 : 0);
    for (const { what, right, law: behind } of findings) {
      for (const words of [what, right, ...(behind ? [behind] : [])]) {
        expect(words.ko).toMatch(/\p{Script=Hangul}/u);
        expect(words.en).not.toMatch(/\p{Script=Hangul}/u);
      }
    }
  });

  it('is a clinic or a consignee without a key to sign with', async () => {
    const clinic = (goodFiles['contracts/clinic.yaml'] ?? '').replace(/signingKeys.*\n/, '');
    const files = { 'contracts/clinic.yaml': clinic, [L]: withoutKeys };
    const { findings } = await lintOf({ files, how: null });
    expect(told(findings)).toEqual([
      ['clinic.no-signing-key', 1],
      ['consignee.no-signing-key', 1],
      ['signature.missing', 1],
    ]);
  });

  it('is no signature whose key is only absent from this machine', async () => {
    const absent = withoutKeys + "signingKeys: ['${file:lab.jwk.json}']\n";
    const { findings } = await lintOf({
      after: { [L]: absent },
      resolve: (reference, hint) =>
        hint.use === 'signingKey'
          ? { ok: false, fault: 'it is elsewhere' }
          : resolveSecret(reference, hint),
    });
    expect(told(findings)).toEqual([['signature.key-absent', 7]]);
  });

  it('is no version that a signed one has replaced', async () => {
    const old = contractText.replace('required: true', 'required: false');
    const files = { [C]: old, 'contracts/lab/v2.yaml': reason(second()) };
    const before = await lintOf({ files, today: '2026-05-31' });
    expect(told(before.findings)).toEqual([['item.none-required', 7]]);
    expect((await lintOf({ files, today: '2026-06-01' })).findings).toEqual([]);
  });

  it('is a last day that had passed before anybody signed, and not one that passed since', async () => {
    const over = contract(['validUntil: null', 'validUntil: 2026-01-31']);
    const input = { ...over, today: '2026-02-01' };
    expect((await lintOf(input)).findings).toEqual([]);
    const late = await lintOf({ ...input, how: { at: '2026-02-01T00:00:00.000Z' } });
    expect(told(late.findings)).toEqual([['valid-until.past', 11]]);
    const unsigned = await lintOf({ ...input, how: null });
    expect(told(unsigned.findings)).toContainEqual(['valid-until.past', 11]);
  });

  it('is one key for both parties, which refuses the start, too', async () => {
    const shared = withoutKeys + `signingKeys: [${JSON.stringify(keyOf('clinic'))}]\n`;
    const { findings } = await lintOf({ files: { [L]: shared }, how: null });
    expect(findings[0]).toMatchObject({ level: 'error', rule: 'key.shared', file: /lab/ });
  });
});

const keyOf = (owner: string) => publicHalf(signing.get(owner) ?? {});

describe('what is wrong', () => {
  it('is told in Korean, too, with the law behind it', async () => {
    const { findings, ok } = await lintOf(
      contract(['item: name', 'item: password'], ['  liability: { en: g, ko: 사 }\n', '']),
    );
    expect(ok).toBe(false);
    const korean = findings.map(({ rule, what, law: behind }) => [rule, what.ko, behind?.ko]);
    expect(korean).toEqual([
      [
        'item.never-shared',
        '"password"은(는) 어떤 계약으로도 제공할 수 없습니다',
        '개인정보 보호법 제23조, 제29조',
      ],
      [
        'clause.missing',
        'clauses에 "liability"이(가) 없습니다',
        '개인정보 보호법 제26조제1항제3호, 같은 법 시행령 제28조제1항제5호',
      ],
    ]);
  });

  it('is each of the seven clauses that is missing, by its own law', async () => {
    const text = contractText
      .replace(/ {2}\w+: \{ en: ., ko: . \}\n/g, '')
      .replace(':\ndoc', ': {}\ndoc');
    const { findings } = await lintOf({ files: { [C]: text } });
    const laws = findings.filter(({ rule }) => rule === 'clause.missing').map(({ law }) => law?.en);
    const act = 'Personal Information Protection Act, Article 26(1)';
    expect(laws.toSorted()).toEqual([
      `${act}1`,
      `${act}2`,
      ...[1, 2, 3, 4, 5].map((n) => `${act}3; Enforcement Decree, Article 28(1)${n}`),
    ]);
  });

  it('is told of the consignee that it is about, and only of those that were asked for', async () => {
    const other = {
      ...{ 'contracts/other/v1.yaml': 'x: [', 'contracts/lab/v3.yaml': contractText },
      'consignees/other.yaml': 'id: other\n',
    };
    const all = await lintOf({ files: other });
    const about = new Set(
      all.findings.map(({ consignee, contract: id }) => [consignee, id].join()),
    );
    expect([...about]).toEqual(['lab,lab.v3', 'lab,lab.v1', 'other,', 'other,other.v1']);
    const asked = await lintOf({ files: other, only: ['other'] });
    expect(new Set(asked.findings.map(({ consignee }) => consignee))).toEqual(new Set(['other']));
  });
});

describe('how it is told', () => {
  const spoiled = { ...contract(items(number)), how: null };

  it('reads as sentences, by consignee, with the law, in both languages', async () => {
    const report = await lintOf(spoiled);
    const tell = (language: 'en' | 'ko') =>
      tellPeople(report, { language, from: report.root, names: report.names });
    expect(tell('en')).toBe(`Lab (lab)
  warning: No order goes out under this version: nobody has signed it.
    → have both parties sign it: npx waybill contract sign.
    Law: Personal Information Protection Act, Article 26(1); Enforcement Decree, Article 28(1)
    contracts/lab/v1.yaml, line 1

  warning: Resident Registration Number (${number}) has no legal basis, so it is withheld from every record.
    → name the statute that asks for it under legalBasis, or remove the item; the person's consent is no legal basis for it.
    Law: Personal Information Protection Act, Article 24-2(1)
    contracts/lab/v1.yaml, line 9

1 consignee, 1 contract: no error, 2 warnings
`);
    expect(tell('ko')).toContain(`검사소 (lab)
  주의: 이 버전으로는 아무것도 나가지 않습니다. 아무도 서명하지 않았습니다.
    → 양쪽이 서명하십시오: npx waybill contract sign.
    법령: 개인정보 보호법 제26조제1항, 같은 법 시행령 제28조제1항
    contracts/lab/v1.yaml 1번째 줄
`);
    expect(tell('ko')).toMatch(/수탁자 1곳, 계약 1건: 오류 없음, 주의 2건\n$/);
  });

  it('is one JSON object for programs, with stable rules', async () => {
    const report = await lintOf(spoiled);
    const telling = { language: 'en' as const, from: report.root, names: report.names };
    const told = JSON.parse(tellPrograms(report, telling)) as { findings: unknown[] };
    expect(told).toMatchObject({ ok: true, errors: 0, warnings: 2 });
    expect(told.findings[1]).toEqual({
      ...{ level: 'warning', rule: 'legal-basis.missing', file: C, line: 9 },
      ...{ consignee: 'lab', contract: 'lab.v1', item: number },
      text: `Resident Registration Number (${number}) has no legal basis, so it is withheld from every record; name the statute that asks for it under legalBasis, or remove the item; the person's consent is no legal basis for it`,
      right:
        "name the statute that asks for it under legalBasis, or remove the item; the person's consent is no legal basis for it",
      law: 'Personal Information Protection Act, Article 24-2(1)',
    });
  });
});

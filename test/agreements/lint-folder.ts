/** A clinic and a laboratory whose agreement is as it should be, to be spoiled by a test. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { lintAgreements, type LintReport } from '#src/agreements/lint/lint.ts';
import { loadAgreements } from '#src/agreements/load.ts';
import { signaturePath } from '#src/agreements/signatures.ts';
import { StartupError } from '#src/base/errors.ts';
import { makeSigningKey } from '#src/base/made-secrets.ts';
import { rootDir } from '#src/bin/settings.ts';
import { publicHalf, signedText, type HowSigned } from '#test/support/signing.ts';
import { resolveSecret } from './folders.ts';

export const signing = new Map([
  ['clinic', makeSigningKey()],
  ['lab', makeSigningKey()],
]);
const jwk = (owner: string) => JSON.stringify(publicHalf(signing.get(owner) ?? {}));

const paper = 'The signed paper.';

/** Of the shipped dictionary the items that these tests are about: it is read many times. */
const wanted = ['name', 'gender', 'age', 'birthDate', 'chartNumber', 'testName'];
wanted.push('residentRegistrationNumber');
const shipped = parse(readFileSync(join(rootDir, 'contracts/dictionary/v1.yaml'), 'utf8')) as {
  items: { code: string }[];
};
const dictionary = stringify(
  { ...shipped, items: shipped.items.filter(({ code }) => wanted.includes(code)) },
  { aliasDuplicateObjects: false },
);

export const contractText = `consignee: lab
version: 1
dictionary: 1
work: { en: Calibration, ko: 장비 교정 }
purpose: { en: Calibrating devices, ko: 장비의 교정 }
subject: patient
items:
  - { item: name, required: true }
returns: []
validFrom: 2026-01-01
validUntil: null
retention: { text: { en: Until the end, ko: 종료 시까지 } }
clauses:
  noOtherPurpose: { en: a, ko: 가 }
  safeguards: { en: b, ko: 나 }
  purposeAndScope: { en: c, ko: 다 }
  reconsignment: { en: d, ko: 라 }
  accessLimits: { en: e, ko: 마 }
  supervision: { en: f, ko: 바 }
  liability: { en: g, ko: 사 }
document: { file: lab.pdf, sha256: ${createHash('sha256').update(paper).digest('hex')} }
`;

/** Nothing is wrong or doubtful about these once they are signed. */
export const goodFiles: Readonly<Record<string, string>> = {
  'contracts/dictionary/v1.yaml': dictionary,
  'contracts/clinic.yaml': `name: { en: Clinic, ko: 의원 }
privacyOfficer: { title: { en: Officer, ko: 책임자 }, email: officer@clinic.invalid }
signingKeys: [${jwk('clinic')}]
`,
  'contracts/lab/v1.yaml': contractText,
  'contracts/lab/lab.pdf': paper,
  'consignees/lab.yaml': `id: lab
name: { en: Lab, ko: 검사소 }
address: { en: Seoul, ko: 서울 }
contact: { department: { en: Desk, ko: 창구 }, email: desk@lab.invalid }
channel: pull
encryptionKeys: ['\${file:lab.jwk.json}']
signingKeys: [${jwk('lab')}]
`,
};

/** Writes files below a folder. */
export function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** Signs every version that loads, as a privacy officer and a consignee would. */
async function sign(where: Dirs, how: HowSigned): Promise<void> {
  try {
    for (const contract of loadAgreements({ resolveSecret }, where).contracts) {
      const text = await signedText(signing, contract, how);
      writeFileSync(signaturePath(where.contractsDir, contract), text);
    }
  } catch (error) {
    // what has a fault cannot be signed, and is what the test is about
    if (!(error instanceof StartupError)) throw error;
  }
}

interface Dirs {
  contractsDir: string;
  consigneesDir: string;
}

/** What is changed about the good files before they are signed and looked at. */
export interface Spoiled {
  files?: Readonly<Record<string, string>>;
  without?: readonly string[];
  /** How it is signed (default by both, noticed in time); null: by nobody. */
  how?: HowSigned | null;
  /** Files written after signing. */
  after?: Readonly<Record<string, string>>;
  today?: string;
  only?: readonly string[];
  resolve?: typeof resolveSecret;
}

/** Lints the good files after a change, in a folder that is gone afterwards. */
export async function lintOf(spoiled: Spoiled = {}): Promise<LintReport & { root: string }> {
  const { how = { noticedOn: '2025-12-01' }, without = [], today = '2026-03-10' } = spoiled;
  const root = mkdtempSync(join(tmpdir(), 'waybill-lint-'));
  try {
    const files = Object.entries({ ...goodFiles, ...spoiled.files });
    writeFiles(root, Object.fromEntries(files.filter(([path]) => !without.includes(path))));
    const dirs = {
      ...{ contractsDir: join(root, 'contracts'), consigneesDir: join(root, 'consignees') },
    };
    if (how) await sign(dirs, how);
    writeFiles(root, spoiled.after ?? {});
    const resolve = { resolveSecret: spoiled.resolve ?? resolveSecret };
    const report = await lintAgreements(resolve, { ...dirs, only: spoiled.only ?? [], today });
    return { ...report, root };
  } finally {
    rmSync(root, { recursive: true });
  }
}

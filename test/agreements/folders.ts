/** A pair of small folders with one dictionary, one contract and one consignee, to be spoiled. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ResolveSecret } from '#src/agreements/consignee-file.ts';
import { loadAgreements } from '#src/agreements/load.ts';
import type { Agreements } from '#src/agreements/load.ts';
import { StartupError } from '#src/base/errors.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const publicJwk = pair.publicKey.export({ format: 'jwk' });
export const privateJwk = pair.privateKey.export({ format: 'jwk' });
export const webhookSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

/** Resolves every name: keys to a public key, webhook secrets and tokens to fixed ones. */
export const resolveSecret: ResolveSecret = (_, { use }) => {
  if (use === 'encryptionKey') return { ok: true, value: JSON.stringify(publicJwk) };
  return { ok: true, value: use === 'webhookSecret' ? webhookSecret : 'token' };
};

const dictionary = `version: 1
neverShared: [password, fingerprint]
items:
  - code: name
    label: { en: Name, ko: 성명 }
    class: general
    subject: [patient]
    at: record
    schema: { type: string, maxLength: 50, examples: [홍길동] }
  - code: residentRegistrationNumber
    label: { en: Number, ko: 번호 }
    class: uniqueIdentifier
    subject: [patient]
    at: record
    encrypted: true
    schema: { type: string, maxLength: 14, examples: ['000000-0000000'] }
  - code: report
    label: { en: Report, ko: 결과지 }
    class: returned
    subject: [patient]
    at: result
    schema: { type: string, maxLength: 50, examples: [done] }
`;

const contract = `consignee: lab
version: 1
dictionary: 1
work: { en: Tests, ko: 검사 }
purpose: { en: Tests, ko: 검사 }
subject: patient
items:
  - { item: name, required: true }
returns:
  - { item: report, required: true }
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
document: { file: lab.pdf, sha256: ${'a'.repeat(64)} }
`;

const consignee = `id: lab
name: { en: Lab, ko: 검사소 }
address: { en: Seoul, ko: 서울 }
contact: { department: { en: Desk, ko: 창구 }, email: desk@lab.invalid }
channel: push
push:
  url: https://lab.invalid/transfers
  webhookSecret: '\${env:LAB_SECRET}'
encryptionKeys:
  - '\${file:lab.jwk.json}'
`;

/** The sound files by path below the root; spoil a copy. */
export const soundFiles: Readonly<Record<string, string>> = {
  'contracts/dictionary/v1.yaml': dictionary,
  'contracts/lab/v1.yaml': contract,
  'consignees/lab.yaml': consignee,
};

/** Loads the files from a folder of their own, which is gone afterwards. */
export function loadFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  resolve: ResolveSecret = resolveSecret,
): Agreements {
  const root = mkdtempSync(join(tmpdir(), 'waybill-agreements-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return loadAgreements(
      { resolveSecret: resolve },
      { contractsDir: join(root, 'contracts'), consigneesDir: join(root, 'consignees') },
    );
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    throw new StartupError(error.faults.map((fault) => fault.replace(`${root}/`, '')));
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** The faults of the files, with paths below the root; empty when they load. */
export function faultsOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  resolve?: ResolveSecret,
): readonly string[] {
  try {
    loadFiles(files, resolve);
    return [];
  } catch (error) {
    if (error instanceof StartupError) return error.faults;
    throw error;
  }
}

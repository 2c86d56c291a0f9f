/** Pins, sub-consignees, signing keys and the clinic: read whole, or refused with why. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encryptionKeyFault, signingKeyFault } from '#src/agreements/public-key.ts';
import { sha256 } from '#src/base/canonical.ts';
import { faultsOf, loadFiles, resolveSecret, soundFiles } from './folders.ts';

const C = 'contracts/lab/v1.yaml';
const D = 'contracts/dictionary/v1.yaml';
const L = 'consignees/lab.yaml';
const clinicPath = 'contracts/clinic.yaml';

const jwkOf = (pair: ReturnType<typeof generateKeyPairSync>, half: 'publicKey' | 'privateKey') =>
  pair[half].export({ format: 'jwk' }) as Record<string, string>;
const ed25519 = generateKeyPairSync('ed25519');
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const x25519 = generateKeyPairSync('x25519');
const key = JSON.stringify(jwkOf(ed25519, 'publicKey'));

const withDate = (soundFiles[D] ?? '').replace(
  '  - code: report',
  `  - code: date
    label: { en: Date, ko: 의뢰일 }
    class: general
    subject: [patient]
    at: record
    schema: { type: string, format: real-date, maxLength: 10, examples: ['2026-01-05'] }
  - code: report`,
);

/** The sound files with text before `returns`, `document` or at the end of the contract. */
function contract(before: string, text: string): Record<string, string> {
  const changed = (soundFiles[C] ?? '').replace(before, () => `${text}${before}`);
  return { ...soundFiles, [D]: withDate, [C]: changed };
}

const clinic = `name: { en: Clinic, ko: 의원 }
privacyOfficer: { title: { en: Officer, ko: 책임자 }, email: officer@clinic.invalid, phone: 02-000-0000 }
signingKeys: [${key}]
`;

describe('pins', () => {
  it('are asked for where an item leaves open what is meant', () => {
    expect(faultsOf(contract('returns:', '  - { item: date, required: true }\n'))).toEqual([
      `${C}:9: "date" leaves open what is meant; say what it means here under pins: { date: { en: …, ko: … } }`,
    ]);
    const pinned = '  - { item: date, required: true }\npins: { date: { en: Order, ko: 의뢰 } }\n';
    expect(faultsOf(contract('returns:', pinned))).toEqual([]);
  });
});

describe('sub-consignees', () => {
  const sub = (items: string, on: string) =>
    contract(
      'document:',
      `subConsignees:\n  - { name: { en: S, ko: 재 }, work: { en: W, ko: 일 }, items: [${items}], consentedOn: ${on} }\n`,
    );

  it('receive items of the contract, once each, since a day of consent that exists', () => {
    expect(faultsOf(sub('name, date, name', '2026-02-30'))).toEqual([
      `${C}:23: "date" is passed on but is no item of this contract; remove it`,
      `${C}:23: "name" is passed on twice; keep one`,
      `${C}:23: consentedOn is no day that exists; give the day of the written consent, YYYY-MM-DD`,
    ]);
    const [read] = loadFiles(sub('name', '2025-12-01')).contracts;
    expect(read?.subConsignees).toEqual([
      {
        ...{ name: { en: 'S', ko: '재' }, work: { en: 'W', ko: '일' } },
        ...{ items: ['name'], consentedOn: '2025-12-01' },
      },
    ]);
  });
});

describe('a contract', () => {
  it('refuses on a match, has five days for destruction and is unsigned unless it says more', () => {
    const [plain] = loadFiles(soundFiles).contracts;
    expect(plain).toMatchObject({
      ...{ onTextMatch: 'refuse', receipts: 'optional', reason: null, subConsignees: [] },
      retention: { destroyWithinDays: 5 },
      signature: { state: 'unsigned', isDemo: false, noticedOn: null },
    });
    expect(sha256(plain?.canonical ?? Buffer.alloc(0))).toEqual(plain?.digest);
    const more = 'onTextMatch: mask\nreceipts: required\nreason: { en: New, ko: 새 }\n';
    const text = (contract('document:', more)[C] ?? '').replace(
      'retention: { ',
      'retention: { destroyWithinDays: 30, ',
    );
    expect(loadFiles({ ...soundFiles, [C]: text }).contracts[0]).toMatchObject({
      ...{ onTextMatch: 'mask', receipts: 'required', reason: { en: 'New', ko: '새' } },
      retention: { destroyWithinDays: 30 },
    });
    const never = text.replace('destroyWithinDays: 30', 'destroyWithinDays: 0');
    expect(faultsOf({ ...soundFiles, [C]: never })).toHaveLength(1);
  });
});

describe('keys that signatures are checked with', () => {
  it.each([
    ['Ed25519', jwkOf(ed25519, 'publicKey')],
    ['Ed25519, named', { ...jwkOf(ed25519, 'publicKey'), use: 'sig', alg: 'EdDSA' }],
    ['P-256', { ...jwkOf(p256, 'publicKey'), alg: 'ES256' }],
  ])('may be %s', (_, jwk) => {
    expect(signingKeyFault(jwk)).toBeUndefined();
  });

  it.each([
    ['is private', jwkOf(ed25519, 'privateKey'), 'holds a private key'],
    ['is symmetric', { kty: 'oct', k: 'c2VjcmV0' }, 'holds a private key'],
    ['is for agreement', jwkOf(x25519, 'publicKey'), 'has an unsuitable curve'],
    ['is RSA', { kty: 'RSA', n: 'AQAB', e: 'AQAB' }, 'has an unknown key type'],
    ['is for encryption', { ...jwkOf(p256, 'publicKey'), use: 'enc' }, 'is not for signatures'],
    [
      'has a strange algorithm',
      { ...jwkOf(p256, 'publicKey'), alg: 'none' },
      'has an unsuitable alg',
    ],
    [
      'is off its curve',
      { ...jwkOf(p256, 'publicKey'), y: jwkOf(p256, 'publicKey')['x'] },
      'is not a valid public key',
    ],
    ['is no object', 'key', 'is not a JWK'],
  ])('may be none that %s', (_, jwk, wrong) => {
    expect(signingKeyFault(jwk)?.what.en).toBe(wrong);
  });

  it('never open what is encrypted, nor the other way round', () => {
    expect(encryptionKeyFault(jwkOf(ed25519, 'publicKey'))?.what.en).toBe(
      'has an unsuitable curve',
    );
  });

  it('are of the consignee alone, written out or named', () => {
    const own = `signingKeys: [${key}, '\${env:LAB_KEY}']\n`;
    const files = { ...soundFiles, [L]: `${soundFiles[L]}${own}` };
    const other = JSON.stringify(jwkOf(p256, 'publicKey'));
    const resolve: typeof resolveSecret = (reference, hint) =>
      hint.use === 'signingKey' ? { ok: true, value: other } : resolveSecret(reference, hint);
    const keys = loadFiles(files, resolve).consignees.get('lab')?.signingKeys;
    expect(keys).toEqual([jwkOf(ed25519, 'publicKey'), jwkOf(p256, 'publicKey')]);
    expect(faultsOf({ ...files, [clinicPath]: clinic }, resolve)).toEqual([
      `${L}:11: signingKeys[0] is also a signing key of the clinic; give the consignee a key of its own: whoever holds one key would sign for both`,
    ]);
  });
});

describe('the clinic', () => {
  it('has a file beside the contracts, or none', () => {
    expect(loadFiles(soundFiles).clinic).toBeNull();
    expect(loadFiles({ ...soundFiles, [clinicPath]: clinic }).clinic).toEqual({
      name: { en: 'Clinic', ko: '의원' },
      privacyOfficer: {
        ...{ title: { en: 'Officer', ko: '책임자' }, email: 'officer@clinic.invalid' },
        phone: '02-000-0000',
      },
      signingKeys: [jwkOf(ed25519, 'publicKey')],
    });
  });

  it('is refused with a private key, which is not repeated, or an unknown member', () => {
    const secret = JSON.stringify(jwkOf(ed25519, 'privateKey'));
    const faults = faultsOf({ ...soundFiles, [clinicPath]: clinic.replace(key, secret) });
    expect(faults).toEqual([
      `${clinicPath}:3: signingKeys[0] holds a private key; give the public half only, and replace this key: it was exposed`,
    ]);
    expect(faults.join()).not.toContain(jwkOf(ed25519, 'privateKey')['d']);
    expect(faultsOf({ ...soundFiles, [clinicPath]: `${clinic}nmae: 1\n` })).toEqual([
      `${clinicPath}:4: unknown key "nmae"; did you mean "name"?`,
    ]);
  });
});

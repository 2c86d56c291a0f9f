/** Signed is what both parties signed, by their own keys, over this text; all else is not. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { FlattenedSign, generalVerify, importJWK, type JWK } from 'jose';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { loadAgreements } from '#src/agreements/load.ts';
import { shippedDigests } from '#src/agreements/shipped.ts';
import { judgeSignatures, signContract, thumbprint } from '#src/agreements/signature-file.ts';
import { attachSignatures } from '#src/agreements/signatures.ts';
import { StartupError } from '#src/base/errors.ts';
import { keepSigningKey, makeSigningKey } from '#src/base/made-secrets.ts';
import type { Contract, ContractSignature, Party } from '#src/base/words.ts';
import { rootDir } from '#src/bin/settings.ts';
import { publicHalf, signedText, type HowSigned } from '#test/support/signing.ts';
import { loadFiles, resolveSecret, soundFiles } from './folders.ts';

const folder = mkdtempSync(join(tmpdir(), 'waybill-signatures-'));
afterAll(() => rmSync(folder, { recursive: true }));

const keys = { clinic: makeSigningKey(), consignee: makeSigningKey() };
const signing = new Map([
  ['clinic', keys.clinic],
  ['lab', keys.consignee],
]);
const stranger = makeSigningKey();

const clinicFile = `name: { en: Clinic, ko: 의원 }
privacyOfficer: { title: { en: Officer, ko: 책임자 }, email: officer@clinic.invalid }
signingKeys: [${JSON.stringify(publicHalf(keys.clinic))}]
`;
const files = {
  ...soundFiles,
  'contracts/clinic.yaml': clinicFile,
  'consignees/lab.yaml': `${soundFiles['consignees/lab.yaml']}signingKeys: [${JSON.stringify(publicHalf(keys.consignee))}]\n`,
};
const agreements = loadFiles(files);
const contract = agreements.contracts[0] as Contract;
const registered = {
  clinic: [publicHalf(keys.clinic)],
  consignee: [publicHalf(keys.consignee)],
};

const judge = (text: string | Uint8Array, ofKeys: Record<Party, readonly JWK[]> = registered) =>
  judgeSignatures({ contract, keys: ofKeys }, Buffer.from(text));

const made = (how: HowSigned = {}) => signedText(signing, contract, how);

interface Entry {
  protected: string;
  signature: string;
}

interface Parsed {
  payload: string;
  signatures: Entry[];
}

/** The sound file with something in it changed. */
async function changed(change: (file: Parsed) => unknown): Promise<string> {
  const file = JSON.parse(await made()) as Parsed;
  return JSON.stringify(change(file) ?? file);
}

/** One signature by the right key over the right text, whose protected header is another. */
async function entryWith(party: Party, header: Record<string, unknown>): Promise<Entry> {
  const key = keys[party];
  const signed = await new FlattenedSign(contract.canonical)
    .setProtectedHeader({
      ...{ alg: 'EdDSA', kid: await thumbprint(key), typ: 'waybill-contract+jws', party },
      ...{ contract: contract.id, signedAt: '2025-12-01T00:00:00Z', ...header },
    })
    .sign(await importJWK(key, 'EdDSA'));
  return { protected: signed.protected ?? '', signature: signed.signature };
}

function expectInvalid(state: ContractSignature, why: RegExp): void {
  expect(state).toMatchObject({ state: 'invalid', clinic: null, consignee: null, noticedOn: null });
  expect(state.why?.en).toMatch(why);
  expect(state.why?.ko).toMatch(/[가-힣]/);
}

describe('judging', () => {
  it('takes both signatures, and says who signed when and what the clinic states', async () => {
    const signedAt = '2025-12-01T00:00:00.000Z';
    expect(await judge(await made())).toEqual({
      state: 'signed',
      isDemo: false,
      clinic: { kid: await thumbprint(keys.clinic), signedAt },
      consignee: { kid: await thumbprint(keys.consignee), signedAt },
      noticedOn: '2025-12-01',
      why: null,
    });
    expect((await judge(await made({ noticedOn: null }))).noticedOn).toBeNull();
  });

  it('takes P-256 as well as Ed25519, whatever a registered key says of itself', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = pair.privateKey.export({ format: 'jwk' }) as JWK;
    const named = { ...publicHalf(key), kid: 'laboratory-2026', alg: 'ES256', use: 'sig' };
    const text = await made({ keys: { consignee: key } });
    const state = await judge(text, { ...registered, consignee: [...registered.consignee, named] });
    expect(state).toMatchObject({ state: 'signed', consignee: { kid: await thumbprint(key) } });
  });

  it('makes a file that any library for JWS verifies', async () => {
    const file = JSON.parse(await made()) as Parsed;
    for (const party of ['clinic', 'consignee'] as const) {
      const { payload } = await generalVerify(
        file,
        await importJWK(registered[party][0]!, 'EdDSA'),
      );
      expect(Buffer.from(payload).equals(contract.canonical)).toBe(true);
    }
  });

  it.each([
    ['clinic', /^the clinic's privacy officer has signed it, the consignee has not$/],
    ['consignee', /^the consignee has signed it, the clinic's privacy officer has not$/],
  ] as const)('is not content with the %s alone, and says who is missing', async (party, why) => {
    const state = await judge(await made({ parties: [party] }));
    expect(state.state).toBe('unsigned');
    expect(state[party]).not.toBeNull();
    expect(state.why?.en).toMatch(why);
    expect(state.why?.ko).toMatch(/아직 서명하지 않았습니다$/);
  });

  it.each(['clinic', 'consignee'] as const)('knows no other key for the %s', async (party) => {
    expectInvalid(await judge(await made({ keys: { [party]: stranger } })), /not registered/);
    const other = party === 'clinic' ? 'consignee' : 'clinic';
    // The other party's key is registered, but not for this one.
    expectInvalid(await judge(await made({ keys: { [party]: keys[other] } })), /not registered/);
    expectInvalid(await judge(await made(), { ...registered, [party]: [] }), /not registered/);
  });

  it('knows no signature that names one key and was made by another', async () => {
    const kid = await thumbprint(keys.clinic);
    const forged = await signContract(
      { now: () => 0 },
      { contract, party: 'clinic', key: stranger },
    );
    const header = JSON.parse(Buffer.from(forged.protected, 'base64url').toString()) as object;
    const renamed = Buffer.from(JSON.stringify({ ...header, kid })).toString('base64url');
    const text = await changed((file) => {
      file.signatures[0] = { ...forged, protected: renamed };
    });
    expectInvalid(await judge(text), /clinic's privacy officer does not hold/);
  });

  it('knows no other text, also where the signatures over it hold', async () => {
    const other = {
      id: contract.id,
      canonical: Buffer.concat([contract.canonical, Buffer.from(' ')]),
    };
    expectInvalid(await judge(await made({ over: other })), /another text was signed/);
    const renamed = { id: 'lab.v2', canonical: contract.canonical };
    expectInvalid(await judge(await made({ over: renamed })), /for another contract/);
  });

  it('knows no party twice, and none that swapped its place', async () => {
    const twice = await changed(({ signatures, ...file }) => {
      return { ...file, signatures: [...signatures, signatures[1]] };
    });
    expectInvalid(await judge(twice), /the consignee has signed it twice/);
    const swapped = await changed(({ payload, signatures: [one, two] }) => ({
      payload,
      signatures: [
        { protected: one?.protected, signature: two?.signature },
        { protected: two?.protected, signature: one?.signature },
      ],
    }));
    expectInvalid(await judge(swapped), /does not hold/);
  });

  it.each<[string, Party, Record<string, unknown>]>([
    ['another type', 'clinic', { typ: 'JWT' }],
    ['no type', 'clinic', { typ: undefined }],
    ['a third party', 'clinic', { party: 'operator' }],
    ['no time of signing', 'clinic', { signedAt: undefined }],
    ['a time that is none', 'clinic', { signedAt: '2025-13-01T00:00:00Z' }],
    ['a day that does not exist', 'clinic', { noticedOn: '2025-02-30' }],
    ['no day', 'clinic', { noticedOn: null }],
    ["a notice that is the clinic's", 'consignee', { noticedOn: '2025-12-01' }],
    ['a member that nobody knows', 'clinic', { note: 'x' }],
    ['a key of its own', 'clinic', { jwk: publicHalf(stranger) }],
    ['an address of a key', 'clinic', { jku: 'https://lab.invalid/keys' }],
  ])('knows no header with %s, although the signature over it holds', async (_, party, header) => {
    const entry = await entryWith(party, header);
    const text = await changed((file) => {
      file.signatures[party === 'clinic' ? 0 : 1] = entry;
    });
    expectInvalid(await judge(text), /protected header/);
  });

  it('takes a header that says what it must and no more', async () => {
    const file = JSON.parse(await made()) as Parsed;
    file.signatures[0] = await entryWith('clinic', {});
    expect((await judge(JSON.stringify(file))).state).toBe('signed');
  });

  it.each<[string, (file: Parsed) => unknown]>([
    ['nothing', () => ({})],
    ['a list', (file) => [file]],
    ['no signature', ({ payload }) => ({ payload, signatures: [] })],
    ['many', ({ payload, signatures: [one] }) => ({ payload, signatures: Array(9).fill(one) })],
    ['a signature at top level', (file) => ({ ...file, ...file.signatures[0] })],
    [
      'an open header',
      ({ payload, signatures }) => ({
        payload,
        signatures: signatures.map((one) => ({ ...one, header: { kid: 'x' } })),
      }),
    ],
    [
      'padding',
      ({ payload, signatures }) => ({
        payload,
        signatures: signatures.map((one) => ({ ...one, signature: `${one.signature}==` })),
      }),
    ],
  ])('knows no file with %s', async (_, change) => {
    expectInvalid(await judge(await changed(change)), /not a JWS in general JSON form/);
  });

  it('takes no other spelling of the payload, and no key that is given twice', async () => {
    const text = await made();
    expectInvalid(await judge(text.replace('"payload":"', '"payload":" ')), /another text/);
    expectInvalid(await judge(text.replace('{', '{"payload":"x",')), /general JSON form/);
  });

  it('has a state for whatever bytes there are, and it is never signed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect((await judge(bytes)).state).toBe('invalid');
      }),
    );
    expect((await judge(Buffer.alloc(2_000_000, '['))).state).toBe('invalid');
  });

  it('finds one byte that was changed, wherever', async () => {
    const sound = Buffer.from((await made()).trim());
    const change = fc.tuple(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(change, async ([at, flip]) => {
        const bytes = Buffer.from(sound);
        bytes[at]! ^= flip;
        expect((await judge(bytes)).state).toBe('invalid');
      }),
      { numRuns: 300 },
    );
  });
});

describe('what lies beside a contract', () => {
  const contractsDir = join(folder, 'contracts');
  const path = join(contractsDir, 'lab/v1.jws');
  const stateNow = async () => {
    const attached = await attachSignatures({ now: () => 0 }, { agreements, contractsDir });
    return (attached.contracts[0] as Contract).signature;
  };
  beforeEach(() => {
    rmSync(contractsDir, { recursive: true, force: true });
    mkdirSync(join(contractsDir, 'lab'), { recursive: true });
  });

  it('is nothing: nobody has signed it', async () => {
    expect(await stateNow()).toMatchObject({
      ...{ state: 'unsigned', noticedOn: null },
      why: { en: 'nobody has signed it', ko: '아무도 서명하지 않았습니다' },
    });
  });

  it('is a file of signatures: its state is the version’s, and the rest stays as it was', async () => {
    writeFileSync(path, await made());
    const attached = await attachSignatures({ now: () => 0 }, { agreements, contractsDir });
    const signature = await judge(await made());
    // What was judged is kept beside: whoever proves something later shows it.
    const signatureFile = { text: readFileSync(path, 'utf8'), keys: expect.any(Array) as unknown };
    const contracts = [{ ...contract, signature, signatureFile }];
    expect(attached).toEqual({ ...agreements, contracts });
  });

  it.each<[string, () => unknown]>([
    ['a folder', () => mkdirSync(path)],
    ['a link that leads nowhere', () => symlinkSync(join(folder, 'nowhere'), path)],
    ['a pipe that nobody writes to', () => execFileSync('mkfifo', [path])],
    ['a device', () => symlinkSync('/dev/zero', path)],
    ['2 MB', () => writeFileSync(path, Buffer.alloc(2_000_000))],
  ])('is %s, which is not read', async (_, make) => {
    make();
    expectInvalid(await stateNow(), /cannot be read/);
  });
});

describe('the keys of a trial', () => {
  const home = join(folder, 'home');
  const demo = { keyOf: (owner: string | null) => keepSigningKey(home, owner ?? 'clinic') };
  const shipped = loadAgreements(
    { resolveSecret },
    { contractsDir: join(rootDir, 'contracts'), consigneesDir: join(rootDir, 'consignees') },
  );
  const empty = join(folder, 'empty');
  const attach = (input: Partial<Parameters<typeof attachSignatures>[1]>) =>
    attachSignatures({ now: () => 0 }, { agreements: shipped, contractsDir: empty, ...input });

  it('sign every shipped contract, noticed in time, and write nothing beside it', async () => {
    const { contracts } = await attach({ demo });
    expect(contracts).toHaveLength(17);
    for (const { signature } of contracts) {
      expect(signature).toMatchObject({ state: 'signed', isDemo: true, noticedOn: '2025-12-25' });
    }
    expect(shippedDigests.size).toBe(17);
    expect(() => readdirSync(empty)).toThrow('ENOENT');
  });

  it('sign nothing where there is a database, which has no such keys', async () => {
    const { contracts } = await attach({});
    expect(new Set(contracts.map(({ signature }) => signature.state))).toEqual(
      new Set(['unsigned']),
    );
  });

  it('sign no contract that is not shipped, and none beside which anything lies', async () => {
    const [first, ...others] = shipped.contracts as [Contract, ...Contract[]];
    const own = { ...first, digest: Buffer.alloc(32) };
    const contractsDir = join(folder, 'touched');
    const second = others[0] as Contract;
    mkdirSync(join(contractsDir, second.consignee), { recursive: true });
    writeFileSync(join(contractsDir, second.consignee, 'v1.jws'), '');
    const contracts = [own, ...others];
    const states = await attach({ agreements: { ...shipped, contracts }, contractsDir, demo });
    expect(states.contracts.map(({ signature }) => signature.state)).toEqual([
      'unsigned',
      'invalid',
      ...others.slice(1).map(() => 'signed'),
    ]);
  });

  it('count only in a trial', async () => {
    const contractsDir = join(folder, 'by-demo-keys');
    const id = shipped.contracts[0]?.consignee ?? '';
    mkdirSync(join(contractsDir, id), { recursive: true });
    const names = [null, id] as const;
    const demoKeys = new Map(names.map((owner) => [owner ?? 'clinic', demo.keyOf(owner)]));
    const text = await signedText(demoKeys, shipped.contracts[0] as Contract);
    writeFileSync(join(contractsDir, id, 'v1.jws'), text);
    const state = async (demoOrNot: typeof demo | null) =>
      (await attach({ contractsDir, demo: demoOrNot })).contracts[0]?.signature;
    expect(await state(demo)).toMatchObject({ state: 'signed', isDemo: true });
    expect(await state(null)).toMatchObject({ state: 'invalid', isDemo: false });
  });

  it('are kept where only their owner reads them; a damaged one stops the start', () => {
    const key = keepSigningKey(home, 'clinic');
    expect(keepSigningKey(home, 'clinic')).toEqual(key);
    expect(key).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' });
    const path = join(home, 'signing/clinic.jwk.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileSync(path, '{"kty":"OKP","d":"canary"}');
    expect(() => keepSigningKey(home, 'clinic')).toThrow(StartupError);
    expect(() => keepSigningKey(home, 'clinic')).not.toThrow('canary');
  });
});

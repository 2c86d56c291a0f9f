/** Evidence as an auditor takes it away from a gateway, and as it is verified without one. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evidenceCrypto } from '#src/bin/evidence-crypto.ts';
import { fetchEvidence } from '#src/bin/evidence.ts';
import { rootDir } from '#src/bin/settings.ts';
import { verifyLedger } from '#src/bin/verify.ts';
import { plainCanonical, readingKinds, type Evidence } from '#src/ledger/evidence-form.ts';
import { signEvidence } from '#src/ledger/evidence-statement.ts';
import { verifyEvidence } from '#src/ledger/evidence.ts';
import { ledgerKeyFromSeed, type LedgerKey } from '#src/ledger/note.ts';
import { cosign, cosigningKeyFromSeed, encodeWitnessVkey } from '#src/ledger/witness-key.ts';
import { firstNotBefore, spansAround } from '#src/oversight/evidence-entries.ts';
import { entriesOf, vkeyOf } from '#test/flows/support.ts';
import { signCompact } from '#test/support/client.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary } from '#test/support/orders.ts';
import { answered, claim, order, posting, reached, trailWith } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;
let folder: string;
let vkey: string;
/** Delivered with a receipt; a result came back and was collected; and the file of it. */
let transfer: string;
let file: string;
/** What its consignee got beside the record. */
let salt: string;
/** The key that signs files: what an evil gateway could do with it is tried here. */
let ledgerKey: LedgerKey;

const witness = cosigningKeyFromSeed('witness.test/officer', Buffer.alloc(32, 9));
const reason = 'The clinic asked what had left for whom.';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-evidence-'));
  const witnesses = join(folder, 'witnesses');
  writeFileSync(witnesses, `privacy-officer ${encodeWitnessVkey(witness)}\n`);
  world = await makeWorld({ env: { WAYBILL_WITNESSES: witnesses } });
  gateway = await startGateway(world);
  vkey = await vkeyOf(gateway);
  const seed = Buffer.from(world.env['WAYBILL_LEDGER_KEY'] ?? '', 'base64');
  ledgerKey = ledgerKeyFromSeed(vkey.split('+')[0] ?? '', seed);
  // A machine under load may find its ledger stalled for a moment, and says so.
  transfer = await until('the order to be taken', () => {
    return order(gateway, 'engitech').catch(() => null);
  });
  await handOver();
  await cosignNewest();
  file = await fetched(transfer);
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Lets the consignee take it with a receipt and return a result, and the EMR collect that. */
async function handOver(): Promise<void> {
  await reached(gateway, transfer, 'ready');
  const [item] = await claim(gateway, 'engitech');
  if (!item) throw new Error('nothing waits');
  salt = (item as unknown as { salt: string }).salt;
  const { commitment } = JSON.parse(Buffer.from(item.proof.leaf, 'base64').toString()) as {
    commitment: string;
  };
  const said = { transfer, commitment, at: new Date().toISOString() };
  const receipt = await signCompact({ alg: 'EdDSA' }, said, world.signing.get('engitech') ?? {});
  const consignee = await gateway.as('engitech');
  const ack = posting({ lease: item.lease.token, receipt });
  expect((await consignee.fetch(`/v1/inbox/${transfer}/ack`, ack)).status).toBe(200);
  const result = { workReport: { at: '2026-03-02T01:00:00Z', summary: '점검했습니다' } };
  const headers = { 'content-type': 'application/json', 'idempotency-key': '"result-1"' };
  const body = JSON.stringify({ transfer, result });
  const returned = await consignee.fetch('/v1/results', { method: 'POST', headers, body });
  const { id } = (await returned.json()) as { id: string };
  const emr = await gateway.as('emr');
  await until('the result to be collected', async () => {
    return (await emr.fetch(`/v1/results/${id}/ack`, posting({}))).status === 200 || null;
  });
  await trailWith(gateway, transfer, 'result-collected');
}

/** Has the newest checkpoint cosigned by the witness. */
async function cosignNewest(): Promise<void> {
  const officer = await gateway.as('privacy-officer');
  const note = await officer.text('/v1/ledger/checkpoint');
  const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
  const line = cosign(witness, text, Math.floor(Date.now() / 1000));
  const cosigned = await officer.fetch('/v1/ledger/cosignatures', posting({ note: note + line }));
  expect(cosigned.status).toBeLessThan(300);
}

async function fetched(id: string): Promise<string> {
  const auditor = await gateway.as('auditor');
  return (await auditor.fetch(`/v1/audit/transfers/${id}/evidence`, posting({ reason }))).text();
}

const parsed = (): Evidence => JSON.parse(file) as Evidence;

/** Which steps find fault with a file. */
async function faultsOf(text: string, more: object = {}): Promise<string[]> {
  const { checks } = await verifyEvidence(evidenceCrypto, { text, vkeys: [vkey], ...more });
  return checks.filter(({ ok }) => !ok).map(({ step }) => step);
}

/** The file after a change that the gateway itself has signed: the last way to lie. */
async function signedAfter(change: (evidence: Evidence) => void): Promise<string> {
  const evidence = parsed();
  change(evidence);
  const unsigned = without(evidence, 'statement') as Omit<Evidence, 'statement'>;
  const size = Number(evidence.checkpoint.split('\n')[1]);
  return plainCanonical(signEvidence(ledgerKey, unsigned, { size }));
}

describe('evidence', () => {
  test('verifies alone, from the key of the ledger', async () => {
    const verdict = await verifyEvidence(evidenceCrypto, { text: file, vkeys: [vkey] });
    expect(verdict.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(verdict.verified).toBe(true);
    const says = Object.fromEntries(verdict.checks.map(({ step, says: said }) => [step, said]));
    expect(says['receipts']).toMatch(/^the consignee signed for it/);
    expect(says['signatures']).toMatch(/signed engitech\.v1$/);
    expect(says['summary']).toMatch(/^delivered: name, /);
  });

  test('tells the whole trail, the contract, the receipt and what came back', () => {
    const { summary, contract, entries, consignee } = parsed();
    expect(summary).toMatchObject({
      ...{ status: 'delivered', consignee: 'engitech', contract: { id: 'engitech.v1' } },
      receipts: [{ signedAt: expect.stringMatching(/Z$/) as string }],
      results: [{ items: ['workReport'], collectedAt: expect.stringMatching(/Z$/) as string }],
    });
    const kinds = entries.map(({ leaf }) => (JSON.parse(leaf) as { kind: string }).kind);
    const steps = kinds.filter((kind) => !readingKinds.has(kind) && kind !== 'purged');
    expect(steps).toEqual([
      ...['released', 'pulled', 'delivered', 'receipt', 'result-received', 'result-collected'],
    ]);
    expect(consignee.name.ko).not.toBe('');
    const life = contract.entries.map(({ leaf }) => (JSON.parse(leaf) as { kind: string }).kind);
    expect(life).toEqual([
      ...['contract-drafted', 'contract-signed', 'contract-noticed', 'contract-activated'],
    ]);
  });

  test('holds no value, no salt of the payload and no identifier of the person', () => {
    for (const value of Object.values(canary)) expect(file).not.toContain(value);
    expect(salt).toMatch(/=$/);
    expect(file).not.toContain(salt);
    expect(file).not.toContain(reason);
  });

  test('is saved under a name that says only which transfer it is', async () => {
    const auditor = await gateway.as('auditor');
    const query = 'reason=Monthly+inspection+of+the+vendors';
    const reply = await auditor.fetch(`/v1/audit/transfers/${transfer}/evidence?${query}`);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-disposition')).toBe(
      `attachment; filename="evidence-${transfer}.json"`,
    );
    expect(await faultsOf(await reply.text())).toEqual([]);
  });

  test('leaves an entry with its reason, in sealed detail alone', async () => {
    const entries = await until('the entry', async () => {
      const found = (await entriesOf(gateway)).filter(
        (one) => one.kind === 'exported' && one.transfer === transfer,
      );
      return found.length > 0 ? found : null;
    });
    expect(entries[0]?.detail).toMatchObject({
      ...{ format: 'evidence', reason, query: { what: 'evidence' } },
      actor: { client: 'auditor' },
    });
  });

  test.each([
    ['short', 'why not', 'INVALID_REQUEST'],
    ['that names a number', 'asked by 8402291234567', 'REASON_IN_URL'],
    ['that names somebody', '가나다님이 물었습니다', 'REASON_IN_URL'],
  ])('is refused for a reason in a URL %s', async (_, words, code) => {
    const auditor = await gateway.as('auditor');
    const path = `/v1/audit/transfers/${transfer}/evidence?reason=${encodeURIComponent(words)}`;
    expect(await answered(auditor.fetch(path))).toEqual({ status: 400, code });
  });

  test('of nobody knows what is not found', async () => {
    const auditor = await gateway.as('auditor');
    const path = '/v1/audit/transfers/019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60/evidence';
    const reply = answered(auditor.fetch(path, posting({ reason })));
    expect(await reply).toEqual({ status: 404, code: 'NOT_FOUND' });
  });

  test('carries the cosignatures of witnesses, which may be asked for', async () => {
    const good = encodeWitnessVkey(witness);
    expect(await faultsOf(file, { witnesses: [good] })).toEqual([]);
    const other = cosigningKeyFromSeed('witness.test/officer', Buffer.alloc(32, 10));
    const wrong = encodeWitnessVkey(other);
    expect(await faultsOf(file, { witnesses: [wrong] })).toEqual(['witnesses']);
    expect(await faultsOf(file, { witnesses: [good, wrong], witnessesMin: 1 })).toEqual([]);
  });

  test('of another ledger is not believed', async () => {
    const stranger = ledgerKeyFromSeed(ledgerKey.origin, Buffer.alloc(32, 1));
    const { encodeVkey } = await import('#src/ledger/note.ts');
    const found = await faultsOf(file, { vkeys: [encodeVkey(stranger)] });
    expect(found).toEqual(expect.arrayContaining(['statement', 'checkpoint', 'entries']));
    expect(await faultsOf(file, { vkeys: [encodeVkey(stranger), vkey] })).toEqual([]);
  });
});

describe('a file that somebody changed', () => {
  test('is found out, whichever byte it is', async () => {
    const bytes = Buffer.from(file);
    const place = fc.integer({ min: 0, max: bytes.length - 1 });
    const bit = fc.integer({ min: 0, max: 7 });
    await fc.assert(
      fc.asyncProperty(place, bit, async (at, by) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << by);
        expect(await faultsOf(changed.toString('utf8'))).not.toEqual([]);
      }),
      { numRuns: 150, seed: 20261123 },
    );
  });

  test('is found out, whatever was cut, doubled, reordered or put in another form', async () => {
    const evidence = parsed();
    const reversed = { ...evidence, entries: [...evidence.entries].reverse() };
    const doubled = { ...evidence, entries: [...evidence.entries, evidence.entries[0]] };
    const texts = [
      ...[file.slice(0, -1), file.slice(1), `${file} `, '', '{}', 'null', '[]'],
      JSON.stringify(evidence, null, 2),
      file.replace('{', '{"transfer":"another",'),
      ...[reversed, doubled].map((one) => plainCanonical(one)),
      ...Object.keys(evidence).map((name) => plainCanonical(without(evidence, name))),
    ];
    for (const text of texts) expect(await faultsOf(text)).not.toEqual([]);
    expect(await faultsOf(`${file}\n`)).toEqual([]);
  });

  test('by its gateway and not at all verifies', async () => {
    expect(await faultsOf(await signedAfter(() => undefined))).toEqual([]);
  });

  /** What a gateway that lies could sign: everything but the proofs would be its word. */
  const lies: [string, string, (evidence: Evidence) => void][] = [
    ['an entry left out', 'summary', (one) => one.entries.splice(2, 1)],
    ['the release left out', 'life', (one) => one.entries.shift()],
    ['two entries exchanged', 'entries', (one) => one.entries.reverse()],
    ['another index', 'entries', (one) => (one.entries[1]!.index += 1)],
    ['another leaf', 'entries', (one) => void swapKind(one, 'delivered', 'rejected')],
    ['a hash of a proof', 'entries', (one) => one.entries[0]!.proof.reverse()],
    ['a proof cut', 'entries', (one) => one.entries[0]!.proof.pop()],
    ['another salt', 'details', (one) => (one.entries[0]!.detail!.salt = salt)],
    ['a detail changed', 'details', (one) => void editDetail(one, 'age@1', 'age@2')],
    ['a detail left out', 'details', (one) => (one.entries[0]!.detail = null)],
    [
      'a detail called destroyed',
      'details',
      (one) => {
        Object.assign(one.entries[2]!, { detail: null, erased: true });
      },
    ],
    [
      'the contract’s words',
      'contract',
      (one) => {
        one.contract.text = one.contract.text.replace('"required":true', '"required":false');
      },
    ],
    ['another contract id', 'contract', (one) => (one.contract.id = 'engitech.v2')],
    ['no activation', 'contract', (one) => one.contract.entries.pop()],
    ['signatures left out', 'signatures', (one) => (one.contract.signatures = null)],
    ['one signature left out', 'signatures', (one) => one.contract.signatures!.signatures.pop()],
    ['a key left out', 'signatures', (one) => one.contract.keys.pop()],
    [
      'another key',
      'signatures',
      (one) => {
        one.contract.keys[0] = { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) };
      },
    ],
    ['no key of the receipt', 'receipts', (one) => (one.receiptKeys = [])],
    ['another state in the summary', 'summary', (one) => (one.summary['status'] = 'rejected')],
    ['another sentence', 'form', (one) => (one.says.en = 'This file proves everything.')],
    [
      'another transfer',
      'life',
      (one) => {
        one.transfer = '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60';
      },
    ],
    [
      'another tree',
      'checkpoint',
      (one) => {
        one.checkpoint = one.checkpoint.replace(/\n(\d+)\n/, (_, size: string) => {
          return `\n${Number(size) + 1}\n`;
        });
      },
    ],
  ];

  test.each(lies)('is found out though its gateway signed it: %s', async (_, step, change) => {
    expect(await faultsOf(await signedAfter((one) => void change(one)))).toContain(step);
  });
});

const without = (evidence: Evidence, name: string): object =>
  Object.fromEntries(Object.entries(evidence).filter(([member]) => member !== name));

/** Turns the leaf of one kind into another. */
function swapKind(evidence: Evidence, from: string, to: string): void {
  const entry = evidence.entries.find(({ leaf }) => leaf.includes(`"kind":"${from}"`))!;
  entry.leaf = entry.leaf.replace(`"kind":"${from}"`, `"kind":"${to}"`);
}

function editDetail(evidence: Evidence, from: string, to: string): void {
  const { detail } = evidence.entries[0]!;
  const content = detail!.content.replace(from, to);
  detail!.content = content === detail!.content ? content.replace('"', "'") : content;
}

test('the verifier of evidence is made of files that import nothing but each other', () => {
  const seen = new Set(['evidence.ts']);
  for (const file of seen) {
    const source = readFileSync(join(rootDir, 'src/ledger', file), 'utf8');
    for (const [, from = ''] of source.matchAll(/^(?:import|\} from).*'([^']+)';$/gm)) {
      expect(from).toMatch(/^\.\//);
      seen.add(from.slice(2));
    }
  }
  expect(seen.size).toBeGreaterThan(8);
});

describe('the commands', () => {
  const say = (name: string) => join(folder, name);

  test('fetch a file that only its owner reads, and verify it without the gateway', async () => {
    const key = say('auditor.jwk.json');
    writeFileSync(key, JSON.stringify(world.keys.get('auditor')));
    const [out, url] = [say('evidence.json'), gateway.url];
    const asked = [transfer, '--out', out, '--reason', reason, '--url', url, '--client-key', key];
    expect(await fetchEvidence(asked)).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(await verifyLedger(['--evidence', out, '--vkey', vkey])).toBe(0);
    writeFileSync(out, readFileSync(out, 'utf8').replace('delivered', 'deliverer'));
    expect(await verifyLedger(['--evidence', out, '--vkey', vkey, '--json'])).toBe(1);
  });
});

describe('evidence of a person who was destroyed', () => {
  test('verifies as far as it goes, and says what is gone', async () => {
    const officer = await gateway.as('privacy-officer');
    const subject = { kind: 'patient', id: canary.chartNumber };
    const erased = await officer.fetch('/v1/subjects/erase', posting({ subject, reason }));
    expect(erased.status).toBe(200);
    const text = await fetched(transfer);
    const { checks } = await verifyEvidence(evidenceCrypto, { text, vkeys: [vkey] });
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    const says = Object.fromEntries(checks.map(({ step, says: said }) => [step, said]));
    expect(says['details']).toContain('were destroyed together with the data of the person');
  });
});

describe('entries that nearly stand in the order of their times', () => {
  test('are found by a span around each time, those that touch being one', () => {
    expect(spansAround([50, 10, 12], 5)).toEqual([
      [5, 17],
      [45, 55],
    ]);
  });

  test('are all between the bounds that are searched for', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 0, max: 1000 }), async (unsorted, time) => {
        const sorted = unsorted.sort((one, other) => one - other);
        const atOf = (index: number) => Promise.resolve(sorted[index]!);
        const expected = sorted.findIndex((at) => at >= time);
        const found = await firstNotBefore(atOf, sorted.length, time);
        expect(found).toBe(expected < 0 ? sorted.length : expected);
      }),
      { seed: 6 },
    );
  });
});

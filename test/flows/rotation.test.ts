/** Every key is changed under load, at two processes; nothing is lost, doubled or unreadable. */
import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evidenceCrypto } from '#src/bin/evidence-crypto.ts';
import { manageKeys } from '#src/bin/keys.ts';
import { stateFileOf } from '#src/bin/kept-checkpoint.ts';
import { mirrorLedger } from '#src/bin/mirror.ts';
import { rootDir } from '#src/bin/settings.ts';
import { verifyMirror } from '#src/bin/verify-folder.ts';
import { followGateway, turnsFile } from '#src/bin/verify-turns.ts';
import { verifyGateway } from '#src/bin/verify.ts';
import { verifyEvidence } from '#src/ledger/evidence.ts';
import { encodeVkey, ledgerKeyFromSeed, signNote } from '#src/ledger/note.ts';
import { cosign, cosigningKeyFromSeed, encodeWitnessVkey } from '#src/ledger/witness-key.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, spawnGateway, type GatewayProcess, type World } from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import { posting } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { entriesOf, vkeyOf } from './support.ts';

const kinds = ['sealing', 'hmac', 'ledger', 'token'] as const;
const patients = 4;
const witness = cosigningKeyFromSeed('witness.test/officer', Buffer.alloc(32, 9));

let lab: ConsigneeServer;
let world: World;
let gateways: [GatewayProcess, GatewayProcess];
let folder: string;
let firstVkey: string;
let firstTokens: string[];
/** Evidence of a transfer that was released before the change, as it was made then. */
let earlier: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-rotation-'));
  copy = join(folder, 'copy');
  lab = await startConsigneeServer();
  const witnesses = join(folder, 'witnesses');
  writeFileSync(witnesses, `privacy-officer ${encodeWitnessVkey(witness)}\n`);
  const env = { WAYBILL_WITNESSES: witnesses };
  world = await makeWorld({ pushUrls: { samkwang: lab.url }, env });
  for (const kind of kinds) {
    const variable = `WAYBILL_${kind.toUpperCase()}_KEY`;
    writeFileSync(fileOf(kind), `${world.env[variable]}\n`);
    world.env[`${variable}_FILE`] = fileOf(kind);
    world.env[variable] = '';
  }
  gateways = await Promise.all([spawnGateway(world), spawnGateway(world)]);
  firstVkey = await vkeyOf(gateways[0]);
  firstTokens = await Promise.all(gateways.map(async (one) => (await one.as('emr')).bearer()));
});

afterAll(async () => {
  await Promise.all(gateways?.map((one) => one.kill('SIGKILL')) ?? []);
  await world?.close();
  await lab?.close();
  rmSync(folder, { recursive: true, force: true });
});

const fileOf = (kind: string) => join(folder, `${kind}.key`);
const keys = (...args: string[]) => manageKeys(world.env, args);
async function oldOne(kind: string): Promise<string> {
  const sql = 'SELECT id FROM keys WHERE name = $1 AND ended_at IS NOT NULL';
  return (await world.db.query<{ id: string }>(sql, [kind])).rows[0]?.id ?? '';
}
const counted = async (sql: string, values: unknown[] = []) =>
  (await world.db.query<{ count: number }>(`SELECT count(*) ${sql}`, values)).rows[0]?.count;

interface Answered {
  key: string;
  order: ReturnType<typeof orderFor>;
  id: string;
}

/** Orders of a few patients, each sent to both processes at the same moment, until it is told. */
async function keepOrdering(answered: Answered[], isOver: () => boolean): Promise<void> {
  const emrs = await Promise.all(gateways.map((one) => one.as('emr')));
  for (let at = 0; !isOver(); at += 1) {
    const chart = `C${at % patients}`;
    const made = orderFor(at % 8 === 0 ? 'engitech' : 'samkwang');
    const record = { ...made.record, chartNumber: chart };
    const order = { ...made, record, subject: { kind: 'patient' as const, id: chart } };
    const key = randomUUID();
    const ids = await Promise.all(
      emrs.map(async (emr) => {
        const reply = await emr.fetch('/v1/transfers', posted(order, key));
        expect(reply.status, await reply.clone().text()).toBe(202);
        return ((await reply.json()) as { id: string }).id;
      }),
    );
    expect(ids[0]).toBe(ids[1]);
    answered.push({ key, order, id: ids[0] ?? '' });
  }
}

/** What waits for a vendor is claimed and acknowledged meanwhile. */
async function keepPulling(taken: Set<string>, isOver: () => boolean): Promise<void> {
  const vendor = await gateways[1].as('engitech');
  while (!isOver()) {
    const claimed = await vendor.json<{
      items: { transfer: string; lease: { token: string } }[];
    }>('/v1/inbox/claim', posting({ limit: 10, leaseSeconds: 60, waitSeconds: 1 }));
    for (const { transfer, lease } of claimed.items) {
      const taking = posting({ lease: lease.token });
      const acked = await vendor.fetch(`/v1/inbox/${transfer}/ack`, taking);
      if (acked.ok) taken.add(transfer);
    }
  }
}

/** A witness signs the newest checkpoint once a transfer has come to its end in it. */
async function cosignOnceDelivered(transfer: string): Promise<void> {
  await until('the delivery', async () => {
    return (
      (await counted("FROM transfers WHERE id = $1 AND status = 'delivered'", [transfer])) === 1
    );
  });
  const officer = await gateways[1].as('privacy-officer');
  const note = await officer.text('/v1/ledger/checkpoint');
  const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
  const line = cosign(witness, text, Math.floor(Date.now() / 1000));
  const sent = await officer.fetch('/v1/ledger/cosignatures', posting({ note: note + line }));
  expect(sent.status).toBe(201);
}

const strangeKey = ledgerKeyFromSeed('waybill.invalid/ledger', Buffer.alloc(32, 1));
const strangeVkey = encodeVkey(strangeKey);

/** What a gateway says of its keys, but for another entry that is to name the new one. */
function earlierEntry(told: { previous: { vkey: string; changedBy: number }[] }): object {
  const previous = told.previous.map((one) => ({ ...one, changedBy: one.changedBy - 1 }));
  return { ...told, previous };
}

/** A copy whose keeper knows the first key of the ledger alone. */
let copy: string;
const mirrored = () => {
  const as = { url: gateways[1].url, clientId: 'auditor' };
  const what = { entries: true, details: false, witnessesMin: 0, vkeys: [firstVkey] };
  return mirrorLedger({ ...as, ...what, dir: copy, clientKey: world.keys.get('auditor') ?? {} });
};
const checked = async (vkeys: string[]) => {
  const asked = { dir: copy, vkeys, stateFile: null, entries: true };
  const { faults, turned } = await verifyMirror(asked);
  return { problems: faults.map(({ problem }) => problem), turned };
};

async function evidenceOf(transfer: string): Promise<string> {
  const auditor = await gateways[1].as('auditor');
  const asked = posting({ reason: 'The clinic asked what had left for whom.' });
  return until('the evidence', async () => {
    const reply = await auditor.fetch(`/v1/audit/transfers/${transfer}/evidence`, asked);
    return reply.ok ? reply.text() : null;
  });
}

/** Which steps find fault with an evidence file, and what the step `key` says. */
async function verified(text: string, vkeys: string[]): Promise<[string[], string]> {
  const { checks } = await verifyEvidence(evidenceCrypto, { text, vkeys });
  const wrong = checks.filter(({ ok }) => !ok).map(({ step }) => step);
  return [wrong, checks.find(({ step }) => step === 'key')?.says ?? ''];
}

const answered: Answered[] = [];
const before: Answered[] = [];

test('all four keys are changed while orders come in at both processes and are taken', async () => {
  let over = false;
  let drained = false;
  const taken = new Set<string>();
  const ordering = [0, 1, 2].map(() => keepOrdering(answered, () => over));
  const pulling = keepPulling(taken, () => drained);
  const some = (count: number) => until('orders', () => answered.length >= count);
  await some(20);
  before.push(...answered);
  await cosignOnceDelivered(before[0]?.id ?? '');
  earlier = await evidenceOf(before[0]?.id ?? '');
  for (const kind of kinds) {
    const count = answered.length;
    expect(await keys('rotate', kind, '--reason', 'yearly')).toBe(0);
    await some(count + 10);
  }
  over = true;
  await Promise.all(ordering);
  const ids = answered.map(({ id }) => id);
  expect(await counted('FROM transfers')).toBe(ids.length);
  await until('every delivery', async () => {
    const sql = "FROM transfers WHERE status = 'delivered' AND id = ANY($1)";
    return (await counted(sql, [ids])) === ids.length;
  });
  drained = true;
  await pulling;
  const pushed = new Set(lab.received.map(({ body }) => body.transfer));
  expect(ids.filter((id) => !pushed.has(id) && !taken.has(id))).toEqual([]);
}, 90_000);

describe('after that', () => {
  test('each change is an entry, and each file holds both keys', async () => {
    const changes = (await entriesOf(gateways[0])).filter(({ kind }) => kind === 'key-changed');
    expect(changes.map(({ detail }) => detail['key'])).toEqual([...kinds]);
    expect(changes.map(({ detail }) => detail['reason'])).toEqual(kinds.map(() => 'yearly'));
    const { rows } = await world.db.query<{ id: string; entry: number }>(
      'SELECT id, entry FROM keys WHERE ended_at IS NULL AND entry IS NOT NULL ORDER BY entry',
    );
    expect(rows).toEqual(
      changes.map(({ index, detail }) => ({ id: detail['keyId'], entry: index })),
    );
    for (const kind of kinds) {
      expect(readFileSync(fileOf(kind), 'utf8').match(/\S+/g)).toHaveLength(2);
    }
  });

  test('one person is one subject, now under the new key', async () => {
    expect(await counted('FROM subjects')).toBe(patients);
    const { rows } = await world.db.query<{ id: string }>(
      "SELECT id FROM keys WHERE name = 'hmac' AND ended_at IS NULL",
    );
    expect(await counted('FROM subjects WHERE hmac_key = $1', [rows[0]?.id])).toBe(patients);
  });

  test('a key of before gets its first answer, at either process', async () => {
    const [first] = before;
    for (const gateway of gateways) {
      const send = posted(first?.order ?? {}, first?.key ?? '');
      const reply = await (await gateway.as('emr')).json<{ id: string }>('/v1/transfers', send);
      expect(reply.id).toBe(first?.id);
    }
  });

  test('whoever has either key of the ledger can check all of it, and find the other', async () => {
    const vkey = await vkeyOf(gateways[1]);
    expect(vkey).not.toBe(firstVkey);
    const [url, clientKey] = [gateways[1].url, world.keys.get('auditor') ?? {}];
    const auditor = await gateways[1].as('auditor');
    const told = await auditor.json<{ previous: { vkey: string; changedBy: number }[] }>(
      '/v1/ledger/key',
    );
    expect(told.previous.map((one) => one.vkey)).toEqual([firstVkey]);
    const index = told.previous[0]?.changedBy;
    for (const known of [firstVkey, vkey]) {
      const asked = { url, clientId: 'auditor', clientKey, vkey: known, stateFile: null };
      const { faults, turned } = await verifyGateway(asked);
      expect({ faults, turned }).toEqual({
        ...{ faults: [], turned: known === vkey ? [] : [{ index, vkey }] },
      });
    }
    const path = `/v1/ledger/entries?start=${index}&limit=1`;
    const { items } = await auditor.json<{ items: { leaf: string }[] }>(path);
    const leaf = JSON.parse(Buffer.from(items[0]?.leaf ?? '', 'base64').toString()) as object;
    const commitment = createHash('sha256').update(vkey).digest('base64');
    expect(leaf).toMatchObject({ kind: 'key-changed', commitment });
  });

  test('a copy begun with the old key goes over to the new one, and verifies by either', async () => {
    const vkey = await vkeyOf(gateways[1]);
    const { turned } = await mirrored();
    expect(turned?.map((one) => one.vkey)).toEqual([vkey]);
    expect(readFileSync(join(copy, 'key'), 'utf8')).toBe(`${vkey}\n`);
    expect(await checked([firstVkey])).toEqual({ problems: [], turned });
    expect(await checked([vkey])).toEqual({ problems: [], turned: [] });
    const command = [join(rootDir, 'src/bin/waybill.ts'), 'ledger', 'verify', '--dir', copy];
    const run = [...command, '--vkey', firstVkey];
    const { status, stdout } = spawnSync(process.execPath, run, { cwd: folder, encoding: 'utf8' });
    expect([status, stdout]).toEqual([
      ...[0, expect.stringContaining(`keep this vkey from now on: ${vkey}\nverified: `) as string],
    ]);
    // What was seen by the old key binds the next visit, by the new one.
    const visits = [firstVkey, vkey].map((one) => join(folder, stateFileOf([one])));
    const [old = '', next] = visits.map((file) => readFileSync(file, 'utf8'));
    expect(next).toBe(old);
    expect((await mirrored()).turned).toBeUndefined();
  });

  test('a copy whose chain of keys was broken or forged is refused', async () => {
    const vkey = await vkeyOf(gateways[1]);
    const [turns, keyFile] = [join(copy, turnsFile), join(copy, 'key')];
    const [kept, keptKeys] = [readFileSync(turns, 'utf8'), readFileSync(keyFile, 'utf8')];
    const tampered = async (text: string, keysText = keptKeys) => {
      writeFileSync(turns, text);
      writeFileSync(keyFile, keysText);
      const { problems } = await checked([firstVkey]);
      writeFileSync(turns, kept);
      writeFileSync(keyFile, keptKeys);
      return problems;
    };
    const strange = 'the key in the folder is another';
    expect(await tampered('')).toEqual([strange]);
    expect(await tampered('{')).toEqual([strange, `${turnsFile}: a line cannot be read`]);
    const other = keptKeys.replaceAll(vkey, strangeVkey);
    expect(await tampered(kept.replaceAll(vkey, strangeVkey), other)).toEqual([
      ...[strange, expect.stringContaining(`names another key than ${strangeVkey}`) as string],
    ]);
    const moved = kept.replace(/"index":(\d+)/, (_, index) => `"index":${Number(index) - 1}`);
    const notThere = expect.stringContaining('is not in the tree') as string;
    expect(await tampered(moved)).toEqual([strange, notThere]);
    await expect(
      mirrored()
        .then(() => writeFileSync(turns, moved))
        .then(mirrored),
    ).rejects.toThrow(/is not in the tree/);
    writeFileSync(turns, kept);
  });

  test('a gateway that shows a key which the old one never named is not followed', async () => {
    const auditor = await gateways[1].as('auditor');
    const note = await auditor.text('/v1/ledger/checkpoint');
    const saying = async (path: string, change: (reply: never) => object, shown = note) => {
      const lying = async <Body>(asked: string) => {
        const reply = await auditor.json(asked);
        return (asked.startsWith(path) ? change(reply as never) : reply) as Body;
      };
      const api = { fetch: (asked: string) => auditor.fetch(asked), json: lying };
      return followGateway(api, { vkeys: [firstVkey], note: shown });
    };
    const key = '/v1/ledger/key';
    const forged = (told: object) => ({ ...told, vkey: strangeVkey });
    const lies = [
      [await saying(key, forged), `names another key than ${strangeVkey}`],
      [await saying(key, (told: object) => ({ ...told, previous: [] })), 'came after yours'],
      [await saying(key, earlierEntry), 'names no key'],
      [await saying('/v1/ledger/proof', () => ({ hashes: [] })), 'is not in the tree'],
    ] as const;
    for (const [{ faults, vkeys, turns }, why] of lies) {
      expect({ vkeys, turns }).toEqual({ vkeys: [firstVkey], turns: [] });
      expect(faults).toEqual([{ index: null, problem: expect.stringContaining(why) as string }]);
    }
    // Signed by a stranger alone, the same is no checkpoint of a ledger that is known.
    const [text = ''] = note.split('\n\n');
    const stranger = signNote(strangeKey, `${text}\n`);
    await expect(saying(key, forged, stranger)).rejects.toThrow(/no key that is trusted says/);
    expect((await saying('nothing', () => ({}))).faults).toEqual([]);
  });

  test('evidence verifies alone with the keys of its time, and an old key leads to the new', async () => {
    const vkey = await vkeyOf(gateways[1]);
    const trusts = 'a key that was given is trusted, and no other';
    for (const known of [[firstVkey], [firstVkey, vkey]]) {
      expect(await verified(earlier, known)).toEqual([[], trusts]);
    }
    const { checks } = await verifyEvidence(evidenceCrypto, { text: earlier, vkeys: [vkey] });
    const [signer] = /[^+]+\+[0-9a-f]{8}/.exec(firstVkey) ?? [];
    expect(checks.find(({ step }) => step === 'checkpoint')).toMatchObject({
      ...{ ok: false, says: `no key that was given has signed it; ask for ${signer}` },
    });
    const later = await evidenceOf(before[0]?.id ?? '');
    const turned = /^the ledger's key has turned at entry \d+; keep this vkey from now on: (.+)$/;
    const found = await verified(later, [firstVkey]);
    expect([found[0], turned.exec(found[1])?.[1]]).toEqual([[], vkey]);
    for (const known of [[vkey], [firstVkey, vkey]]) {
      expect(await verified(later, known)).toEqual([[], trusts]);
    }
  });

  test('evidence of after the end of the old key of the ledger still says which key came next', async () => {
    const vkey = await vkeyOf(gateways[1]);
    expect(await keys('retire', 'ledger', await oldOne('ledger'), '--reason', 'old')).toBe(0);
    const text = await until('evidence signed by the new key alone', async () => {
      const made = await evidenceOf(before[0]?.id ?? '');
      const { ledger, checkpoint } = JSON.parse(made) as {
        ledger: { vkeys: string[] };
        checkpoint: string;
      };
      const signers = checkpoint.split('\n\n').at(-1)?.trim().split('\n') ?? [];
      return ledger.vkeys.length === 1 && signers.length === 1 ? made : null;
    });
    for (const known of [[firstVkey], [vkey], [firstVkey, vkey]]) {
      expect((await verified(text, known))[0]).toEqual([]);
    }
    const [url, clientKey] = [gateways[1].url, world.keys.get('auditor') ?? {}];
    const online = { url, clientId: 'auditor', clientKey, vkey: firstVkey, stateFile: null };
    await expect(verifyGateway(online)).rejects.toThrow(/ask somebody you trust/);
    const { size } = await mirrored();
    expect(size).toBeGreaterThan(0);
    expect(await checked([firstVkey])).toMatchObject({ problems: [], turned: [{ vkey }] });
    const evidence = JSON.parse(text) as { ledger: { turns?: object } };
    delete evidence.ledger.turns;
    expect((await verified(JSON.stringify(evidence), [firstVkey]))[0]).toContain('checkpoint');
  });

  test('tokens of before are good until their key is retired, new ones are of the new key', async () => {
    const [gateway] = gateways;
    const asked = (token: string) =>
      fetch(`${gateway.url}/v1/transfers?limit=1`, {
        headers: { authorization: `Bearer ${token}` },
      });
    const [old = ''] = firstTokens;
    expect((await asked(old)).status).toBe(200);
    const published = (await (await fetch(`${gateway.url}/oauth2/jwks`)).json()) as {
      keys: { kid: string }[];
    };
    const oldKid = decodeProtectedHeader(old).kid ?? '';
    expect(published.keys.map(({ kid }) => kid)).toContain(oldKid);
    expect(published.keys).toHaveLength(2);
    const fresh = await (await gateway.as('operator')).bearer();
    expect(decodeProtectedHeader(fresh).kid).toBe(
      published.keys.find(({ kid }) => kid !== oldKid)?.kid,
    );
    const id = await oldOne('token');
    expect(await keys('retire', 'token', id, '--reason', 'leaked')).toBe(1);
    expect(await keys('retire', 'token', id, '--reason', 'leaked', '--now')).toBe(0);
    await until('the end of the old token', async () => (await asked(old)).status === 401);
  });

  test.each(['sealing', 'hmac'])(
    'the old %s key is not retired while something needs it',
    async (kind) => {
      expect(await keys('retire', kind, await oldOne(kind), '--reason', 'old')).toBe(1);
    },
  );

  test('a key that a process lacks stops it, and what it lacks is told', async () => {
    const kept = readFileSync(fileOf('sealing'), 'utf8');
    const emr = await gateways[0].as('operator');
    const send = () => emr.fetch('/v1/consignees');
    expect((await send()).status).toBe(200);
    writeFileSync(fileOf('sealing'), kept.split('\n')[0] ?? '');
    try {
      await until('the doubt', async () => {
        const reply = await (await fetch(`${gateways[0].url}/readyz`)).text();
        return reply.includes('key');
      });
    } finally {
      writeFileSync(fileOf('sealing'), kept);
    }
    await until('the end of the doubt', async () => (await fetch(`${gateways[0].url}/readyz`)).ok);
  });
});

/** A person is destroyed: every proof holds, and nothing that is kept ties anything to them. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFingerprint } from '#src/sealing/fingerprint.ts';
import { createSealer } from '#src/sealing/seal.ts';
import { unsealDetail } from '#src/ledger/entry.ts';
import { hmacsOf, subjectHmac } from '#src/transfers/subjects.ts';
import { everyRow } from '#test/support/database.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary, orderFor, posted } from '#test/support/orders.ts';
import { answered, claim, posting, reached } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { entriesOf, runCommand, verifyAll, type SeenEntry } from './support.ts';

const person = { kind: 'patient' as const, id: canary.chartNumber };
const reference = 'REF-4821-KANARI';
const words = 'the sample of 가나다라 was haemolysed';
const file = Buffer.from('%PDF-1.7 a report about one person');
const workReport = { workReport: { at: '2026-03-03T00:00:00Z', summary: 'Done.' } };
const neighbour = { ...orderFor('engitech', { chartNumber: 'C0048299' }) };
neighbour.subject = { kind: 'patient', id: 'C0048299' };

let world: World;
let gateway: TestGateway;
const ids = { taken: '', rejected: '', cancelled: '', study: '', open: '', neighbour: '' };
/** What was known of the person while they were: none of it may be found afterwards. */
const traces: string[] = [];
let before: SeenEntry[];
let erasure: Record<string, unknown>;

/** Asked again where the machine is so busy that the gateway doubts itself: the key is the same. */
const order = (body: object, key: string) =>
  until(`the order ${key} to be taken`, async () => {
    const emr = await gateway.as('emr');
    const reply = await emr.fetch('/v1/transfers', posted(body, key));
    return reply.status === 202 ? ((await reply.json()) as { id: string }).id : null;
  });
const erase = async (subject: object = person, reason = 'the time of the chart is over') => {
  const officer = await gateway.as('privacy-officer');
  return officer.fetch('/v1/subjects/erase', posting({ subject, reason }));
};

/** Claims all that waits for a vendor; leases by transfer. */
async function leases(consignee: string, count: number): Promise<Map<string, string>> {
  const held = new Map<string, string>();
  await until(`${count} transfers of ${consignee}`, async () => {
    for (const { transfer, lease } of await claim(gateway, consignee)) {
      held.set(transfer, lease.token);
    }
    return held.size === count ? held : null;
  });
  return held;
}

async function returned(as: string, body: object, key: string): Promise<string> {
  const vendor = await gateway.as(as);
  return (await vendor.json<{ id: string }>('/v1/results', posted(body, key))).id;
}

/** A life with every copy that there can be: replies, words, references, results, files, a stop. */
async function live(): Promise<void> {
  const emr = await gateway.as('emr');
  const engitech = await gateway.as('engitech');
  ids.taken = await order({ ...orderFor('engitech'), reference }, 'taken');
  ids.rejected = await order(orderFor('engitech'), 'rejected');
  ids.neighbour = await order(neighbour, 'neighbour');
  ids.study = await order(orderFor('infinite'), 'study');
  const held = await leases('engitech', 3);
  for (const id of [ids.taken, ids.neighbour]) {
    await engitech.json(`/v1/inbox/${id}/ack`, posting({ lease: held.get(id) }));
  }
  const rejection = { lease: held.get(ids.rejected), code: 'OTHER', message: words };
  await engitech.json(`/v1/inbox/${ids.rejected}/reject`, posting(rejection));
  const infinite = await gateway.as('infinite');
  const study = (await leases('infinite', 1)).get(ids.study);
  await infinite.json(`/v1/inbox/${ids.study}/ack`, posting({ lease: study }));
  const pdf = { method: 'POST', headers: { 'content-type': 'application/pdf' }, body: file };
  const { id } = await infinite.json<{ id: string }>(`/v1/attachments?transfer=${ids.study}`, pdf);
  const report = { transfer: ids.study, result: workReport, attachments: [id] };
  const result = await returned('infinite', report, 'report');
  await until('the report', async () => (await emr.fetch(`/v1/results/${result}`)).ok);
  const matched = await returned('engitech', { result: workReport }, 'held');
  await until('the quarantine', async () => (await emr.fetch(`/v1/quarantine/${matched}`)).ok);
  const match = posting({ transfer: ids.taken, reason: words });
  await emr.json(`/v1/quarantine/${matched}/match`, match);
  await emr.json('/v1/subjects/suspend', posting({ subject: person, reason: words }));
  const refused = await answered(emr.fetch('/v1/transfers', posted(orderFor('s1x'), 'no-one')));
  expect(refused.code).toBe('UNKNOWN_CONSIGNEE');
  const stopped = await answered(emr.fetch('/v1/transfers', posted(orderFor('eone'), 'stopped')));
  expect(stopped.code).toBe('SUBJECT_SUSPENDED');
  await emr.json('/v1/subjects/resume', posting({ subject: person, reason: words }));
  ids.cancelled = await order(orderFor('areumnuri'), 'cancelled');
  await emr.json(`/v1/transfers/${ids.cancelled}/cancel`, posting({ reason: words }));
  ids.open = await order(orderFor('areumnuri'), 'open');
  await reached(gateway, ids.open, 'ready');
}

async function remember(): Promise<void> {
  const { rows } = await world.db.query<{ id: string; hmac: string; key: string; sealed: string }>(
    `SELECT subjects.id, encode(identifier_hmac, 'hex') AS hmac, encode(key, 'hex') AS key,
       encode(reference, 'hex') AS sealed
     FROM subjects JOIN transfers ON transfers.subject = subjects.id
     WHERE reference IS NOT NULL`,
  );
  const { rows: links } = await world.db.query<{ id: string }>('SELECT id FROM subject_links');
  expect(links.length).toBeGreaterThanOrEqual(3);
  const kept = rows[0]!;
  const fingerprint = createFingerprint({
    key: Buffer.from(world.env['WAYBILL_HMAC_KEY'] ?? '', 'base64'),
  });
  const hmacs = hmacsOf(subjectHmac(fingerprint, person)).map((hmac) => hmac.toString('hex'));
  expect(hmacs).toContain(kept.hmac);
  const known = createHash('sha256').update(file).digest();
  traces.push(
    ...[kept.id, kept.id.replaceAll('-', ''), kept.key, kept.sealed, ...hmacs],
    ...[canary.chartNumber, canary.name, canary.residentRegistrationNumber, reference, words],
    ...[known.toString('hex'), known.toString('base64')],
    fingerprint('reference', reference).toString('hex'),
    ...links.map(({ id }) => id),
  );
}

beforeAll(async () => {
  world = await makeWorld({
    editConsignee: (consignee) => {
      if (consignee['id'] === 'engitech') consignee['quarantines'] = true;
    },
  });
  gateway = await startGateway(world);
  await live();
  await remember();
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
});

const dump = () => everyRow(world.database);

/** All that the sealing key still opens, as text: more than any reader of the API can see. */
async function unsealed(): Promise<string> {
  const sealer = createSealer({
    key: Buffer.from(world.env['WAYBILL_SEALING_KEY'] ?? '', 'base64'),
  });
  const { rows } = await world.db.query<{ leaf: Buffer; detail: Buffer }>(
    'SELECT leaf, detail FROM entries UNION ALL SELECT leaf, detail FROM submissions',
  );
  return rows
    .map((row) => unsealDetail({ openDetail: sealer.open }, row)?.plain)
    .map((plain) => `${plain?.toString('utf8')}\n${plain?.toString('hex')}`)
    .join('\n');
}

const found = (text: string, wanted: readonly string[]) =>
  wanted.filter((trace) => {
    const forms = [trace, Buffer.from(trace).toString('hex')];
    return forms.some((form) => text.includes(form));
  });

test('before: an auditor reads every detail, and a dump with the keys tells whose they are', async () => {
  before = await until('all to be numbered', async () => {
    const { rows } = await world.db.query('SELECT id FROM submissions');
    return rows.length === 0 ? entriesOf(gateway) : null;
  });
  expect(before.filter(({ erased }) => erased)).toEqual([]);
  const subject = traces[0]!;
  expect(before.filter(({ detail }) => detail['subject'] === subject).length).toBeGreaterThan(6);
  const texts = JSON.stringify(before.map(({ detail }) => detail));
  expect(texts.split(words).length).toBeGreaterThanOrEqual(6);
  expect(found(await dump(), traces)).toContain(subject);
  // but not without the person's own key
  expect(found(await unsealed(), [subject, words])).toEqual([]);
});

test('while something of theirs is under way nothing is destroyed', async () => {
  const busy = await erase();
  expect(busy.status).toBe(409);
  const said = (await busy.json()) as { code: string; detail: string };
  expect(said).toMatchObject({ code: 'SUBJECT_BUSY' });
  expect(said.detail).toContain('delivered: 1.');
  expect(found(await dump(), traces)).toContain(traces[0]);
});

test('a reason that holds the identifier is turned away, and so is who may not erase', async () => {
  const named = await erase(person, `asked for by ${person.id}`);
  expect(await named.json()).toMatchObject({
    ...{ status: 400, errors: [{ pointer: '/reason', rule: 'holdsWithheldValue' }] },
  });
  const auditor = await gateway.as('auditor');
  const body = posting({ subject: person, reason: 'because' });
  expect((await auditor.fetch('/v1/subjects/erase', body)).status).toBe(403);
});

test('erased: the answer counts what was destroyed, and so does one entry that names nobody', async () => {
  const emr = await gateway.as('emr');
  await emr.json(`/v1/transfers/${ids.open}/cancel`, posting({}));
  const reply = await erase();
  erasure = (await reply.json()) as typeof erasure;
  expect(erasure).toMatchObject({ erased: true, transfers: 5, results: 2, files: 1 });
  // transfers, results and what lay in quarantine; orders, results and the quarantined one
  expect(erasure).toMatchObject({ payloads: 8, replies: 7 });
  const counts: Record<string, unknown> = { ...erasure };
  for (const name of ['results', 'erased']) delete counts[name];
  const entries = await until('the entry', async () => {
    const seen = await entriesOf(gateway);
    return seen.some(({ kind }) => kind === 'subject-erased') ? seen : null;
  });
  const [entry, ...more] = entries.filter(({ kind }) => kind === 'subject-erased');
  expect(more).toEqual([]);
  expect(entry?.detail).toEqual({
    ...{ actor: { client: 'privacy-officer', kind: 'privacy-officer' }, source: '127.0.0.1' },
    ...{ reason: 'the time of the chart is over', ...counts },
  });
  expect(JSON.stringify(entry)).not.toContain(traces[0]);
  expect(entries.filter(({ erased }) => erased)).toHaveLength(Number(erasure['entries']));
});

test('exactly the details that spoke of this person are gone; the neighbour is untouched', async () => {
  const entries = await entriesOf(gateway);
  const about = ({ detail }: SeenEntry) =>
    detail['subject'] === traces[0] ||
    JSON.stringify(detail).includes(words) ||
    'attachments' in detail;
  const gone = before.filter(about).map(({ index }) => index);
  expect(entries.filter(({ erased }) => erased).map(({ index }) => index)).toEqual(gone);
  for (const { index, detail } of before.filter((entry) => !about(entry))) {
    expect(entries[index]?.detail).toEqual(detail);
  }
  const released = entries.find((one) => one.transfer === ids.neighbour && one.kind === 'released');
  expect(released?.detail['subject']).toMatch(/^[0-9a-f-]{36}$/);
});

test('every proof still holds: the whole ledger, and each entry of the person', async () => {
  expect((await verifyAll(world, gateway)).faults).toEqual([]);
});

test('the trail stays, and says that its details are erased', async () => {
  const officer = await gateway.as('privacy-officer');
  type Read = { kind: string; detail: object | null; erased?: true };
  const trail = await officer.json<{
    transfer: { subject: string | null; status: string; purgedAt: string };
    entries: Read[];
  }>(`/v1/audit/transfers/${ids.taken}`);
  expect(trail.transfer).toMatchObject({ subject: null, status: 'delivered' });
  expect(trail.transfer.purgedAt).not.toBeNull();
  const released = trail.entries.find(({ kind }) => kind === 'released');
  expect(released).toMatchObject({ detail: null, erased: true });
  expect(trail.entries.find(({ kind }) => kind === 'delivered')?.detail).not.toBeNull();
});

test('nothing in a full dump, nor in all that the keys open, ties anything to them', async () => {
  const everything = `${await dump()}\n${await unsealed()}`;
  expect(found(everything, traces)).toEqual([]);
  const { rows } = await world.db.query<{ id: string }>('SELECT id FROM payloads');
  expect(rows.map(({ id }) => id)).toEqual([ids.neighbour]);
  expect((await world.db.query('SELECT FROM attachment_pieces')).rowCount).toBe(0);
});

test('what comes later finds nobody: no result is taken, nothing is delivered again', async () => {
  const vendor = await gateway.as('engitech');
  const late = posted({ transfer: ids.taken, result: workReport }, 'late');
  expect(await answered(vendor.fetch('/v1/results', late))).toMatchObject({
    ...{ status: 409, code: 'RESULT_NOT_EXPECTED' },
  });
  const emr = await gateway.as('emr');
  const again = emr.fetch(`/v1/transfers/${ids.rejected}/redeliver`, posting({}));
  expect(await answered(again)).toMatchObject({ status: 410, code: 'PAYLOAD_PURGED' });
  expect(await (await erase()).json()).toMatchObject({ erased: false, transfers: 0, entries: 0 });
});

test('after a restart it is the same, and an order begins somebody new', async () => {
  await gateway.stop();
  gateway = await startGateway(world);
  expect(found(`${await dump()}\n${await unsealed()}`, traces)).toEqual([]);
  expect((await verifyAll(world, gateway)).faults).toEqual([]);
  const anew = await order(orderFor('areumnuri'), 'cancelled');
  expect(anew).not.toBe(ids.cancelled);
  const { rows } = await world.db.query<{ subject: string }>(
    'SELECT subject FROM transfers WHERE id = $1',
    [anew],
  );
  expect(rows[0]?.subject).not.toBe(traces[0]);
});

test('orders that come while their person is destroyed are served before, or for somebody new', async () => {
  const emr = await gateway.as('emr');
  const about = (key: number) => ({
    ...orderFor('infinite', { chartNumber: `R${key % 2}` }),
    subject: { kind: 'patient', id: `R${key % 2}` },
  });
  const answers: { status?: number; erased?: boolean }[] = [];
  const eraseOne = async (key: number) => {
    const reply = await erase({ kind: 'patient', id: `R${key % 2}` });
    answers.push((await reply.json()) as (typeof answers)[number]);
  };
  await Promise.all([
    ...Array.from({ length: 24 }, async (_, key) => {
      const id = await order(about(key), `r${key}`);
      await emr.fetch(`/v1/transfers/${id}/cancel`, posting({}));
    }),
    ...Array.from({ length: 12 }, (_, key) => eraseOne(key)),
  ]);
  const { rows } = await world.db.query(
    `SELECT id FROM transfers WHERE (subject IS NULL AND status IN ('accepted', 'ready', 'leased'))
       OR (subject IS NOT NULL AND subject NOT IN (SELECT id FROM subjects))`,
  );
  expect(rows).toEqual([]);
  await Promise.all([eraseOne(0), eraseOne(1)]);
  expect(answers.slice(-2).filter(({ status }) => status !== undefined)).toEqual([]);
  expect(answers.filter(({ status = 409 }) => status !== 409)).toEqual([]);
  const erasures = 1 + answers.filter(({ erased }) => erased).length;
  const [entries, counted] = await until('every erasure to be an entry', async () => {
    const seen = await entriesOf(gateway);
    const found = seen.filter(({ kind }) => kind === 'subject-erased');
    return found.length === erasures ? ([seen, found] as const) : null;
  });
  const sum = counted.reduce((total, { detail }) => total + Number(detail['entries']), 0);
  expect(entries.filter(({ erased }) => erased)).toHaveLength(sum);
});

test('the same from the command line, which is told whose by a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-erase-'));
  const [subject, key] = [join(folder, 'subject'), join(folder, 'privacy-officer.jwk.json')];
  writeFileSync(subject, JSON.stringify(neighbour.subject));
  writeFileSync(key, JSON.stringify(world.keys.get('privacy-officer')));
  const { code, output } = await runCommand(world, [
    ...['subject', 'erase', '--subject-file', subject, '--reason', 'asked for in writing'],
    ...['--url', gateway.url, '--client-key', key],
  ]);
  rmSync(folder, { recursive: true });
  expect(output).toContain('"entries":1,"transfers":1,"payloads":1');
  expect(code).toBe(0);
  expect((await world.db.query('SELECT FROM transfers WHERE subject IS NOT NULL')).rowCount).toBe(
    1,
  );
});

test('an order that was under way to the database waits, and is not stored for who is gone', async () => {
  const about = {
    ...orderFor('infinite', { chartNumber: 'R9' }),
    subject: { kind: 'patient', id: 'R9' },
  };
  const subjectOf = async (id: string) => {
    const sql = 'SELECT subject FROM transfers WHERE id = $1';
    return (await world.db.query<{ subject: string | null }>(sql, [id])).rows[0]?.subject;
  };
  const gone = await subjectOf(await order(about, 'r9-first'));
  // who alone sees what others wait for
  const owner = new Client({ connectionString: world.database.superuserUrl });
  await owner.connect();
  await owner.query('BEGIN');
  await owner.query('DELETE FROM subjects WHERE id = $1', [gone]);
  const stored = order(about, 'r9-second');
  await until('the order to wait', async () => {
    const { rows } = await owner.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database()
         AND wait_event_type = 'Lock' AND wait_event = 'transactionid'`,
    );
    return rows.length > 0;
  }).finally(async () => {
    await owner.query('COMMIT');
    await owner.end();
  });
  const subject = await stored.then(subjectOf);
  expect(subject).not.toBe(gone);
  const known = await world.db.query('SELECT FROM subjects WHERE id = $1', [subject]);
  expect(known.rowCount).toBe(1);
});

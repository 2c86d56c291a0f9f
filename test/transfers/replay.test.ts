/** What ended goes once more, for its EMR or for an operator; what is called back does not go. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { redeliverTransfer, replayMissed } from '#src/bin/redeliver.ts';
import type { DeliverySummary } from '#src/transfers/for-operator.ts';
import { entriesOf } from '#test/flows/support.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary, orderFor, posted } from '#test/support/orders.ts';
import {
  answered,
  asOwner,
  claim,
  order,
  posting,
  reached,
  setPaused,
  trailWith,
  transferOf,
} from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;
let lab: ConsigneeServer;

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({
    pushUrls: { samkwang: lab.url, bioage: lab.url, greencross: lab.url },
    editConsignee: (one) => {
      if (one['id'] === 'samkwang') one['retry'] = { scheduleSeconds: [1], timeoutSeconds: 5 };
      if (one['id'] === 'bioage') one['rate'] = { concurrencyMax: 2 };
    },
  });
  gateway = await startGateway(world);
  for (const id of ['samkwang', 'greencross', 'bioage']) await setPaused(gateway, id, true);
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  await lab?.close();
});

async function post(client: string, path: string, body: object = {}) {
  return answered((await gateway.as(client)).fetch(path, posting(body)));
}
const redeliver = (id: string, body: object = {}, client = 'emr') =>
  post(client, `/v1/transfers/${id}/redeliver`, body);
const cancel = (id: string) => post('emr', `/v1/transfers/${id}/cancel`);

const done = { status: 200 };
const notRedeliverable = { status: 409, code: 'NOT_REDELIVERABLE' };

/** A transfer that no consignee takes meanwhile, brought to this end as it would come there. */
async function ended(consignee: string, status: string, attempts = 2): Promise<string> {
  const id = await order(gateway, consignee);
  await reached(gateway, id, 'ready');
  await end([id], status, attempts);
  return id;
}

const end = (ids: readonly string[], status: string, attempts = 2) =>
  asOwner(
    world,
    `UPDATE transfers SET status = $2, attempts = $3, last_outcome = 'http-500',
       settled_at = now(), purge_at = now() + interval '7 days' WHERE id = ANY($1)`,
    [ids, status, attempts],
  );

/** The kinds of a transfer's entries, once this one is among them, without who looked at it. */
async function kindsOf(id: string, awaited: string): Promise<string[]> {
  const { entries } = await trailWith(gateway, id, awaited);
  return entries.map(({ kind }) => kind).filter((kind) => kind !== 'audit-read');
}

describe('a redelivery', () => {
  test('is the same transfer once more, with its schedule from the beginning', async () => {
    lab.answerWith((response) => response.writeHead(500).end());
    const id = await ended('samkwang', 'failed');
    const reason = `asked by ${canary.name}`;
    expect(await redeliver(id, { reason })).toEqual(done);
    expect(await redeliver(id, { reason })).toEqual(done);
    const waiting = { status: 'ready', settledAt: null, attempts: 2, lastOutcome: 'redeliver' };
    expect(await transferOf(gateway, id)).toMatchObject(waiting);
    await setPaused(gateway, 'samkwang', false);
    await until('the third attempt', () => lab.received.length === 1);
    lab.answerWith((response) => response.writeHead(204).end());
    expect(await reached(gateway, id, 'delivered')).toMatchObject({ attempts: 4 });
    expect(await redeliver(id)).toEqual(done);
    await until('the fifth', () => lab.received.length === 3);
    for (const { headers, body } of lab.received) {
      const first = lab.received[0]?.body;
      expect(headers['webhook-id']).toBe(id);
      expect(body).toMatchObject({ record: first?.record, salt: first?.salt });
      expect(body.proof.leaf).toBe(first?.proof.leaf);
    }
    const kinds = ['released', 'redelivered', 'delivered', 'redelivered', 'delivered'];
    const trail = await until('the last delivery', async () => {
      const all = await kindsOf(id, 'delivered');
      return all.length === kinds.length ? all : null;
    });
    expect(trail).toEqual(kinds);
    const { entries } = await trailWith(gateway, id, 'redelivered');
    const entry = entries.find(({ kind }) => kind === 'redelivered');
    expect(entry?.detail).toMatchObject({ outcome: 'redeliver', attempts: 2, reason });
    expect(Buffer.from(entry?.leaf ?? '', 'base64').toString()).not.toContain(canary.name);
  });

  test('is refused for what is called back, replaced, destroyed or another EMR’s', async () => {
    for (const status of ['cancelled', 'withdrawn']) {
      expect(await redeliver(await ended('infinite', status)), status).toEqual(notRedeliverable);
    }
    const id = await ended('infinite', 'rejected');
    expect(await redeliver(id, {}, 'emr-two')).toEqual({ status: 404, code: 'NOT_FOUND' });
    const emr = await gateway.as('emr');
    const better = { ...orderFor('infinite'), replaces: id };
    const later = await emr.json<{ id: string }>('/v1/transfers', posted(better, 'better'));
    expect(await redeliver(id)).toEqual(notRedeliverable);
    await reached(gateway, later.id, 'ready');
    expect(await cancel(later.id)).toEqual(done);
    expect(await redeliver(id)).toEqual(done);
    await end([id], 'delivered');
    await asOwner(world, 'UPDATE transfers SET purged_at = now() WHERE id = $1', [id]);
    expect(await redeliver(id)).toEqual({ status: 410, code: 'PAYLOAD_PURGED' });
  });

  test('is refused of a person who has said stop, and of a relation that ended', async () => {
    const id = await ended('medigene', 'failed');
    const subject = { kind: 'patient', id: canary.chartNumber };
    const stop = { subject, consignees: ['medigene'], reason: 'asked for it' };
    expect(await post('operator', '/v1/subjects/suspend', stop)).toEqual(done);
    expect(await redeliver(id)).toEqual(notRedeliverable);
    expect(await post('operator', '/v1/subjects/resume', stop)).toEqual(done);
    const over = { reason: 'the relation is over' };
    expect(await post('operator', '/v1/contracts/medigene/end', over)).toEqual(done);
    expect([notRedeliverable, { status: 410, code: 'PAYLOAD_PURGED' }]).toContainEqual(
      await redeliver(id),
    );
    const all = { what: 'failed', since: '2026-01-01T00:00:00Z', ...over };
    const reply = await replay('medigene', all);
    expect(reply).toMatchObject({ replayed: 0, waiting: 0, next: null });
  });

  test('by an operator is of any EMR’s, has a reason, and shows nothing of what it holds', async () => {
    const id = await ended('infinite', 'failed');
    const operator = await gateway.as('operator');
    const path = `/v1/transfers/${id}/redeliver`;
    for (const body of [posting({}), { method: 'POST' }]) {
      const refused = await operator.fetch(path, { ...body, headers: { ...body.headers } });
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({
        code: 'INVALID_REQUEST',
        errors: [{ pointer: '/reason', detail: expect.stringMatching(/\w/) as string }],
      });
    }
    expect((await transferOf(gateway, id)).status).toBe('failed');
    const reason = `asked by ${canary.name}`;
    const shown = await operator.json<object>(path, posting({ reason }));
    expect(shown).toMatchObject({ id, consignee: 'infinite', status: 'ready', settledAt: null });
    expect(Object.keys(shown)).not.toEqual(expect.arrayContaining(['released', 'reference']));
    expect(await redeliver(randomUUID(), { reason }, 'operator')).toMatchObject({ status: 404 });
    const { entries } = await trailWith(gateway, id, 'redelivered');
    const actor = { client: 'operator', kind: 'operator' };
    const entry = entries.find(({ kind }) => kind === 'redelivered');
    expect(entry?.detail).toMatchObject({ actor, reason, outcome: 'redeliver' });
  });

  test('leaves the result of what may have arrived the first time welcome', async () => {
    const id = await ended('engitech', 'failed');
    expect(await redeliver(id)).toEqual(done);
    await end([id], 'expired');
    const result = { workReport: { at: '2026-03-03T00:00:00Z', summary: 'Done.' } };
    const vendor = await gateway.as('engitech');
    const returned = vendor.fetch('/v1/results', posted({ transfer: id, result }, 'late'));
    expect(await answered(returned)).toEqual({ status: 201 });
  });
});

describe('a cancellation', () => {
  test('of a redelivery fails where an attempt was made, and holds where none was', async () => {
    const tried = await ended('areumnuri', 'failed', 1);
    const untried = await ended('areumnuri', 'expired', 0);
    for (const id of [tried, untried]) expect(await redeliver(id)).toEqual(done);
    expect(await cancel(tried)).toEqual({ status: 409, code: 'NOT_CANCELLABLE' });
    expect(await cancel(untried)).toEqual(done);
    expect(await cancel(untried)).toEqual(done);
    expect(await redeliver(untried)).toEqual(notRedeliverable);
    const items = await claim(gateway, 'areumnuri');
    expect(items.map(({ transfer }) => transfer)).toEqual([tried]);
    const kinds = ['released', 'redelivered', 'cancelled'];
    expect(await kindsOf(untried, 'cancelled')).toEqual(kinds);
  });

  test('and a claim at the same moment: exactly one of them wins', async () => {
    const sum = { cancelled: 0, claimed: 0 };
    const late = { status: 409, code: 'NOT_CANCELLABLE' };
    for (let round = 0; round < 2; round += 1) {
      const ids = (await upload('lctech', 20)).toSorted();
      const claimed = new Set<string>();
      // Both go through them oldest first, so that they meet at one after the other.
      const claimAll = async () => {
        for (let left = ids.length; left > 0; left -= 1) {
          for (const { transfer } of await claim(gateway, 'lctech', 1)) claimed.add(transfer);
        }
      };
      const cancelAll = async () => {
        const answers = [];
        for (const id of ids) answers.push({ id, answer: await cancel(id) });
        return answers;
      };
      const [, answers] = await Promise.all([claimAll(), cancelAll()]);
      for (const { id, answer } of answers) {
        expect(answer, `round ${round}`).toEqual(claimed.has(id) ? late : done);
      }
      sum.claimed += claimed.size;
      sum.cancelled += ids.length - claimed.size;
    }
    expect(sum.cancelled).toBeGreaterThan(0);
    expect(sum.claimed).toBeGreaterThan(0);
    const { rows } = await until('every end to be in the ledger', async () => {
      const found = await world.db.query<{ kinds: string }>(
        `SELECT string_agg(substring(encode(leaf, 'escape') FROM '"kind":"([a-z]+)"'), ' '
           ORDER BY index) AS kinds
         FROM entries JOIN transfers ON transfers.id = leaf_transfer(leaf)
         WHERE consignee = 'lctech' GROUP BY transfers.id`,
      );
      return found.rows.every(({ kinds }) => kinds !== 'released') ? found : null;
    });
    const both = rows.filter(({ kinds }) => !/^released (cancelled|pulled)$/.test(kinds));
    expect(both).toEqual([]);
  });
});

interface Replay {
  replayed: number;
  waiting: number;
  purged: number;
  refused: number;
  next: string | null;
}

async function replay(consignee: string, body: object): Promise<Replay> {
  const operator = await gateway.as('operator');
  return operator.json<Replay>(`/v1/consignees/${consignee}/replay`, posting(body));
}

const nothing: Replay = { replayed: 0, waiting: 0, purged: 0, refused: 0, next: null };
const why = { reason: 'their outage is over' };

describe('a replay', () => {
  test('brings back what failed since then and nothing else, batch by batch, once', async () => {
    const before = await ended('greencross', 'failed');
    const since = new Date().toISOString();
    await multiply(await ended('greencross', 'failed'), 500);
    const [destroyed, turnedAway, unclaimed] = [
      await ended('greencross', 'failed'),
      await ended('greencross', 'rejected'),
      await ended('greencross', 'expired'),
    ];
    await asOwner(world, 'UPDATE transfers SET purged_at = now() WHERE id = $1', [destroyed]);
    const replaced = await ended('greencross', 'failed');
    const emr = await gateway.as('emr');
    const again = { ...orderFor('greencross'), replaces: replaced };
    await emr.json('/v1/transfers', posted(again, 'again'));
    const ask = { what: 'failed', since, ...why };
    const counts = { ...nothing, replayed: 501, purged: 1, refused: 1 };
    expect(await replay('greencross', ask)).toEqual(counts);
    expect(await replay('greencross', ask)).toEqual({ ...counts, replayed: 0 });
    for (const id of [before, destroyed, replaced]) {
      expect((await transferOf(gateway, id)).status).toBe('failed');
    }
    expect((await transferOf(gateway, turnedAway)).status).toBe('rejected');
    const more = { ...counts, replayed: 1 };
    expect(await replay('greencross', { ...ask, what: 'unacknowledged' })).toEqual(more);
    expect((await transferOf(gateway, unclaimed)).status).toBe('ready');
    const { entries } = await trailWith(gateway, unclaimed, 'redelivered');
    const detail = { outcome: 'replay', actor: { client: 'operator', kind: 'operator' }, ...why };
    expect(entries.find(({ kind }) => kind === 'redelivered')?.detail).toMatchObject(detail);
    await until('an entry each, and no more', async () => {
      const { rows } = await world.db.query<{ count: number }>(
        `SELECT count(*)::integer FROM entries JOIN transfers ON transfers.id = leaf_transfer(leaf)
         WHERE consignee = 'greencross' AND encode(leaf, 'escape') LIKE '%"redelivered"%'`,
      );
      return rows[0]?.count === 502;
    });
  });

  test('goes on by its cursor, which is good for this question only', async () => {
    const since = new Date().toISOString();
    const ids = [];
    for (let count = 0; count < 3; count += 1) ids.push(await ended('eone', 'failed'));
    await setPaused(gateway, 'eone', true);
    const ask = { what: 'failed', since, limit: 2, ...why };
    const first = await replay('eone', ask);
    expect(first).toEqual({ ...nothing, replayed: 2, next: first.next });
    const states = await Promise.all(ids.map(async (id) => (await transferOf(gateway, id)).status));
    expect(states).toEqual(['ready', 'ready', 'failed']);
    const cursor = first.next;
    const other = { ...ask, what: 'unacknowledged', cursor };
    const invalid = { status: 400, code: 'INVALID_CURSOR' };
    expect(await post('operator', '/v1/consignees/eone/replay', other)).toEqual(invalid);
    expect(await replay('eone', { ...ask, cursor })).toEqual({ ...nothing, replayed: 1 });
  });

  test('of an inbox brings back what expired; what was claimed waits by itself', async () => {
    const since = new Date().toISOString();
    const [expired, refused] = [
      await ended('infinite', 'expired'),
      await ended('infinite', 'rejected'),
    ];
    const held = await order(gateway, 'infinite');
    await reached(gateway, held, 'ready');
    await until('it to be claimed', async () =>
      (await claim(gateway, 'infinite')).some(({ transfer }) => transfer === held),
    );
    await asOwner(world, 'UPDATE transfers SET due_at = now() WHERE id = $1', [held]);
    const ask = { what: 'unacknowledged', since, ...why };
    expect(await replay('infinite', ask)).toEqual({ ...nothing, replayed: 1 });
    const items = (await claim(gateway, 'infinite')).map(({ transfer }) => transfer);
    expect(items).toEqual(expect.arrayContaining([expired, held]));
    expect(items).not.toContain(refused);
  });

  test('keeps to the pace of its consignee, and waits while that is paused', async () => {
    const since = new Date().toISOString();
    const ids: string[] = [];
    for (let count = 0; count < 6; count += 1) ids.push(await ended('bioage', 'failed'));
    const pushed = () => lab.received.filter(({ body }) => ids.includes(body.transfer));
    let [open, most] = [0, 0];
    lab.answerWith((response) => {
      open += 1;
      most = Math.max(most, open);
      setImmediate(() => {
        open -= 1;
        response.writeHead(204).end();
      });
    });
    const ask = { what: 'failed', since, ...why };
    expect(await replay('bioage', ask)).toEqual({ ...nothing, replayed: 6 });
    expect(pushed()).toEqual([]);
    await setPaused(gateway, 'bioage', false);
    for (const id of ids) await reached(gateway, id, 'delivered');
    expect(most).toBeLessThanOrEqual(2);
    expect(await replay('bioage', ask)).toEqual(nothing);
  });

  test.each([
    { what: 'failed', since: '2026-01-05T00:00:00Z' },
    { what: 'failed', ...why },
    { what: 'failed', since: '2026-02-30T00:00:00Z', ...why },
    { what: 'rejected', since: '2026-01-05T00:00:00Z', ...why },
    { what: 'failed', since: '2026-01-05T00:00:00Z', limit: 0, ...why },
  ])('of %j is refused', async (body) => {
    const reply = await post('operator', '/v1/consignees/bioage/replay', body);
    expect(reply).toEqual({ status: 400, code: 'INVALID_REQUEST' });
  });

  test('of nobody is not found', async () => {
    const body = { what: 'failed', since: '2026-01-05T00:00:00Z', ...why };
    const reply = await post('operator', '/v1/consignees/nobody/replay', body);
    expect(reply).toEqual({ status: 404, code: 'NOT_FOUND' });
  });
});

describe('the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-replay-'));
  let written = '';

  beforeAll(() => {
    for (const client of ['emr', 'operator']) {
      writeFileSync(join(folder, `${client}.jwk.json`), JSON.stringify(world.keys.get(client)));
    }
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written += String(text);
      return true;
    });
  });
  afterEach(() => void (written = ''));
  afterAll(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  const as = (client: string) => [
    ...['--url', gateway.url, '--client-key', join(folder, `${client}.jwk.json`)],
  ];

  test('redelivers one, and tells why it does not', async () => {
    const id = await ended('eone', 'rejected');
    expect(await redeliverTransfer([id, ...as('emr'), '--reason', 'lost'])).toBe(0);
    expect(written).toBe(`${id} ready\n`);
    await end([id], 'withdrawn');
    await expect(redeliverTransfer([id, ...as('emr')])).rejects.toThrow('NOT_REDELIVERABLE: The');
    await expect(redeliverTransfer(as('emr'))).rejects.toThrow('name the id of a transfer');
  });

  test('replays what a consignee missed, and asks for the reason', async () => {
    const since = new Date().toISOString();
    const id = await ended('eone', 'failed');
    const ask = ['eone', '--what', 'failed', '--since', since, ...as('operator')];
    await expect(replayMissed(ask)).rejects.toThrow('--reason: not given');
    expect(await replayMissed([...ask, '--reason', why.reason])).toBe(0);
    expect(JSON.parse(written)).toEqual({ replayed: 1, waiting: 0, purged: 0, refused: 0 });
    expect((await transferOf(gateway, id)).status).toBe('ready');
  });
});

/** As many more transfers like this one, but for their ids. */
const multiply = (id: string, count: number) =>
  asOwner(
    world,
    `INSERT INTO transfers SELECT copy.* FROM transfers, generate_series(1, $2) AS place,
       LATERAL jsonb_populate_record(transfers,
         jsonb_build_object('id', uuidv7(place * interval '0 s'))) AS copy
     WHERE transfers.id = $1`,
    [id, count],
  );

let uploads = 0;

/** Many orders at once; the ids of their transfers, once all are ready. */
async function upload(consignee: string, count: number): Promise<string[]> {
  uploads += 1;
  const lines = Array.from({ length: count }, (_, at) =>
    JSON.stringify({ key: `many-${uploads}-${at}`, ...orderFor(consignee) }),
  );
  const emr = await gateway.as('emr');
  const headers = { 'content-type': 'application/x-ndjson' };
  const body = `${lines.join('\n')}\n`;
  const reply = await emr.fetch('/v1/transfers/batch', { method: 'POST', headers, body });
  const answers = (await reply.text()).trim().split('\n');
  const ids = answers.map((line) => (JSON.parse(line) as { id: string }).id);
  await until('all to be ready', async () => {
    const sql = "SELECT FROM transfers WHERE id = ANY($1) AND status = 'ready'";
    return (await world.db.query(sql, [ids])).rowCount === count;
  });
  return ids;
}

describe('the list of deliveries', () => {
  const path = (state: string, more = '') =>
    `/v1/consignees/mediage/deliveries?state=${state}${more}`;

  /** All of it, page by page. */
  async function list(state: string, limit = 2): Promise<DeliverySummary[]> {
    const auditor = await gateway.as('auditor');
    const all: DeliverySummary[] = [];
    for (let cursor = ''; ;) {
      type Page = { items: DeliverySummary[]; next: string | null };
      const page = await auditor.json<Page>(path(state, `&limit=${limit}${cursor}`));
      all.push(...page.items);
      if (page.next === null) return all;
      expect(page.items).toHaveLength(limit);
      cursor = `&cursor=${page.next}`;
    }
  }

  test('shows what waits by when it is due, and what failed by when it ended', async () => {
    await setPaused(gateway, 'mediage', true);
    const first = await ended('mediage', 'failed');
    await multiply(first, 9);
    const { rows } = await world.db.query<{ id: string }>(
      `SELECT id FROM transfers WHERE consignee = 'mediage' ORDER BY id`,
    );
    const ids = rows.map(({ id }) => id);
    expect(ids[0]).toBe(first);
    // Due a microsecond apart, backwards; one that is leased; two that ended in one moment.
    await asOwner(
      world,
      `UPDATE transfers SET status = CASE place WHEN 5 THEN 'leased' ELSE 'ready' END,
         due_at = '2030-01-01T00:00:00.123Z'::timestamptz - place * interval '1 microsecond',
         settled_at = NULL, purge_at = NULL
       FROM unnest($1::uuid[]) WITH ORDINALITY AS one (id, place) WHERE transfers.id = one.id`,
      [ids.slice(0, 5)],
    );
    const states = ['rejected', 'failed', 'expired', 'delivered', 'withdrawn'];
    await asOwner(
      world,
      `UPDATE transfers SET status = one.status, settled_at = '2026-01-01T00:00:00Z'
       FROM unnest($1::uuid[], $2::text[]) AS one (id, status) WHERE transfers.id = one.id`,
      [ids.slice(5), states],
    );
    const waiting = await list('waiting');
    expect(waiting.map(({ id }) => id)).toEqual(ids.slice(0, 5).toReversed());
    expect(waiting.map(({ status }) => status)).toEqual([
      'leased',
      'ready',
      'ready',
      'ready',
      'ready',
    ]);
    const failed = await list('failed');
    expect(failed.map(({ id }) => id)).toEqual(ids.slice(5, 8).toReversed());
    expect(failed[0]).toEqual({
      ...{ id: ids[7], consignee: 'mediage', status: 'expired', attempts: 2, dueAt: null },
      ...{ lastOutcome: 'http-500', settledAt: '2026-01-01T00:00:00.000Z', purgedAt: null },
      ...{ createdAt: failed[0]?.createdAt, expiresAt: failed[0]?.expiresAt },
    });
    const now = `UPDATE transfers SET settled_at = now() - $2::interval WHERE id = $1`;
    await asOwner(world, now, [ids[5], '6 days']);
    await asOwner(world, now, [ids[6], '8 days']);
    const shown = await (await gateway.as('operator')).json('/v1/consignees/mediage');
    expect(shown).toMatchObject({ waiting: 5, failed: 1 });
    expect(waiting[0]).toMatchObject({ dueAt: '2030-01-01T00:00:00.122Z', settledAt: null });
    expect(await list('waiting', 5)).toEqual(waiting);
  });

  test('has cursors that are good for it alone', async () => {
    const auditor = await gateway.as('auditor');
    const { next } = await auditor.json<{ next: string }>(path('waiting', '&limit=2'));
    const invalid = { status: 400, code: 'INVALID_CURSOR' };
    for (const other of [path('failed'), path('waiting').replace('mediage', 'eone')]) {
      expect(await answered(auditor.fetch(`${other}&cursor=${next}`))).toEqual(invalid);
    }
    const operator = await gateway.as('operator');
    expect(await answered(operator.fetch(path('waiting', `&cursor=${next}`)))).toEqual(invalid);
    const nobody = path('waiting').replace('mediage', 'nobody');
    expect(await answered(auditor.fetch(nobody))).toEqual({ status: 404, code: 'NOT_FOUND' });
    expect((await auditor.fetch('/v1/consignees/mediage/deliveries')).status).toBe(400);
  });
});

describe('trying now', () => {
  const retry = (body: object, consignee = 'mediage') =>
    post('operator', `/v1/consignees/${consignee}/retry`, body);
  const due = async () => {
    const { rows } = await world.db.query<{ id: string }>(
      `SELECT id FROM transfers WHERE consignee = 'mediage' AND status = 'ready'
         AND due_at < now() + interval '10 minutes' ORDER BY due_at`,
    );
    return rows.map(({ id }) => id);
  };
  const dueOf = async (body: object) =>
    (await gateway.as('operator')).json('/v1/consignees/mediage/retry', posting(body));
  const said = async () => {
    const all = await entriesOf(gateway);
    return all.filter(({ kind }) => kind === 'consignee-retried');
  };
  const reason = `they are back, says ${canary.name}`;

  test('of one transfer makes that one due, with an entry of its own', async () => {
    const waiting = await world.db.query<{ id: string }>(
      `SELECT id FROM transfers WHERE consignee = 'mediage' AND status = 'ready' ORDER BY id`,
    );
    const [first, second] = waiting.rows;
    expect(await dueOf({ reason, transfer: second?.id })).toEqual({ due: 1 });
    expect(await due()).toEqual([second?.id]);
    expect(await dueOf({ reason, transfer: second?.id })).toEqual({ due: 0 });
    const notFound = { status: 404, code: 'NOT_FOUND' };
    expect(await retry({ reason, transfer: first?.id }, 'eone')).toEqual(notFound);
    expect(await retry({ reason }, 'nobody')).toEqual(notFound);
    expect((await retry({})).status).toBe(400);
    const { entries } = await trailWith(gateway, second?.id ?? '', 'consignee-retried');
    const own = entries.filter(({ kind }) => kind === 'consignee-retried');
    expect(own).toHaveLength(1);
    expect(own[0]?.detail).toMatchObject({
      ...{ actor: { client: 'operator', kind: 'operator' }, reason, due: 1 },
    });
    expect(Buffer.from(own[0]?.leaf ?? '', 'base64').toString()).not.toContain(canary.name);
  });

  test('of all hurries the others, once, and goes around no pause', async () => {
    expect(await dueOf({ reason })).toEqual({ due: 3 });
    expect(await due()).toHaveLength(4);
    expect(await dueOf({ reason })).toEqual({ due: 0 });
    const entries = await until('its entry', async () => {
      const found = await said();
      return found.length === 2 ? found : null;
    });
    expect(entries[1]).toMatchObject({ detail: { reason, due: 3 } });
    const { rows } = await world.db.query<{ count: number }>(
      `SELECT count(*)::integer FROM transfers
       WHERE consignee = 'mediage' AND status = 'ready' AND attempts = 2`,
    );
    expect(rows).toEqual([{ count: 4 }]);
  });
});

/** Reviews: what happened in a period is counted from the ledger, and signed once. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompactSign, importJWK, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalBytes, sha256 } from '#src/base/canonical.ts';
import { GatewayError } from '#src/base/errors.ts';
import { daysAfter, seoulDate } from '#src/base/seoul.ts';
import { makeEntry } from '#src/ledger/entry.ts';
import { createLedgerReader } from '#src/ledger/read.ts';
import type { Activity } from '#src/oversight/activity.ts';
import { periodAt, type Period } from '#src/oversight/period.ts';
import { countActivity } from '#src/oversight/review-counting.ts';
import { reviewClaims, reviewType, signReview, type SignDeps } from '#src/oversight/review-sign.ts';
import {
  listReviews,
  openReview,
  overdueReviews,
  type ReviewStanding,
} from '#src/oversight/review.ts';
import type { ReviewView } from '#src/oversight/review-view.ts';
import { createSealer } from '#src/sealing/seal.ts';
import { openDatabase } from '#src/store/pool.ts';
import { entriesOf, runCommand } from '#test/flows/support.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary, orderFor, posted } from '#test/support/orders.ts';
import { answered, asOwner, claim, order, posting } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;
let deps: SignDeps;
let openDetail: (sealed: Buffer, aad: Buffer) => Buffer;

const today = seoulDate(Date.now());
const current = periodAt('monthly', today);
const before = (period: Period) => periodAt('monthly', daysAfter(period.from, -1));
/** Whole months before this one; the ledger's first entry is made to lie in the oldest. */
const [last, older, oldest] = [current, current, current].map((one, back) => {
  let period = before(one);
  for (let more = 0; more < back; more += 1) period = before(period);
  return period;
}) as [Period, Period, Period];

beforeAll(async () => {
  world = await makeWorld();
  gateway = await startGateway(world);
  await until('it to be ready', async () => (await fetch(`${gateway.url}/readyz`)).ok);
  const { db } = world;
  const sealer = createSealer({
    key: Buffer.from(world.env['WAYBILL_SEALING_KEY'] ?? '', 'base64'),
  });
  openDetail = sealer.open;
  deps = {
    ...{ db, sealer, clock: { now: () => new Date(), today: () => today } as SignDeps['clock'] },
    ledger: createLedgerReader({ db, openDetail }),
    reviewing: { cycle: 'monthly', overdueDays: 10, open: { from: 420, to: 1_260 } },
    makeEntry: (input) => makeEntry({ sealDetail: sealer.seal, randomBytes }, input),
    clients: { find: () => Promise.resolve(undefined) },
    ...{ assertOpen: () => undefined, onSubmitted: () => undefined },
  };
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
});

async function get<Body>(path: string, client = 'privacy-officer'): Promise<Body> {
  return (await gateway.as(client)).json<Body>(path);
}

const review = (name: string) => get<ReviewView>(`/v1/audit/reviews/${name}`);
const list = async () => (await get<{ items: ReviewStanding[] }>('/v1/audit/reviews')).items;

describe('counting', () => {
  test('is of every entry once, however many count, and from nothing again the same', async () => {
    for (const consignee of ['samkwang', 'samkwang', 'engitech']) await order(gateway, consignee);
    const emr = await gateway.as('emr');
    const incomplete = orderFor('samkwang', { name: undefined });
    for (const key of ['a', 'b']) {
      expect((await emr.fetch('/v1/transfers', posted(incomplete, key))).status).toBe(422);
    }
    const { size } = await until('all of it to be covered and counted', async () => {
      const { size } = await deps.ledger.latestCheckpoint();
      const counted = await sum();
      return counted === size && (await kinds())['refused'] === 2 ? { size } : null;
    });
    const counts = await kinds();
    expect(counts).toMatchObject({ released: 3, refused: 2 });
    await asOwner(world, 'UPDATE activity_mark SET next = 0');
    await asOwner(world, 'TRUNCATE activity_days, activity_items, audit_reads');
    const rounds = async () => {
      while ((await sum()) < size) await countActivity(deps);
    };
    await Promise.all([rounds(), rounds(), rounds()]);
    expect(await kinds()).toEqual(counts);
    expect(await sum()).toBe(size);
  });

  test('goes on while an order is stored, with no second connection', async () => {
    const db = openDatabase({ url: world.database.url, sizeMax: 1 });
    const alone = { ...deps, db, ledger: createLedgerReader({ db, openDetail }) };
    try {
      await world.db.transaction(async (storing) => {
        await storing.query("SELECT hold_hmac_key('any')");
        await until('it to be counted here', async () => {
          await asOwner(
            world,
            `TRUNCATE activity_days, activity_items, audit_reads;
             UPDATE activity_mark SET next = 0`,
          );
          return (await countActivity(alone)) > 0;
        });
      });
    } finally {
      await db.end();
    }
  });

  const sum = async (): Promise<number> => {
    const { rows } = await world.db.query<{ sum: number | null }>(
      'SELECT sum(count)::bigint AS sum FROM activity_days',
    );
    return rows[0]?.sum ?? 0;
  };
  const kinds = async () =>
    (await openReview(deps, current.name)).shown.counts.reduce(
      (all: Record<string, number>, { kind, count }) => ({
        ...all,
        [kind]: (all[kind] ?? 0) + count,
      }),
      {},
    );
});

describe('an open period', () => {
  test('tells who read whose records, why orders were refused, and cannot be signed', async () => {
    const [found] = (await get<{ items: { id: string }[] }>('/v1/audit/transfers')).items;
    const auditor = await gateway.as('auditor');
    for (let times = 0; times < 5; times += 1) {
      await auditor.json(`/v1/audit/transfers/${found?.id}`);
    }
    await until('the trails to be counted', async () => {
      const { shown } = await openReview(deps, current.name);
      return shown.anomalies.some(({ rule }) => rule === 'SUBJECT_READ_OFTEN');
    });
    const shown = await review(current.name);
    expect(shown).toMatchObject({ state: 'open', summary: null, signed: null });
    expect(shown.accesses).toContainEqual(
      expect.objectContaining({ client: 'auditor', person: null, what: 'trail', count: 5 }),
    );
    expect(shown.refusals).toEqual([{ client: 'emr', reason: 'REQUIRED_ITEM_MISSING', count: 2 }]);
    const samkwang = shown.consignees.find(({ consignee }) => consignee === 'samkwang');
    expect(samkwang?.kinds).toMatchObject({ released: 2 });
    const again = shown.anomalies.find(({ rule }) => rule === 'SUBJECT_READ_OFTEN');
    expect(again).toMatchObject({ facts: { who: 'auditor', count: 5 } });
    expect(again?.entries).toHaveLength(5);
    expect(JSON.stringify(shown)).not.toMatch(new RegExp(Object.values(canary).join('|')));
    const said = { summary: 'A'.repeat(43) + '=', findings: 'None.', measures: 'None.' };
    expect(await sent({ ...said, period: current.name })).toEqual({
      status: 409,
      code: 'PERIOD_OPEN',
    });
  });
});

describe('activity', () => {
  test('is told by day and consignee, and what was acknowledged as delivered', async () => {
    const vendor = await gateway.as('engitech');
    const [taken] = await claim(gateway, 'engitech');
    const body = posting({ lease: taken?.lease.token });
    await vendor.json(`/v1/inbox/${taken?.transfer}/ack`, body);
    const unknown = posted({ ...orderFor('samkwang'), consignee: 'nobody' }, 'nobody');
    expect((await (await gateway.as('emr')).fetch('/v1/transfers', unknown)).status).toBe(422);
    const [yesterday, before] = [daysAfter(today, -1), daysAfter(today, -7)];
    const row = `INSERT INTO activity_days VALUES ($1::date, 'failed', 's1', '', '', $2, 4)`;
    for (const day of [yesterday, before]) {
      for (const off of [true, false]) await asOwner(world, row, [day, off]);
    }
    const found = await until('all of it to be counted', async () => {
      const said = await get<Activity>('/v1/activity?days=7', 'operator');
      const mine = said.items.some(({ delivered }) => delivered > 0);
      return said.behind === 0 && mine ? said : null;
    });
    await asOwner(world, 'DELETE FROM activity_days WHERE day < $1', [today]);
    const none = { released: 0, refused: 0, delivered: 0, rejected: 0, failed: 0, expired: 0 };
    const nothing = { ...none, ...{ cancelled: 0, withdrawn: 0, redelivered: 0, results: 0 } };
    const rest = { ...nothing, resultsRefused: 0, resultsCollected: 0 };
    expect({ ...found, countedAt: null }).toEqual({
      ...{ from: daysAfter(today, -6), to: today, countedAt: null, behind: 0 },
      items: [
        { ...rest, day: yesterday, consignee: 's1', failed: 8 },
        { ...rest, day: today, consignee: null, refused: 1 },
        { ...rest, day: today, consignee: 'engitech', released: 1, delivered: 1 },
        { ...rest, day: today, consignee: 'samkwang', released: 2, refused: 2 },
      ],
    });
    expect(Date.now() - Date.parse(found.countedAt ?? '')).toBeLessThan(600_000);
  });
});

async function sent(body: object, client = 'privacy-officer') {
  return answered((await gateway.as(client)).fetch('/v1/audit/reviews', posting(body)));
}

async function signed(
  view: ReviewView,
  change: { key?: JWK; typ?: string; anomalies?: number; findings?: string } = {},
) {
  const key = change.key ?? world.keys.get('privacy-officer') ?? {};
  const said = {
    ...{ period: view.period, summary: view.summary ?? '' },
    ...{ findings: 'One export, asked for by the inspector.', measures: 'None needed.' },
  };
  const claims = reviewClaims(said, change.anomalies ?? view.anomalies.length);
  const signature = await new CompactSign(claims)
    .setProtectedHeader({ alg: key.alg ?? '', typ: change.typ ?? reviewType })
    .sign(await importJWK(key, key.alg));
  return { ...said, ...(change.findings ? { findings: change.findings } : {}), signature };
}

describe('a period that has ended', () => {
  beforeAll(async () => {
    // The ledger began three months ago, and counted this in the months since.
    const at = `${oldest.from}T03:00:00Z`;
    await asOwner(world, 'UPDATE checkpoints SET signed_at = $1 WHERE size > 0', [at]);
    const day = (period: Period, kind: string, who: string, why: string, count: number) =>
      asOwner(
        world,
        `INSERT INTO activity_days VALUES ($1::date, $2, 'samkwang', $3, $4, false, $5)`,
        [period.from, kind, who, why, count],
      );
    for (const period of [oldest, older, last]) await day(period, 'released', 'emr', '', 90);
    await day(last, 'refused', 'emr', 'SUBJECT_MISMATCH', 4);
    await asOwner(
      world,
      `INSERT INTO audit_reads VALUES (1, $1, 'exported', 'auditor', 'csv', NULL, 1200)`,
      [`${last.from}T03:00:00Z`],
    );
  });

  test('is due, then overdue for as long as nobody signs, and delays nothing', async () => {
    const all = await list();
    expect(all.map(({ period }) => period)).toEqual(
      [current, last, older, oldest].map(({ name }) => name),
    );
    const expected = (period: Period) => (today > daysAfter(period.to, 10) ? 'overdue' : 'due');
    expect(all.map(({ state }) => state)).toEqual(['open', ...[last, older, oldest].map(expected)]);
    const overdue = await overdueReviews(deps);
    expect(overdue.slice(0, 2)).toEqual([oldest.name, older.name]);
    const ready = await fetch(`${gateway.url}/readyz`);
    expect(ready.status).toBe(200);
    const { checks } = (await ready.json()) as { checks: { reviews: unknown } };
    const detail = `Reviews that are overdue: ${overdue.join(', ')}.`;
    expect(checks.reviews).toEqual({ ok: true, detail });
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain(`waybill_review_overdue ${overdue.length}\n`);
  });

  test('waits for an export that may still go on, for as long as one may', async () => {
    const endMs = Date.parse(`${daysAfter(last.to, 1)}T00:00:00+09:00`);
    await asOwner(
      world,
      `INSERT INTO audit_reads VALUES (2, $1, 'exported', 'auditor', 'csv', NULL, NULL, uuidv7())`,
      [new Date(endMs - 60_000)],
    );
    const summaryAfter = async (minutes: number) => {
      const now = () => new Date(endMs + minutes * 60_000);
      return (await openReview({ ...deps, clock: { ...deps.clock, now } }, last.name)).summary;
    };
    expect(await summaryAfter(10)).toBeNull();
    expect(await summaryAfter(90)).not.toBeNull();
    await asOwner(world, 'UPDATE audit_reads SET found = 7 WHERE entry = 2');
    expect(await summaryAfter(10)).not.toBeNull();
    await asOwner(world, 'DELETE FROM audit_reads WHERE entry = 2');
  });

  test('is signed over exactly what was shown, by a key of the reviewer, and by no other', async () => {
    const view = await review(last.name);
    expect(sha256(Buffer.from(view.basis)).toString('base64')).toBe(view.summary);
    expect(canonicalBytes(JSON.parse(view.basis)).toString()).toBe(view.basis);
    expect(view.anomalies.map(({ rule }) => rule)).toEqual(['MIXED_UP_PERSON', 'EXPORT_LARGE']);
    const body = await signed(view);
    const refused = { status: 422, code: 'INVALID_SIGNATURE' };
    const forged = [
      { ...body, signature: undefined },
      { ...body, findings: 'Nothing at all.' },
      { ...body, measures: 'Nothing at all.' },
      await signed(view, { anomalies: 0 }),
      await signed(view, { typ: 'JWT' }),
      await signed(view, { key: world.keys.get('auditor') ?? {} }),
    ];
    for (const one of forged) expect(await sent(one)).toEqual(refused);
    expect(await sent(body, 'auditor')).toEqual(refused);
    const other = { ...body, summary: Buffer.alloc(32).toString('base64') };
    expect(await sent(other)).toEqual({ status: 409, code: 'REVIEW_CHANGED' });
    expect(await sent({ ...body, period: '1999-01' })).toEqual({ status: 404, code: 'NOT_FOUND' });
    // Two at once: one of them signs.
    const replies = await Promise.all([sent(body), sent(body)]);
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(await sent(body)).toEqual({ status: 409, code: 'ALREADY_REVIEWED' });
  });

  test('that is signed shows what was signed, also when more is found out later', async () => {
    const insert = `INSERT INTO activity_days VALUES ($1::date, 'released', 's1', 'emr', '', true, 7)`;
    await asOwner(world, insert, [last.to]);
    const view = await review(last.name);
    expect(view).toMatchObject({
      ...{ state: 'signed', findings: 'One export, asked for by the inspector.' },
      signed: { client: 'privacy-officer', person: null, anomalies: 2 },
    });
    expect(view.consignees.map(({ consignee }) => consignee)).toEqual(['samkwang']);
    expect(sha256(Buffer.from(view.basis)).toString('base64')).toBe(view.summary);
  });

  test('leaves an entry that holds words, sum and signature, sealed', async () => {
    const [entry, ...more] = await until('the entry', async () => {
      const entries = await entriesOf(gateway);
      const own = entries.filter(({ kind }) => kind === 'review-signed');
      return own.length > 0 ? own : null;
    });
    expect(more).toEqual([]);
    const { summary, signature, signer } = await review(last.name);
    expect(entry?.detail).toMatchObject({
      ...{ period: last.name, summary, anomalies: 2, jws: signature, signer },
      ...{ findings: 'One export, asked for by the inspector.', measures: 'None needed.' },
    });
    const rows = await world.db.query<{ dump: string }>(
      'SELECT reviews::text AS dump FROM reviews',
    );
    expect(rows.rows[0]?.dump).not.toContain('inspector');
  });

  test('is signed by a person without a key: the session says who it was', async () => {
    const { summary, shown } = await openReview(deps, older.name);
    const said = {
      ...{ period: older.name, summary: summary?.toString('base64') ?? '' },
      ...{ findings: 'Nothing unusual.', measures: 'None.' },
    };
    const actor = { client: 'console', role: 'privacy-officer', person: 'staff-7f3k' } as const;
    const withKey = signReview(deps, { actor, said: { ...said, signature: 'e30.e30.AAAA' } });
    await expect(withKey).rejects.toThrow(new GatewayError('INVALID_SIGNATURE'));
    expect(await signReview(deps, { actor, said })).toMatchObject({
      ...{ period: older.name, state: 'signed' },
      signed: { client: 'console', person: 'staff-7f3k', anomalies: shown.anomalies.length },
    });
  });

  test('of another cycle counts as signed where signed months cover it', async () => {
    const days = { clock: deps.clock, db: deps.db };
    const quarters = await listReviews({
      ...days,
      reviewing: { ...deps.reviewing, cycle: 'weekly' },
    });
    const inside = quarters.filter(({ from, to }) => from >= older.from && to <= last.to);
    expect(inside.length).toBeGreaterThan(4);
    const weeks = inside.filter(({ period }) => period.includes('W'));
    expect(new Set(weeks.map(({ state }) => state))).toEqual(new Set(['signed']));
    expect(quarters.map(({ period }) => period)).toContain(last.name);
  });
});

test('whose records were read is forgotten with the person', async () => {
  const reads = async () => {
    const { rows } = await world.db.query<{ all: number; known: number }>(
      'SELECT count(*) AS all, count(subject) AS known FROM audit_reads',
    );
    return rows[0]!;
  };
  const before = await reads();
  expect(before.known).toBeGreaterThanOrEqual(5);
  await world.db.query('DELETE FROM subjects');
  const after = await reads();
  expect(after.known).toBe(0);
  expect(after.all).toBeGreaterThanOrEqual(before.all);
});

test('the command shows a period, and signs what it showed', async () => {
  const key = join(world.consigneesDir, '..', 'privacy-officer.jwk.json');
  writeFileSync(key, JSON.stringify(world.keys.get('privacy-officer')));
  const findings = join(world.consigneesDir, '..', 'findings.txt');
  writeFileSync(findings, '이상 없음\n');
  const caller = ['--url', gateway.url, '--client-key', key];
  const shown = await runCommand(world, ['review', 'show', oldest.name, '--lang', 'ko', ...caller]);
  expect(shown.output).toContain('이상 징후');
  const summary = /^summary (\S+)$/m.exec(shown.output)?.[1] ?? '';
  const files = ['--findings-file', findings, '--measures-file', findings];
  const sign = ['review', 'sign', oldest.name, ...caller, ...files, '--summary'];
  const done = await runCommand(world, [...sign, summary]);
  expect(done).toMatchObject({ code: 0, output: expect.stringContaining(oldest.name) as string });
  expect((await review(oldest.name)).findings).toBe('이상 없음');
});

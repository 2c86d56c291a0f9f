/** A day held against what the EMR and the consignees have of it: nothing can be missing unseen. */
import { createHash, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seoulDate } from '#src/base/seoul.ts';
import { idTime, newId } from '#src/base/ids.ts';
import { idSetOf } from '#src/oversight/id-sets.ts';
import type { Reconciliation } from '#src/oversight/reconcile.ts';
import { entriesOf, runCommand } from '#test/flows/support.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary, orderFor, posted } from '#test/support/orders.ts';
import { asOwner, order, posting, reached } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;
let lab: ConsigneeServer;
let [pushed, pulled, waiting, foreign] = ['', '', '', ''];
let day = '';

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: lab.url } });
  gateway = await startGateway(world);
  pushed = await order(gateway, 'samkwang');
  pulled = await order(gateway, 'engitech');
  waiting = await order(gateway, 'infinite');
  const other = await gateway.as('emr-two');
  const body = posted(orderFor('engitech'), 'of another EMR');
  foreign = (await other.json<{ id: string }>('/v1/transfers', body)).id;
  await reached(gateway, pushed, 'delivered');
  await reached(gateway, pulled, 'ready');
  await take('engitech', pulled);
  // Whatever midnight does meanwhile: the day is read off the ids.
  day = seoulDate(idTime(pushed));
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  await lab?.close();
});

/** Claims all that waits for a consignee, and acknowledges the one. */
async function take(consignee: string, id: string): Promise<void> {
  const vendor = await gateway.as(consignee);
  const { items } = await vendor.json<{ items: { transfer: string; lease: { token: string } }[] }>(
    '/v1/inbox/claim',
    posting({ limit: 10, leaseSeconds: 300 }),
  );
  const lease = items.find(({ transfer }) => transfer === id)?.lease.token;
  await vendor.json(`/v1/inbox/${id}/ack`, posting({ lease }));
}

async function compare(as: string, ask: object): Promise<Reconciliation> {
  const caller = await gateway.as(as);
  const body = posting({ what: 'transfers', day, ...ask });
  return caller.json<Reconciliation>('/v1/audit/reconciliations', body);
}

async function refused(as: string, ask: object): Promise<unknown> {
  const caller = await gateway.as(as);
  const body = posting({ what: 'transfers', day, ...ask });
  const reply = await caller.fetch('/v1/audit/reconciliations', body);
  const { code, errors } = (await reply.json()) as { code: string; errors: unknown };
  return { status: reply.status, code, errors };
}

const digestOf = (...ids: string[]) =>
  createHash('sha256')
    .update(ids.map((id) => `${id}\n`).join(''))
    .digest('base64');

describe('a day compared', () => {
  test('agrees with the EMR that sent it, by count, digest and id', async () => {
    const ids = [waiting, pulled, pushed];
    const have = { count: 3, digest: digestOf(...ids.toSorted()) };
    const found = await compare('emr', { have, ids });
    expect(found).toMatchObject({ ...have, agrees: true, agreed: 3, ledger: null });
    expect(found.onlyHere.count + found.onlyThere.count).toBe(0);
    expect(found.groups.map(({ consignee }) => consignee)).toEqual([
      ...['engitech', 'infinite', 'samkwang'],
    ]);
    const [group] = found.groups;
    expect(group).toMatchObject({ count: 1, digest: digestOf(pulled) });
    const hour = Math.floor((idTime(pulled) - Date.parse(`${day}T00:00:00+09:00`)) / 3_600_000);
    expect(group!.hours).toEqual([{ hour, count: 1, digest: digestOf(pulled) }]);
  });

  test('tells an EMR what it forgot, and what the gateway never had', async () => {
    const stranger = newId(new Date(idTime(pushed)));
    const old = newId(new Date('2024-02-29T12:00:00Z'));
    const found = await compare('emr', { ids: [pushed, stranger, old, foreign] });
    expect(found).toMatchObject({ agrees: false, agreed: 1 });
    expect(found.onlyHere.items.map(({ id, status }) => [id, status])).toEqual([
      [pulled, 'delivered'],
      [waiting, 'ready'],
    ]);
    // Another EMR's transfer is as unknown as one that never was (law 7).
    expect(found.onlyThere.items).toEqual(
      [stranger, foreign, old].toSorted().map((id) => {
        return { id, why: id === old ? 'OTHER_TIME' : 'UNKNOWN', status: null };
      }),
    );
  });

  test('holds what arrived against what a consignee has, and shows it nothing of others', async () => {
    const agreed = await compare('engitech', { ids: [pulled] });
    expect(agreed).toMatchObject({ side: 'consignee', consignee: 'engitech', agrees: true });
    const early = await compare('infinite', { ids: [waiting, pushed] });
    expect(early.onlyThere.items).toEqual(
      [waiting, pushed].toSorted().map((id) => {
        const known = id === waiting;
        const status = known ? 'ready' : null;
        return { id, why: known ? 'NOT_DELIVERED' : 'UNKNOWN', status };
      }),
    );
    expect(early.count).toBe(0);
    for (const ask of [{ consignee: 'samkwang' }, { side: 'emr' }, { client: 'emr' }]) {
      expect(await refused('engitech', ask)).toMatchObject({ code: 'INVALID_REQUEST' });
    }
    for (const ask of [{ client: 'emr-two' }, { side: 'consignee' }]) {
      expect(await refused('emr', ask)).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
    }
  });

  test('is one of its own kind for results', async () => {
    const vendor = await gateway.as('engitech');
    const result = { workReport: { at: '2026-01-05T02:00:00Z', summary: 'Done.' } };
    const returned = posted({ transfer: pulled, result }, randomUUID());
    const { id } = await vendor.json<{ id: string }>('/v1/results', returned);
    const ask = { what: 'results', day: seoulDate(idTime(id)), ids: [id] };
    expect(await compare('engitech', ask)).toMatchObject({ agrees: true, agreed: 1 });
    const uncollected = await compare('emr', ask);
    expect(uncollected.onlyThere.items).toMatchObject([{ id, why: 'NOT_COLLECTED' }]);
  });

  test('leaves an entry that names the day and the numbers, and no id', async () => {
    await compare('emr', { ids: [pushed] });
    const kept = await until('the comparison to be covered', async () => {
      const all = (await entriesOf(gateway)).filter(({ kind }) => kind === 'reconciled');
      return all.find(({ detail }) => detail['agreed'] === 1 && detail['differing'] === 2) ?? null;
    });
    expect(kept.detail).toMatchObject({
      actor: { client: 'emr' },
      query: { what: 'transfers', day, hour: null, side: 'emr', client: 'emr', consignee: null },
    });
    expect(JSON.stringify(kept)).not.toContain(pushed);
  });

  test('that is none, or has not begun, is refused', async () => {
    const rule = (name: string) => ({ code: 'INVALID_REQUEST', errors: [{ rule: name }] });
    expect(await refused('auditor', { day: '2026-02-30' })).toMatchObject(rule('notADate'));
    expect(await refused('auditor', { day: '2999-01-01' })).toMatchObject(rule('inTheFuture'));
  });
});

describe('an auditor', () => {
  test('compares in the name of either side, and all clients at once', async () => {
    const all = await compare('auditor', {});
    expect(all).toMatchObject({ side: 'emr', count: 4, agrees: null });
    expect(all.ledger).toMatchObject({ count: 4, missingRows: [], missingEntries: [] });
    const arrived = await compare('auditor', { side: 'consignee', ids: [pushed, pulled] });
    expect(arrived).toMatchObject({ count: 2, agrees: true });
    const other = await compare('auditor', { consignee: 'infinite', ids: [waiting, pushed] });
    expect(other.onlyThere.items).toMatchObject([{ id: pushed, why: 'OTHER_CONSIGNEE' }]);
    expect(other.ledger).toMatchObject({ count: 1 });
  });

  test('sees a row that was deleted, and one that was never released', async () => {
    const forged = newId(new Date(idTime(waiting)));
    await asOwner(
      world,
      `INSERT INTO transfers SELECT (jsonb_populate_record(NULL::transfers,
         to_jsonb(t) || jsonb_build_object('id', $2::text))).* FROM transfers t WHERE id = $1`,
      [pushed, forged],
    );
    await asOwner(world, 'DELETE FROM transfers WHERE id = $1', [waiting]);
    const { ledger } = await compare('auditor', {});
    expect(ledger).toMatchObject({ missingRows: [waiting], missingEntries: [forged] });
  });
});

test('the command tells what differs, and ends with 1 when something does', async () => {
  const file = join(world.consigneesDir, '..', 'ids');
  writeFileSync(file, `${pulled.toUpperCase()}\n\n`);
  const key = join(world.consigneesDir, '..', 'engitech.jwk.json');
  writeFileSync(key, JSON.stringify(world.keys.get('engitech')));
  const where = ['--url', gateway.url, '--client-key', key, '--day', day];
  const same = await runCommand(world, ['reconcile', ...where, '--ids', file]);
  expect(same.output).toMatch(/engitech: 1, SHA-256 .*\n.*\nboth sides have the same\n$/);
  writeFileSync(file, `${pushed}\n`);
  const other = await runCommand(world, ['reconcile', ...where, '--ids', file]);
  expect([same.code, other.code]).toEqual([0, 1]);
  expect(other.output).toContain(`only the gateway has ${pulled} (engitech, delivered)`);
  expect(other.output).toContain(`the gateway does not count ${pushed}: UNKNOWN`);
  writeFileSync(file, `${pushed}\n${canary.name}\n`);
  const wrong = await runCommand(world, ['reconcile', ...where, '--ids', file]);
  expect(wrong.output).toContain('--ids: line 2 is not an id (UUID)');
  expect(wrong.output).not.toContain(canary.name);
});

test('a digest is that of sorted lines, each id once', () => {
  const ids = Array.from({ length: 50 }, () => randomUUID());
  const lines = [...new Set(ids)].toSorted();
  expect(idSetOf([...ids, ids[7]!])).toEqual({ count: 50, digest: digestOf(...lines) });
  expect(idSetOf([]).digest).toBe(digestOf());
});

/**
 * The dispatcher of a whole gateway: retries, rejections, pauses, and never before a checkpoint.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { retryDelaySeconds } from '#src/delivery/retry-delay.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { until } from '#test/support/wait.ts';
import {
  answered,
  asOwner,
  holdSequencer,
  order,
  posting,
  reached,
  setPaused,
  trailWith,
  transferOf,
} from '#test/support/transfers.ts';

const hangingIds = ['bioage', 'mediage', 'tnc-pathology', 'korea-post', 'bml'];

let world: World;
let gateway: TestGateway;
let lab: ConsigneeServer;
let otherLab: ConsigneeServer;
let hanging: ConsigneeServer;

beforeAll(async () => {
  lab = await startConsigneeServer();
  otherLab = await startConsigneeServer();
  hanging = await startConsigneeServer();
  hanging.answerWith(() => undefined);
  const hangingUrls = Object.fromEntries(hangingIds.map((id) => [id, hanging.url]));
  world = await makeWorld({
    pushUrls: { samkwang: lab.url, eone: otherLab.url, ...hangingUrls },
    editConsignee(consignee) {
      consignee['retry'] = { scheduleSeconds: [1, 1], timeoutSeconds: 60 };
      if (consignee['id'] === 'mediage') consignee['rate'] = { concurrencyMax: 1 };
    },
  });
  gateway = await startGateway(world);
});

afterEach(async () => {
  lab.answerWith((response) => response.writeHead(204).end());
  // What a test let a consignee ask for is not for the next one.
  await asOwner(world, 'UPDATE endpoints SET held_until = NULL');
});

afterAll(async () => {
  // The hanging connections end first: a gateway that closes waits for what is under way.
  await hanging?.close();
  await gateway?.stop();
  await world?.close();
  await Promise.all([lab?.close(), otherLab?.close()]);
});

const pushesOf = (server: ConsigneeServer, id: string) =>
  server.received.filter(({ body }) => body.transfer === id);

/** Does not wait for the schedule: due now. */
const hurry = (id: string) =>
  asOwner(world, `UPDATE transfers SET due_at = now() WHERE id = $1 AND status = 'ready'`, [id]);

const cancel = async (id: string, client = 'emr') =>
  answered((await gateway.as(client)).fetch(`/v1/transfers/${id}/cancel`, posting({})));

describe('a consignee that fails', () => {
  test('is tried again on its schedule, under the same webhook-id, until it takes it', async () => {
    const replies = [500, 503, 204];
    lab.answerWith((response) => response.writeHead(replies.shift() ?? 204).end());
    const id = await order(gateway, 'samkwang');
    const transfer = await reached(gateway, id, 'delivered');
    expect(transfer).toMatchObject({ attempts: 3, lastOutcome: 'http-204' });
    const pushes = pushesOf(lab, id);
    expect(pushes.map(({ headers }) => headers['webhook-id'])).toEqual([id, id, id]);
    expect(new Set(pushes.map(({ body }) => body.salt)).size).toBe(1);
    const [first, , last] = pushes.map(({ headers }) => Number(headers['webhook-timestamp']));
    expect((last ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(1);
    const { entries } = await trailWith(gateway, id, 'delivered');
    const delivered = entries.find(({ kind }) => kind === 'delivered');
    const detail = { outcome: 'http-204', attempts: 3, via: 'push', actor: { kind: 'system' } };
    expect(delivered?.detail).toMatchObject(detail);
  });

  test('to the end of its schedule ends the transfer as failed, with an entry', async () => {
    lab.answerWith((response) => response.writeHead(500).end('a word of theirs'));
    const id = await order(gateway, 'samkwang');
    await until('the schedule to be used up', async () => {
      await hurry(id);
      return (await transferOf(gateway, id)).status === 'failed';
    });
    expect(pushesOf(lab, id)).toHaveLength(3);
    expect(await transferOf(gateway, id)).toMatchObject({ attempts: 3, lastOutcome: 'http-500' });
    const { entries } = await trailWith(gateway, id, 'failed');
    const failed = entries.find(({ kind }) => kind === 'failed');
    expect(failed?.detail).toMatchObject({ outcome: 'http-500', attempts: 3 });
    expect(JSON.stringify(entries)).not.toContain('a word of theirs');
  });

  test('by cutting the connection is tried again', async () => {
    lab.answerWith((response) => {
      response.socket?.destroy();
      lab.answerWith((next) => next.writeHead(204).end());
    });
    const id = await order(gateway, 'samkwang');
    await until('the first attempt to end', async () => {
      return (await transferOf(gateway, id)).lastOutcome === 'connection-reset';
    });
    await hurry(id);
    expect(await reached(gateway, id, 'delivered')).toMatchObject({ attempts: 2 });
  });

  test('and says when to come back is left alone until then', async () => {
    lab.answerWith((response) => response.writeHead(429, { 'retry-after': '3600' }).end());
    const id = await order(gateway, 'samkwang');
    await until('the attempt to end', async () => {
      return (await transferOf(gateway, id)).lastOutcome === 'http-429';
    });
    const { rows } = await world.db.query<{ seconds: number }>(
      'SELECT extract(epoch FROM due_at - now())::float8 AS seconds FROM transfers WHERE id = $1',
      [id],
    );
    expect(rows[0]?.seconds).toBeGreaterThan(3_500);
    expect(rows[0]?.seconds).toBeLessThanOrEqual(3_600);
  });

  test('with a 4xx has rejected: nothing is sent again, and an entry says so', async () => {
    lab.answerWith((response) => response.writeHead(422).end());
    const id = await order(gateway, 'samkwang');
    expect(await reached(gateway, id, 'rejected')).toMatchObject({
      attempts: 1,
      lastOutcome: 'http-422',
    });
    const { entries } = await trailWith(gateway, id, 'rejected');
    expect(entries.find(({ kind }) => kind === 'rejected')?.detail).toMatchObject({
      outcome: 'http-422',
    });
    expect(pushesOf(lab, id)).toHaveLength(1);
  });
});

test('nothing is pushed before a signed checkpoint covers it', async () => {
  await setPaused(gateway, 'eone', true);
  const covered = await order(gateway, 'eone');
  await reached(gateway, covered, 'ready');
  const release = await holdSequencer(world);
  const waiting = [await order(gateway, 'samkwang'), await order(gateway, 'eone')];
  await setPaused(gateway, 'eone', false);
  // The dispatcher is at work meanwhile: what was covered before is delivered.
  await reached(gateway, covered, 'delivered');
  for (const id of waiting) {
    expect(await transferOf(gateway, id)).toMatchObject({ status: 'accepted', entry: null });
  }
  const arrived = [...lab.received, ...otherLab.received].map(({ body }) => body.transfer);
  expect(arrived.filter((id) => waiting.includes(id))).toEqual([]);
  await release();
  for (const id of waiting) await reached(gateway, id, 'delivered');
});

describe('five consignees that hang', () => {
  const held: string[] = [];

  test('do not delay a sixth', async () => {
    for (const id of hangingIds) held.push(await order(gateway, id));
    await until('all five to hang', () => hanging.received.length === held.length);
    const ids = await Promise.all([1, 2, 3, 4].map(() => order(gateway, 'samkwang')));
    for (const id of ids) await reached(gateway, id, 'delivered');
    for (const id of held) expect((await transferOf(gateway, id)).status).toBe('sending');
  });

  test('get no more connections than their limit', async () => {
    const second = await order(gateway, 'mediage');
    await reached(gateway, second, 'ready');
    const sixth = await order(gateway, 'samkwang');
    await reached(gateway, sixth, 'delivered');
    expect((await transferOf(gateway, second)).attempts).toBe(0);
    expect(await cancel(second)).toEqual({ status: 200 });
  });
});

test('a paused consignee gets nothing, while orders queue; resumed, it gets them all', async () => {
  await setPaused(gateway, 'samkwang', true);
  await setPaused(gateway, 'samkwang', true);
  const ids = [await order(gateway, 'samkwang'), await order(gateway, 'samkwang')];
  for (const id of ids) await reached(gateway, id, 'ready');
  // The dispatcher is at work meanwhile.
  await reached(gateway, await order(gateway, 'eone'), 'delivered');
  for (const id of ids) expect(pushesOf(lab, id)).toEqual([]);
  await setPaused(gateway, 'samkwang', false);
  for (const id of ids) await reached(gateway, id, 'delivered');
  const entries = await until('both entries', async () => {
    const { rows } = await world.db.query<{ leaf: Buffer }>(
      'SELECT leaf FROM entries ORDER BY index',
    );
    const leaves = rows.map(({ leaf }) => JSON.parse(leaf.toString()) as Record<string, unknown>);
    const ours = leaves.filter(({ consignee }) => consignee === 'samkwang');
    const kinds = ours.map(({ kind }) => String(kind)).filter((kind) => /^consignee-/.test(kind));
    return kinds.length >= 2 ? kinds : null;
  });
  expect(entries).toEqual(['consignee-paused', 'consignee-resumed']);
});

describe('cancelling', () => {
  test('before an attempt takes the transfer back, once and for all', async () => {
    await setPaused(gateway, 'samkwang', true);
    const id = await order(gateway, 'samkwang');
    await reached(gateway, id, 'ready');
    expect(await cancel(id, 'emr-two')).toEqual({ status: 404, code: 'NOT_FOUND' });
    expect(await cancel(id)).toEqual({ status: 200 });
    expect(await cancel(id)).toEqual({ status: 200 });
    await setPaused(gateway, 'samkwang', false);
    await reached(gateway, await order(gateway, 'samkwang'), 'delivered');
    expect((await transferOf(gateway, id)).status).toBe('cancelled');
    expect(pushesOf(lab, id)).toEqual([]);
    const { entries } = await trailWith(gateway, id, 'cancelled');
    expect(entries.filter(({ kind }) => kind === 'cancelled')).toHaveLength(1);
  });

  test('before a checkpoint covers it holds when one does', async () => {
    const release = await holdSequencer(world);
    const id = await order(gateway, 'samkwang');
    expect(await cancel(id)).toEqual({ status: 200 });
    await release();
    await reached(gateway, await order(gateway, 'samkwang'), 'delivered');
    const transfer = await transferOf(gateway, id);
    expect(transfer.status).toBe('cancelled');
    expect(transfer.entry).not.toBeNull();
    expect(pushesOf(lab, id)).toEqual([]);
  });

  test('after the first attempt is refused: the bytes may have left', async () => {
    lab.answerWith((response) => response.writeHead(503, { 'retry-after': '600' }).end());
    const id = await order(gateway, 'samkwang');
    await until('the attempt to end', async () => {
      return (await transferOf(gateway, id)).lastOutcome === 'http-503';
    });
    expect(await cancel(id)).toEqual({ status: 409, code: 'NOT_CANCELLABLE' });
  });

  test('after delivery is refused', async () => {
    const id = await order(gateway, 'samkwang');
    await reached(gateway, id, 'delivered');
    expect(await cancel(id)).toEqual({ status: 409, code: 'NOT_CANCELLABLE' });
  });
});

describe('the delay before the next attempt', () => {
  test('follows the schedule, with up to a quarter of jitter', () => {
    const schedule = [5, 300];
    expect(retryDelaySeconds(schedule, 1, 0)).toBe(5);
    expect(retryDelaySeconds(schedule, 1, 0.999)).toBeCloseTo(6.25, 1);
    expect(retryDelaySeconds(schedule, 2, 0.5)).toBe(337.5);
  });

  test('is none once the schedule is used up', () => {
    expect(retryDelaySeconds([5, 300], 3, 0)).toBeNull();
    expect(retryDelaySeconds([], 1, 0)).toBeNull();
  });
});

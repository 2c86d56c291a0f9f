/**
 * The inbox: leases in database time, one holder at a time, and answers that only the holder gives.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signCompact } from '#test/support/client.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary } from '#test/support/orders.ts';
import { requireReceipts } from '#test/support/signing.ts';
import {
  answered,
  asOwner,
  claim,
  connectOwner,
  holdSequencer,
  order,
  posting,
  reached,
  setPaused,
  trailWith,
  transferOf,
  type Item,
} from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;
let second: TestGateway;
let lab: ConsigneeServer;
/** What the second gateway does between the opening of what it claimed and its handing out. */
let beforeHandOut = async (): Promise<void> => {};

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({
    pushUrls: { samkwang: lab.url, bioage: lab.url },
    editConsignee: (one) => {
      if (one['id'] === 'bioage') one['retry'] = { scheduleSeconds: [1, 1, 1], timeoutSeconds: 5 };
    },
  });
  await requireReceipts(world, 'lctech');
  await requireReceipts(world, 'bioage');
  gateway = await startGateway(world);
  second = await startGateway(
    world,
    {},
    {
      failpoint: async (name) => (name === 'pulled:before' ? beforeHandOut() : undefined),
    },
  );
});

afterAll(async () => {
  await Promise.all([gateway?.stop(), second?.stop()]);
  await world?.close();
  await lab?.close();
});

/** A new transfer that waits in the consignee's inbox. */
async function waiting(consignee: string): Promise<string> {
  const id = await order(gateway, consignee);
  await reached(gateway, id, 'ready');
  return id;
}

/** Claims the one transfer that waits. */
async function claimOne(consignee: string, leaseSeconds = 60): Promise<Item> {
  const [item, ...more] = await claim(gateway, consignee, 100, leaseSeconds);
  if (!item || more.length > 0) throw new Error(`${more.length + (item ? 1 : 0)} items wait`);
  return item;
}

async function ack(item: Item, consignee: string, through = gateway, receipt?: string) {
  const client = await through.as(consignee);
  const body = posting({ lease: item.lease.token, ...(receipt ? { receipt } : {}) });
  return answered(client.fetch(`/v1/inbox/${item.transfer}/ack`, body));
}

async function reject(item: Item, consignee: string, message?: string) {
  const client = await gateway.as(consignee);
  const body = posting({
    ...{ lease: item.lease.token, code: 'SPECIMEN_MISSING' },
    ...(message === undefined ? {} : { message }),
  });
  return answered(client.fetch(`/v1/inbox/${item.transfer}/reject`, body));
}

const done = { status: 200 };
const leaseLost = { status: 409, code: 'LEASE_LOST' };

/** Ends a lease now, without waiting for its time. */
const endLease = (id: string) =>
  asOwner(world, `UPDATE transfers SET due_at = now() - interval '1 ms' WHERE id = $1`, [id]);

test('two gateways that hand out at the same time never hand out the same transfer', async () => {
  const ids = await Promise.all(Array.from({ length: 30 }, () => order(gateway, 'infinite')));
  for (const id of ids) await reached(gateway, id, 'ready');
  const worker = async (through: TestGateway): Promise<string[]> => {
    // For longer than the other tests of this consignee, which find nothing of it, can take.
    const items = await claim(through, 'infinite', 2, 3_600);
    if (items.length === 0) return [];
    return [...items.map(({ transfer }) => transfer), ...(await worker(through))];
  };
  const claimed = await Promise.all([gateway, second, gateway, second].map(worker));
  expect(claimed.flat().sort()).toEqual(ids.sort());
});

test('nothing can be claimed before a signed checkpoint covers it', async () => {
  const release = await holdSequencer(world);
  const id = await order(gateway, 'engitech');
  expect(await claim(gateway, 'engitech')).toEqual([]);
  expect(await claim(second, 'engitech')).toEqual([]);
  expect(await transferOf(gateway, id)).toMatchObject({ status: 'accepted', entry: null });
  await release();
  await reached(gateway, id, 'ready');
  const item = await claimOne('engitech');
  expect(item.transfer).toBe(id);
  expect(await ack(item, 'engitech')).toEqual(done);
});

describe('a lease', () => {
  test('lasts as long as asked, in the time of the database', async () => {
    const id = await waiting('engitech');
    const item = await claimOne('engitech', 1_234);
    const { rows } = await world.db.query<{ until: Date; seconds: number; status: string }>(
      `SELECT due_at AS until, extract(epoch FROM due_at - now())::float8 AS seconds, status
       FROM transfers WHERE id = $1`,
      [id],
    );
    expect(rows[0]?.status).toBe('leased');
    expect(item.lease.until).toBe(rows[0]?.until.toISOString());
    expect(rows[0]?.seconds).toBeGreaterThan(1_200);
    expect(rows[0]?.seconds).toBeLessThanOrEqual(1_234);
    const { entries } = await trailWith(gateway, id, 'pulled');
    expect(entries.find(({ kind }) => kind === 'pulled')?.detail).toMatchObject({
      ...{ via: 'inbox', attempts: 1, leaseUntil: item.lease.until },
      actor: { client: 'engitech', kind: 'consignee' },
    });
    expect(await ack(item, 'engitech')).toEqual(done);
  });

  test('runs from when it is handed out; what another took meanwhile is left out, unrecorded', async () => {
    const [lost, kept] = [await waiting('engitech'), await waiting('engitech')];
    let other: Item | undefined;
    let begun = 0;
    beforeHandOut = async () => {
      beforeHandOut = async () => {};
      await endLease(lost);
      other = await claimOne('engitech');
      // As if the opening had taken nearly as long as the lease that it stands under.
      const sql = `UPDATE transfers SET due_at = now() + interval '2 s' WHERE id = $1`;
      await asOwner(world, sql, [kept]);
      begun = Date.now();
    };
    const items = await claim(second, 'engitech', 100, 20);
    expect(items.map(({ transfer }) => transfer)).toEqual([kept]);
    const ends = Date.parse(items[0]?.lease.until ?? '');
    expect(ends).toBeGreaterThan(begun + 19_000);
    expect(ends).toBeLessThan(Date.now() + 21_000);
    expect(other?.transfer).toBe(lost);
    for (const item of [other, ...items])
      expect(item && (await ack(item, 'engitech'))).toEqual(done);
    for (const id of [lost, kept]) {
      const { entries } = await trailWith(gateway, id, 'delivered');
      const pulls = entries.filter(({ kind }) => kind === 'pulled');
      expect(pulls).toHaveLength(1);
      if (id === kept)
        expect(pulls[0]?.detail).toMatchObject({ leaseUntil: items[0]?.lease.until });
    }
  });

  test('whose transfer somebody holds for too long is told to be asked for again', async () => {
    const id = await waiting('engitech');
    const holder = await connectOwner(world);
    beforeHandOut = async () => {
      beforeHandOut = async () => {};
      await holder.query('BEGIN');
      await holder.query('SELECT FROM transfers WHERE id = $1 FOR UPDATE', [id]);
    };
    const client = await second.as('engitech');
    const reply = await client
      .fetch('/v1/inbox/claim', posting({ limit: 10, leaseSeconds: 60 }))
      .finally(() => holder.end());
    expect(reply.status).toBe(503);
    expect(reply.headers.get('retry-after')).toBe('1');
    expect(await reply.json()).toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryAfter: 1 });
    await endLease(id);
    const item = await claimOne('engitech');
    expect(item.transfer).toBe(id);
    expect(await ack(item, 'engitech')).toEqual(done);
    const { entries } = await trailWith(gateway, id, 'delivered');
    expect(entries.filter(({ kind }) => kind === 'pulled')).toHaveLength(1);
  });

  test('goes to a worker that stands behind more rows than a claim takes, all locked by others', async () => {
    const id = await waiting('engitech');
    await asOwner(
      world,
      `INSERT INTO transfers SELECT (jsonb_populate_record(transfers, jsonb_build_object(
         'id', left(id::text, 24) || lpad(to_hex(n), 12, '0'), 'due_at', created_at))).*
       FROM transfers, generate_series(1, 600) AS n WHERE id = $1`,
      [id],
    );
    const others = 'FROM transfers WHERE left(id::text, 24) = left($1, 24) AND id <> $1::uuid';
    await world.db.transaction(async (tx) => {
      const { rows } = await tx.query(`SELECT id ${others} FOR UPDATE`, [id]);
      expect(rows).toHaveLength(600);
      const [item, ...more] = await claim(gateway, 'engitech', 5);
      expect([item?.transfer, ...more]).toEqual([id]);
      if (item) expect(await ack(item, 'engitech')).toEqual(done);
    });
    await asOwner(world, `DELETE ${others}`, [id]);
  });

  test('keeps the transfer from everyone while it runs', async () => {
    await waiting('engitech');
    const item = await claimOne('engitech', 5);
    expect(await claim(second, 'engitech')).toEqual([]);
    expect(await ack(item, 'engitech')).toEqual(done);
  });

  test('that ended is claimed again with another token; its first holder has lost it', async () => {
    const id = await waiting('engitech');
    const first = await claimOne('engitech');
    await endLease(id);
    expect(await ack(first, 'engitech')).toEqual(leaseLost);
    const again = await claimOne('engitech');
    expect(again.transfer).toBe(id);
    expect(again.lease.token).not.toBe(first.lease.token);
    expect(await ack(first, 'engitech')).toEqual(leaseLost);
    expect(await reject(first, 'engitech')).toEqual(leaseLost);
    expect((await transferOf(gateway, id)).status).toBe('leased');
    expect(await ack(again, 'engitech', second)).toEqual(done);
    expect(await ack(first, 'engitech')).toEqual(leaseLost);
    expect(await transferOf(gateway, id)).toMatchObject({ status: 'delivered', attempts: 2 });
    const { entries } = await trailWith(gateway, id, 'delivered');
    const kinds = entries.map(({ kind }) => kind).filter((kind) => kind !== 'audit-read');
    expect(kinds).toEqual(['released', 'pulled', 'pulled', 'delivered']);
  });

  test('is answered once: the same again is the same, the contrary is refused', async () => {
    const id = await waiting('engitech');
    const item = await claimOne('engitech');
    const answers = await Promise.all([1, 2, 3, 4].map(() => ack(item, 'engitech')));
    expect(answers).toEqual([done, done, done, done]);
    expect(await reject(item, 'engitech')).toEqual(leaseLost);
    const { entries } = await trailWith(gateway, id, 'delivered');
    expect(entries.filter(({ kind }) => kind === 'delivered')).toHaveLength(1);
  });

  test('raced for by ack and reject goes to one of them', async () => {
    const id = await waiting('engitech');
    const item = await claimOne('engitech');
    const answers = await Promise.all([ack(item, 'engitech', second), reject(item, 'engitech')]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers).toContainEqual(leaseLost);
    const status = answers[0]?.status === 200 ? 'delivered' : 'rejected';
    expect((await transferOf(gateway, id)).status).toBe(status);
  });

  test.each(['AAAAAAAAAAAAAAAAAAAAAA', 'A', '-_-_'])('is not held by %s', async (token) => {
    await waiting('engitech');
    const item = await claimOne('engitech');
    const forged = { ...item, lease: { ...item.lease, token } };
    expect(await ack(forged, 'engitech')).toEqual(leaseLost);
    expect(await reject(forged, 'engitech')).toEqual(leaseLost);
    expect(await ack(item, 'engitech')).toEqual(done);
  });

  test('is unknown to another consignee, even with its token', async () => {
    await waiting('engitech');
    const item = await claimOne('engitech');
    expect(await claim(gateway, 'areumnuri')).toEqual([]);
    expect(await ack(item, 'areumnuri')).toEqual({ status: 404, code: 'NOT_FOUND' });
    expect(await reject(item, 'areumnuri')).toEqual({ status: 404, code: 'NOT_FOUND' });
    expect(await ack(item, 'engitech')).toEqual(done);
  });

  test('that runs keeps the EMR from cancelling', async () => {
    const id = await waiting('engitech');
    const emr = await gateway.as('emr');
    const cancelled = () => answered(emr.fetch(`/v1/transfers/${id}/cancel`, posting({})));
    const item = await claimOne('engitech');
    const refused = { status: 409, code: 'NOT_CANCELLABLE' };
    expect(await cancelled()).toEqual(refused);
    await endLease(id);
    expect(await cancelled()).toEqual(refused);
    expect((await claimOne('engitech')).transfer).toBe(item.transfer);
  });
});

test('a cancelled transfer cannot be claimed', async () => {
  const id = await waiting('lctech');
  const emr = await gateway.as('emr');
  await emr.json(`/v1/transfers/${id}/cancel`, posting({ reason: 'ordered twice' }));
  expect(await claim(gateway, 'lctech')).toEqual([]);
});

test('a rejection tells the EMR its code; its message is in sealed detail and nowhere else', async () => {
  const id = await waiting('areumnuri');
  const item = await claimOne('areumnuri');
  const message = `관이 없음 ${canary.name}`;
  expect(await reject(item, 'areumnuri', message)).toEqual(done);
  expect(await reject(item, 'areumnuri', message)).toEqual(done);
  const transfer = await reached(gateway, id, 'rejected');
  expect(transfer.lastOutcome).toBe('SPECIMEN_MISSING');
  expect(JSON.stringify(transfer)).not.toContain(canary.name);
  const { entries } = await trailWith(gateway, id, 'rejected');
  const rejected = entries.find(({ kind }) => kind === 'rejected');
  expect(rejected?.detail).toMatchObject({ outcome: 'SPECIMEN_MISSING', reason: message });
  expect(Buffer.from(rejected?.leaf ?? '', 'base64').toString()).not.toContain('SPECIMEN');
  const { rows } = await world.db.query<{ row: string }>(
    `SELECT t::text AS row FROM transfers t WHERE id = $1 UNION ALL
     SELECT convert_from(leaf, 'UTF8') || encode(detail, 'escape') FROM entries`,
    [id],
  );
  for (const { row } of rows) expect(row).not.toContain('관이');
});

test('a paused consignee can claim nothing, but answer what it holds', async () => {
  const held = await waiting('medigene');
  const item = await claimOne('medigene');
  const later = await waiting('medigene');
  await setPaused(gateway, 'medigene', true);
  expect(await claim(gateway, 'medigene')).toEqual([]);
  expect(await ack(item, 'medigene')).toEqual(done);
  await setPaused(gateway, 'medigene', false);
  expect(item.transfer).toBe(held);
  expect((await claimOne('medigene')).transfer).toBe(later);
});

test('a consignee that is pushed to has no inbox', async () => {
  await setPaused(gateway, 'samkwang', true);
  await waiting('samkwang');
  await setPaused(gateway, 'samkwang', false);
  expect(await claim(gateway, 'samkwang')).toEqual([]);
});

test('a transfer that nobody claimed in its time cannot be claimed any more', async () => {
  const id = await waiting('sk-chemicals');
  await asOwner(world, 'UPDATE transfers SET expires_at = now() WHERE id = $1', [id]);
  expect(await claim(gateway, 'sk-chemicals')).toEqual([]);
  const { entries } = await trailWith(gateway, id, 'expired');
  expect(entries.find(({ kind }) => kind === 'expired')?.detail).toMatchObject({
    ...{ outcome: 'not-claimed-in-time', actor: { client: null, kind: 'system' } },
  });
});

describe('a lease that is extended', () => {
  const extend = async (item: Item, consignee: string, leaseSeconds: number) => {
    const client = await gateway.as(consignee);
    const body = posting({ lease: item.lease.token, leaseSeconds });
    const reply = await client.fetch(`/v1/inbox/${item.transfer}/extend`, body);
    const { lease, code } = (await reply.json()) as { lease?: Item['lease']; code?: string };
    return { status: reply.status, code, lease };
  };

  test('runs longer under the same token, and never shorter than it did', async () => {
    await waiting('engitech');
    const item = await claimOne('engitech', 60);
    const longer = await extend(item, 'engitech', 600);
    expect(longer.lease?.token).toBe(item.lease.token);
    const gained = Date.parse(longer.lease?.until ?? '') - Date.parse(item.lease.until);
    expect(gained).toBeGreaterThan(500_000);
    expect((await extend(item, 'engitech', 5)).lease?.until).toBe(longer.lease?.until);
    const { rows } = await world.db.query<{ until: Date }>(
      'SELECT due_at AS until FROM transfers WHERE id = $1',
      [item.transfer],
    );
    expect(rows[0]?.until.toISOString()).toBe(longer.lease?.until);
    expect(await ack(item, 'engitech')).toEqual(done);
    expect(await extend(item, 'engitech', 60)).toMatchObject(leaseLost);
  });

  test('is lost once it ended, is not held by another token, and does not outlive its transfer', async () => {
    const id = await waiting('engitech');
    const item = await claimOne('engitech');
    const forged = { ...item, lease: { ...item.lease, token: 'AAAAAAAAAAAAAAAAAAAAAA' } };
    expect(await extend(forged, 'engitech', 60)).toMatchObject(leaseLost);
    expect(await extend(item, 'areumnuri', 60)).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    await asOwner(
      world,
      `UPDATE transfers SET expires_at = now() + interval '90 s' WHERE id = $1`,
      [id],
    );
    const most = Date.now() + 91_000;
    const { lease } = await extend(item, 'engitech', 3_600);
    expect(Date.parse(lease?.until ?? '')).toBeLessThan(most);
    await endLease(id);
    expect(await extend(item, 'engitech', 60)).toMatchObject(leaseLost);
    expect(await ack(await claimOne('engitech'), 'engitech')).toEqual(done);
  });
});

describe('a receipt', () => {
  interface Given {
    receipts: { signer: string; signedAt: string; jws?: string }[];
  }

  type Taken = Pick<Item, 'transfer' | 'proof'>;

  /** What the proof of an item commits to. */
  const commitmentOf = (item: Taken): unknown =>
    (JSON.parse(Buffer.from(item.proof.leaf, 'base64').toString()) as Record<string, unknown>)[
      'commitment'
    ];

  function sign(item: Taken, by: string, change: Record<string, unknown> = {}): Promise<string> {
    const said = { transfer: item.transfer, commitment: commitmentOf(item), at: now(), ...change };
    return signCompact({ alg: 'EdDSA' }, said, world.signing.get(by) ?? {});
  }
  const now = () => new Date().toISOString();

  test('that the contract requires is asked for; what does not hold leaves the lease', async () => {
    const id = await waiting('lctech');
    const item = await claimOne('lctech');
    expect(await ack(item, 'lctech')).toEqual({ status: 422, code: 'RECEIPT_REQUIRED' });
    const invalid = { status: 422, code: 'INVALID_SIGNATURE' };
    const foreign = await sign(item, 'engitech');
    expect(await ack(item, 'lctech', gateway, foreign)).toEqual(invalid);
    const other = await sign(item, 'lctech', { transfer: '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60' });
    expect(await ack(item, 'lctech', gateway, other)).toEqual(invalid);
    expect((await transferOf(gateway, id)).status).toBe('leased');
    const good = await sign(item, 'lctech');
    expect(await ack(item, 'lctech', gateway, good)).toEqual(done);
    expect(await ack(item, 'lctech')).toEqual(done);
    const { entries, ...trail } = await trailWith(gateway, id, 'receipt');
    const kinds = entries.map(({ kind }) => kind).filter((kind) => kind !== 'audit-read');
    expect(kinds).toEqual(['released', 'pulled', 'delivered', 'receipt']);
    const entry = entries.find(({ kind }) => kind === 'receipt');
    expect(entry?.detail).toMatchObject({ via: 'inbox', jws: good });
    const leaf = JSON.parse(Buffer.from(entry?.leaf ?? '', 'base64').toString()) as object;
    expect(leaf).toMatchObject({ transfer: id, commitment: commitmentOf(item) });
    const [given] = (trail as unknown as Given).receipts;
    expect(given).toMatchObject({ jws: good, signer: entry?.detail?.['signer'] });
    const seen = (await transferOf(gateway, id)) as unknown as Given;
    expect(seen.receipts).toEqual([{ signer: given?.signer, signedAt: given?.signedAt }]);
  });

  test('that nobody asked for is checked and kept all the same', async () => {
    const id = await waiting('engitech');
    const item = await claimOne('engitech');
    const early = await sign(item, 'engitech', { at: '2020-01-01T00:00:00Z' });
    const invalid = { status: 422, code: 'INVALID_SIGNATURE' };
    expect(await ack(item, 'engitech', gateway, early)).toEqual(invalid);
    const good = await sign(item, 'engitech');
    const answers = await Promise.all([1, 2].map(() => ack(item, 'engitech', gateway, good)));
    expect(answers).toEqual([done, done]);
    const { entries } = await trailWith(gateway, id, 'receipt');
    expect(entries.filter(({ kind }) => kind === 'receipt')).toHaveLength(1);
  });

  test('can come after the acknowledgement; the first that holds is kept', async () => {
    const id = await waiting('engitech');
    const item = await claimOne('engitech');
    expect(await ack(item, 'engitech')).toEqual(done);
    const foreign = await sign(item, 'lctech');
    const invalid = { status: 422, code: 'INVALID_SIGNATURE' };
    expect(await ack(item, 'engitech', gateway, foreign)).toEqual(invalid);
    const first = await sign(item, 'engitech');
    const same = await Promise.all([1, 2, 3].map(() => ack(item, 'engitech', second, first)));
    expect(same).toEqual([done, done, done]);
    const later = await sign(item, 'engitech', { at: new Date(Date.now() + 60_000).toISOString() });
    expect(await ack(item, 'engitech', gateway, later)).toEqual(done);
    expect(await ack(item, 'engitech', gateway, foreign)).toEqual(invalid);
    expect(await ack(item, 'engitech')).toEqual(done);
    const { entries, ...trail } = await trailWith(gateway, id, 'receipt');
    expect(entries.filter(({ kind }) => kind === 'receipt')).toHaveLength(1);
    expect((trail as unknown as Given).receipts).toMatchObject([{ jws: first }]);
  });

  test('of the time before does not count when the transfer was taken and comes again', async () => {
    const id = await waiting('lctech');
    const item = await claimOne('lctech');
    const old = await sign(item, 'lctech');
    expect(await ack(item, 'lctech', gateway, old)).toEqual(done);
    const emr = await gateway.as('emr');
    const redeliver = () =>
      emr.json(`/v1/transfers/${id}/redeliver`, posting({ reason: 'a test' }));
    await redeliver();
    const again = await claimOne('lctech');
    const invalid = { status: 422, code: 'INVALID_SIGNATURE' };
    expect(await ack(again, 'lctech', gateway, old)).toEqual(invalid);
    const fresh = await sign(again, 'lctech', { at: new Date(Date.now() + 1_000).toISOString() });
    expect(await ack(again, 'lctech', gateway, fresh)).toEqual(done);
    expect(await ack(again, 'lctech', gateway, fresh)).toEqual(done);
    expect(await ack(again, 'lctech', gateway, old)).toEqual(invalid);
    const { entries } = await trailWith(gateway, id, 'receipt', 2);
    expect(entries.filter(({ kind }) => kind === 'receipt')).toHaveLength(2);
  });

  test('comes with a push, which without one that holds goes again', async () => {
    const before = lab.received.length;
    lab.answerWith((response, { body }) => {
      const tries = lab.received.length - before;
      const signed = sign(body, tries === 2 ? 'engitech' : 'bioage');
      void signed.then((jws) => {
        response.writeHead(204, tries === 1 ? {} : { 'waybill-receipt': jws }).end();
      });
    });
    const id = await order(gateway, 'bioage');
    const outcomes = new Set<string | null>();
    await until('the third push to be taken', async () => {
      const transfer = await transferOf(gateway, id);
      outcomes.add(transfer.lastOutcome);
      return transfer.status === 'delivered';
    });
    expect(lab.received.length - before).toBe(3);
    expect([...outcomes].filter((one) => one !== null)).toEqual([
      ...['receipt-missing', 'receipt-invalid', 'http-204'],
    ]);
    const { entries } = await trailWith(gateway, id, 'receipt');
    const kinds = entries.map(({ kind }) => kind).filter((kind) => kind !== 'audit-read');
    expect(kinds).toEqual(['released', 'delivered', 'receipt']);
    expect(entries.find(({ kind }) => kind === 'receipt')?.detail).toMatchObject({ via: 'push' });
    const old = String(entries.find(({ kind }) => kind === 'receipt')?.detail?.['jws']);
    const pushed = lab.received.length;
    lab.answerWith((response, { body }) => {
      const jws = lab.received.length - pushed === 1 ? old : sign(body, 'bioage');
      void Promise.resolve(jws).then((given) => {
        response.writeHead(204, { 'waybill-receipt': given }).end();
      });
    });
    const emr = await gateway.as('emr');
    await emr.json(`/v1/transfers/${id}/redeliver`, posting({ reason: 'a test' }));
    await reached(gateway, id, 'delivered');
    expect(lab.received.length - pushed).toBe(2);
  });
});

describe('a seek', () => {
  const seek = async (consignee: string, body: object) => {
    const client = await gateway.as(consignee);
    return client.json<object>('/v1/inbox/seek', posting(body));
  };
  const take = async (consignee: string) => {
    const id = await waiting(consignee);
    expect(await ack(await claimOne(consignee), consignee)).toEqual(done);
    return id;
  };
  const nothing = { replayed: 0, purged: 0, notAllowed: 0, next: null };

  test('brings back what was taken or missed since, oldest first, and once', async () => {
    const since = new Date().toISOString();
    const first = await take('infinite');
    const missed = await waiting('infinite');
    await asOwner(world, 'UPDATE transfers SET expires_at = now() WHERE id = $1', [missed]);
    await reached(gateway, missed, 'expired');
    const destroyed = await take('infinite');
    await asOwner(world, 'UPDATE transfers SET purged_at = now() WHERE id = $1', [destroyed]);
    await waiting('infinite');
    expect(await reject(await claimOne('infinite'), 'infinite')).toEqual(done);
    const last = await take('infinite');
    expect(await seek('areumnuri', { since })).toEqual(nothing);
    expect(await seek('infinite', { since, until: since })).toEqual(nothing);
    const reason = `restored ${canary.name}`;
    const reply = await seek('infinite', { since, reason });
    expect(reply).toEqual({ ...nothing, replayed: 3, purged: 1 });
    expect(await seek('infinite', { since })).toEqual({ ...nothing, purged: 1 });
    expect(await transferOf(gateway, first)).toMatchObject({ status: 'ready', settledAt: null });
    const items = await claim(gateway, 'infinite');
    expect(items.map(({ transfer }) => transfer)).toEqual([first, missed, last]);
    for (const item of items) expect(await ack(item, 'infinite')).toEqual(done);
    const { entries } = await trailWith(gateway, first, 'delivered', 2);
    const kinds = entries.map(({ kind }) => kind).filter((kind) => kind !== 'audit-read');
    expect(kinds.slice(2)).toEqual(['delivered', 'redelivered', 'pulled', 'delivered']);
    const again = entries.find(({ kind }) => kind === 'redelivered');
    expect(again?.detail).toMatchObject({ outcome: 'seek', attempts: 1, reason });
    expect(Buffer.from(again?.leaf ?? '', 'base64').toString()).not.toContain(canary.name);
  });

  test('after a transfer brings back what was taken since that was', async () => {
    const ids = [await take('infinite'), await take('infinite'), await take('infinite')];
    expect(await seek('infinite', { after: ids[0] })).toEqual({ ...nothing, replayed: 2 });
    const items = await claim(gateway, 'infinite');
    expect(items.map(({ transfer }) => transfer)).toEqual(ids.slice(1));
    for (const item of items) expect(await ack(item, 'infinite')).toEqual(done);
    const foreign = await order(gateway, 'engitech');
    const client = await gateway.as('infinite');
    const asked = client.fetch('/v1/inbox/seek', posting({ after: foreign }));
    expect(await answered(asked)).toEqual({ status: 404, code: 'NOT_FOUND' });
    await reached(gateway, foreign, 'ready');
    expect(await ack(await claimOne('engitech'), 'engitech')).toEqual(done);
  });

  test('brings nothing back of a person who has said stop since', async () => {
    const since = new Date().toISOString();
    const id = await take('medigene');
    const operator = await gateway.as('operator');
    const subject = { kind: 'patient', id: canary.chartNumber };
    const stop = posting({ subject, consignees: ['medigene'], reason: 'asked for it' });
    await operator.json('/v1/subjects/suspend', stop);
    expect(await seek('medigene', { since })).toEqual({ ...nothing, notAllowed: 1 });
    expect((await transferOf(gateway, id)).status).toBe('delivered');
    await operator.json('/v1/subjects/resume', stop);
    expect(await seek('medigene', { since })).toEqual({ ...nothing, replayed: 1 });
    expect(await ack(await claimOne('medigene'), 'medigene')).toEqual(done);
  });

  test('takes away nothing: what was taken once can have its result, whatever comes then', async () => {
    const since = new Date().toISOString();
    const id = await take('engitech');
    expect(await seek('engitech', { since })).toEqual({ ...nothing, replayed: 1 });
    await asOwner(world, 'UPDATE transfers SET expires_at = now() WHERE id = $1', [id]);
    await reached(gateway, id, 'expired');
    const client = await gateway.as('engitech');
    const result = { workReport: { at: '2026-03-03T00:00:00Z', summary: 'Done.' } };
    const body = posting({ transfer: id, result });
    const headers = { ...body.headers, 'idempotency-key': '"after-a-seek"' };
    const reply = client.fetch('/v1/results', { ...body, headers });
    expect(await answered(reply)).toEqual({ status: 201 });
  });

  test('keeps nothing for ever: its time counts from when it was first taken', async () => {
    const since = new Date().toISOString();
    const taken = await take('infinite');
    // 30 days to be taken, and 7 that it is kept then
    const first = (days: string) =>
      asOwner(world, `UPDATE transfers SET taken_at = now() - interval '${days}' WHERE id = $1`, [
        taken,
      ]);
    const expiry = async (id: string) => {
      const sql = 'SELECT extract(epoch FROM expires_at - now())::float8 AS s FROM transfers';
      const { rows } = await world.db.query<{ s: number }>(`${sql} WHERE id = $1`, [id]);
      return Math.ceil((rows[0]?.s ?? 0) / 3600);
    };
    await first('36 days 23 hours');
    expect(await seek('infinite', { since })).toEqual({ ...nothing, replayed: 1 });
    expect(await expiry(taken)).toBe(1);
    expect(await ack(await claimOne('infinite'), 'infinite')).toEqual(done);
    await first('37 days');
    expect(await seek('infinite', { since })).toEqual({ ...nothing, notAllowed: 1 });
    const emr = await gateway.as('emr');
    await emr.json(`/v1/transfers/${taken}/redeliver`, posting({}));
    expect(await expiry(taken)).toBe(30 * 24);
    expect(await ack(await claimOne('infinite'), 'infinite')).toEqual(done);
  });

  test('keeps nothing for ever that it never took: its time counts from its first end', async () => {
    const since = new Date().toISOString();
    const id = await waiting('engitech');
    await asOwner(world, 'UPDATE transfers SET expires_at = now() WHERE id = $1', [id]);
    await reached(gateway, id, 'expired');
    const old = (days: number) =>
      asOwner(
        world,
        "UPDATE transfers SET created_at = now() - interval '1 day' * $2 WHERE id = $1",
        [id, days],
      );
    await old(67);
    expect(await seek('engitech', { since })).toEqual({ ...nothing, notAllowed: 1 });
    await old(66);
    expect(await seek('engitech', { since })).toEqual({ ...nothing, replayed: 1 });
    expect(await ack(await claimOne('engitech'), 'engitech')).toEqual(done);
  });

  test.each([
    {},
    { since: '2026-02-30T00:00:00Z' },
    { since: '2026-02-03' },
    { since: '2026-02-03T00:00:00Z', after: '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60' },
  ])('of %j is refused', async (body) => {
    const client = await gateway.as('infinite');
    const reply = await answered(client.fetch('/v1/inbox/seek', posting(body)));
    expect(reply).toEqual({ status: 400, code: 'INVALID_REQUEST' });
  });
});

test('a consignee sees what waits, what it holds, and when it has to ask again', async () => {
  const consignee = await gateway.as('areumnuri');
  const [held, later] = [await waiting('areumnuri'), await waiting('areumnuri')];
  const [item] = await claim(gateway, 'areumnuri', 1);
  expect(item?.transfer).toBe(held);
  const overview = await consignee.json<{ checkIn: { lastAt: string; dueBy: string } }>(
    '/v1/inbox',
  );
  expect(overview).toMatchObject({
    ...{ waiting: 1, leased: 1, countMax: 10_000, nextLeaseEndsAt: item?.lease.until },
    oldestWaitingAt: expect.stringMatching(/Z$/) as string,
  });
  const { lastAt, dueBy } = overview.checkIn;
  expect(Date.parse(dueBy) - Date.parse(lastAt)).toBe(24 * 3_600_000);
  const operator = await gateway.as('operator');
  const seen = async () => {
    const path = '/v1/consignees/areumnuri';
    return (await operator.json<{ checkIn: object }>(path)).checkIn;
  };
  expect(await seen()).toEqual({ lastAt, dueBy, overdue: false });
  await asOwner(world, `UPDATE check_ins SET seen_at = seen_at - interval '25 hours'`);
  // It never counts from before its relation began.
  expect(await seen()).toMatchObject({ overdue: false });
  await asOwner(world, `UPDATE contract_steps SET recorded_at = recorded_at - interval '25 hours'`);
  expect(await seen()).toMatchObject({ overdue: true });
  expect(await operator.json('/v1/consignees/samkwang')).toMatchObject({ checkIn: null });
  for (const one of [item, ...(await claim(gateway, 'areumnuri'))]) {
    if (one) expect(await ack(one, 'areumnuri')).toEqual(done);
  }
  expect((await transferOf(gateway, later)).status).toBe('delivered');
});

describe('a claim that waits', () => {
  const wait = async (
    consignee: string,
    more: { through?: TestGateway; seconds?: number; limit?: number; signal?: AbortSignal } = {},
  ) => {
    const { through = gateway, seconds = 30, limit = 10, signal } = more;
    const client = await through.as(consignee);
    const body = posting({ limit, leaseSeconds: 60, waitSeconds: seconds });
    return client.fetch('/v1/inbox/claim', { ...body, ...(signal ? { signal } : {}) });
  };
  const itemsOf = async (reply: Promise<Response>) => {
    const response = await reply;
    const body = (await response.json()) as { items: Item[]; code?: string };
    if (!response.ok) throw new Error(`claim: HTTP ${response.status} ${body.code}`);
    return body.items;
  };
  /** A claim that waits at a process that its consignee never asked before, once it does. */
  const waitingAt = async (through: TestGateway, consignee: string, signal?: AbortSignal) => {
    await asOwner(world, 'DELETE FROM check_ins WHERE consignee = $1', [consignee]);
    const reply = wait(consignee, { through, ...(signal ? { signal } : {}) });
    const asked = 'SELECT FROM check_ins WHERE consignee = $1';
    await until(`${consignee} to ask`, async () => {
      return (await world.db.query(asked, [consignee])).rows.length > 0;
    });
    return { reply };
  };

  test.each(['own', 'other'])('is answered by what the %s process accepts', async (whose) => {
    const reply = itemsOf(wait('engitech'));
    const id = await order(whose === 'own' ? gateway : second, 'engitech');
    const [item] = await reply;
    expect(item?.transfer).toBe(id);
    if (item) expect(await ack(item, 'engitech')).toEqual(done);
  });

  test('is answered with nothing when the time is over', async () => {
    const begun = performance.now();
    expect(await itemsOf(wait('engitech', { seconds: 1 }))).toEqual([]);
    expect(performance.now() - begun).toBeGreaterThan(990);
  });

  test('takes nothing for a caller who has left', async () => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const { reply } = await waitingAt(second, 'sk-chemicals', signal);
    const others = Array.from({ length: 63 }, () =>
      wait('sk-chemicals', { through: second, signal }).catch(() => 'left'),
    );
    leaving.abort();
    await expect(reply).rejects.toThrow();
    expect(new Set(await Promise.all(others))).toEqual(new Set(['left']));
    await until('their places to be free', async () => {
      const begun = performance.now();
      await itemsOf(wait('sk-chemicals', { through: second, seconds: 1 }));
      return performance.now() - begun > 990;
    });
    const id = await order(gateway, 'sk-chemicals');
    const [item] = await itemsOf(wait('sk-chemicals'));
    expect(item?.transfer).toBe(id);
    expect(await transferOf(gateway, id)).toMatchObject({ status: 'leased', attempts: 1 });
  });

  test('takes nothing for a client that is revoked meanwhile', async () => {
    const { reply } = await waitingAt(second, 'medigene');
    await asOwner(world, `UPDATE clients SET revoked_at = now() WHERE id = 'medigene'`);
    const client = await second.as('medigene');
    await until('the revocation to hold', async () => {
      return (await client.fetch('/v1/inbox')).status === 401;
    });
    const id = await waiting('medigene');
    expect(await answered(reply)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
    expect(await transferOf(gateway, id)).toMatchObject({ status: 'ready', attempts: 0 });
  });

  test('is told when the contract ends meanwhile', async () => {
    const { reply } = await waitingAt(second, 'greencross');
    const operator = await gateway.as('operator');
    await operator.json('/v1/contracts/greencross/end', posting({ reason: 'a test' }));
    expect(await answered(reply)).toEqual({ status: 403, code: 'INBOX_LOCKED' });
  });

  test('waits beside 63 others: each gets its own, one more waits not, a stop ends them all', async () => {
    const third = await startGateway(world);
    const replies = Array.from({ length: 70 }, () =>
      itemsOf(wait('infinite', { through: third, limit: 1 })),
    );
    const all = Promise.all(replies);
    let stopped: Promise<void> | undefined;
    const stop = () => (stopped ??= third.stop());
    try {
      let ended = 0;
      for (const reply of replies) reply.then(() => (ended += 1)).catch(() => undefined);
      await Promise.race([all, until('six to be answered at once', () => ended >= 6)]);
      expect(ended).toBe(6);
      const ids = await Promise.all(Array.from({ length: 12 }, () => order(gateway, 'infinite')));
      await Promise.race([all, until('twelve to have one each', () => ended >= 18)]);
      const begun = performance.now();
      await stop();
      const taken = (await all).flat().map(({ transfer }) => transfer);
      expect(taken.sort()).toEqual(ids.sort());
      expect(performance.now() - begun).toBeLessThan(15_000);
    } finally {
      await Promise.all([stop(), all.catch(() => undefined)]);
    }
  });
});

test.each([
  { limit: 0, leaseSeconds: 60 },
  { limit: 501, leaseSeconds: 60 },
  { limit: 1, leaseSeconds: 4 },
  { limit: 1, leaseSeconds: 3_601 },
  { limit: 1.5, leaseSeconds: 60 },
  { limit: 1 },
  { limit: 1, leaseSeconds: 60, consignee: 'engitech' },
  { limit: 1, leaseSeconds: 60, waitSeconds: 31 },
])('a claim of %j is refused', async (body) => {
  const client = await gateway.as('greencross');
  const reply = await answered(client.fetch('/v1/inbox/claim', posting(body)));
  expect(reply).toEqual({ status: 400, code: 'INVALID_REQUEST' });
});

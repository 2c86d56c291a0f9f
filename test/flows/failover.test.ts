/** A database that dies under load, and the standby that takes its place: nobody loses an order. */
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runFailover } from '#test/drills/failover.ts';

test('what was acknowledged before the primary died is true of the standby that takes over', async () => {
  const figures = await runFailover({
    folder: realpathSync(mkdtempSync(join(tmpdir(), 'waybill-failover-'))),
    ...{ orders: 20, lanes: 4, gateways: 1, lookMs: 100 },
    tell: () => undefined,
  });
  // A sentence: the programs of this system cannot follow another server. Those of Linux can.
  if (process.platform === 'linux') expect(figures).toBeTypeOf('object');
  if (typeof figures === 'string') return;
  expect(figures.acknowledged).toBeGreaterThanOrEqual(40);
  expect(figures.lost).toEqual({ rows: 0, entries: 0, deliveries: 0 });
  expect(figures).toMatchObject({ refused: [], faults: [], surplus: 0, zombieCommits: false });
  expect(figures.same).toBe(figures.acknowledged);
  expect(figures.zombieAnswer).toBe('LEDGER_FORKED');
  expect(figures.recoveredMs).toBeGreaterThan(figures.promotedMs);
}, 240_000);

/** Pausing: a row and an entry in one transaction, once. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadAgreements } from '#src/agreements/load.ts';
import type { Actor } from '#src/base/words.ts';
import { rootDir } from '#src/bin/settings.ts';
import { consigneeStates, setPaused } from '#src/lifecycle/pause.ts';
import { resolveSecret } from '#test/agreements/folders.ts';
import { openRooms, type Rooms } from './support.ts';

const agreements = loadAgreements(
  { resolveSecret },
  { contractsDir: join(rootDir, 'contracts'), consigneesDir: join(rootDir, 'consignees') },
);
const actor: Actor = { client: 'operator', role: 'operator', source: '192.0.2.7' };

let rooms: Rooms;
let nudges = 0;
beforeEach(async () => {
  rooms = await openRooms();
  nudges = 0;
});
afterEach(() => rooms.close());

const set = (consignee: string, paused: boolean, reason = '사고 신고') =>
  setPaused(
    { ...rooms, agreements, onSubmitted: () => (nudges += 1) },
    { actor, consignee, paused, reason },
  );

const paused = async () => [...(await consigneeStates(rooms.db)).paused];

test('pausing and resuming leave an entry each, with the reason in sealed detail only', async () => {
  await set('samkwang', true);
  expect(await paused()).toEqual(['samkwang']);
  await set('samkwang', false, '해결됨');
  expect(await paused()).toEqual([]);
  const entries = await rooms.submitted();
  expect(entries.map(({ kind }) => kind)).toEqual(['consignee-paused', 'consignee-resumed']);
  expect(entries[0]?.leaf).toMatchObject({ consignee: 'samkwang', transfer: null });
  expect(entries[0]?.detail).toEqual({
    ...{ actor: { client: 'operator', kind: 'operator' }, source: '192.0.2.7' },
    reason: '사고 신고',
  });
  expect(JSON.stringify(entries.map(({ leaf }) => leaf))).not.toContain('사고');
  expect(nudges).toBe(2);
});

test('doing it again changes and records nothing, also at the same time', async () => {
  await set('samkwang', false);
  expect(await rooms.submitted()).toEqual([]);
  await Promise.all([1, 2, 3].map(() => set('samkwang', true)));
  expect(await paused()).toEqual(['samkwang']);
  expect(await rooms.submitted()).toHaveLength(1);
});

test('resuming forgets what stands against the endpoint, and says so where it was disabled', async () => {
  await rooms.db.query(`INSERT INTO endpoints (consignee, failures, opened_at, probe_at, held_until)
    VALUES ('samkwang', 12, now(), now(), now() + interval '1 hour'), ('eone', 0, null, null, null)`);
  await set('samkwang', false);
  expect(await rooms.submitted()).toEqual([]);
  await rooms.db.query(`UPDATE endpoints SET disabled_at = now()`);
  await set('samkwang', true);
  await Promise.all([1, 2].map(() => set('samkwang', false, '주소 확인됨')));
  const entries = await rooms.submitted();
  expect(entries.map(({ kind }) => kind)).toEqual([
    ...['consignee-paused', 'consignee-resumed', 'endpoint-enabled'],
  ]);
  expect(entries[2]).toMatchObject({
    leaf: { consignee: 'samkwang' },
    detail: { actor: { client: 'operator' }, reason: '주소 확인됨' },
  });
  const { rows } = await rooms.db.query(
    `SELECT failures, num_nonnulls(opened_at, probe_at, held_until) AS against,
       disabled_at IS NULL AS enabled FROM endpoints ORDER BY consignee DESC`,
  );
  expect(rows).toEqual([
    { failures: 0, against: 0, enabled: true },
    { failures: 0, against: 0, enabled: false },
  ]);
});

test('a consignee that nobody knows cannot be paused', async () => {
  const notFound = expect.objectContaining({ code: 'NOT_FOUND' }) as Error;
  await expect(set('nobody', true)).rejects.toThrow(notFound);
  expect(await rooms.submitted()).toEqual([]);
});

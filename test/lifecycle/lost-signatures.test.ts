/** A version in force that is not signed any more: an entry when it is seen and when it is over. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { contractInForce } from '#src/agreements/force.ts';
import type { Log } from '#src/base/log.ts';
import type { Contract, ContractSignature } from '#src/base/words.ts';
import { lostSignatures, recordLostSignatures } from '#src/lifecycle/lost-signatures.ts';
import { forgetAll, openRelations, version, type Relations } from './relations.ts';
import { openRooms, type Rooms } from './support.ts';

let rooms: Rooms;
beforeAll(async () => {
  rooms = await openRooms();
});
beforeEach(() => forgetAll(rooms));
afterAll(() => rooms.close());

const bare = { isDemo: false, clinic: null, consignee: null, noticedOn: null } as const;
const without = (number: number, state: 'unsigned' | 'invalid', change: Partial<Contract> = {}) => {
  const signature: ContractSignature = { ...bare, state, why: { en: 'gone', ko: '없음' } };
  return version(number, { ...change, signature });
};

/** A process that starts with these files: what it records, and what its log says. */
async function start(...contracts: Contract[]) {
  const of = await openRelations(contracts, rooms);
  const told: [string, unknown][] = [];
  const note = (message: string, fields?: unknown) => void told.push([message, fields]);
  const log: Log = { debug: note, info: () => undefined, warn: note, error: note };
  const count = await recordLostSignatures({ ...of, log });
  return { of, count, told };
}

const inForce = ({ agreements, standing, clock }: Relations) => {
  const versions = { contracts: agreements.contracts, standing: standing.current() };
  return contractInForce(versions, 'samkwang', clock.today())?.id;
};

async function entries() {
  const all = await rooms.submitted();
  const own = all.filter(({ kind }) => /^contract-(signed|unsigned)$/.test(kind));
  return own.map(({ kind, leaf, detail }) => {
    const { id } = leaf['contract'] as { id: string };
    return [kind, id, detail['outcome']];
  });
}

const signed = ['contract-signed', 'samkwang.v1', undefined];

test('each loss and each return is one entry, however often processes start', async () => {
  const sound = await start(version(1));
  expect(sound).toMatchObject({ count: 0, told: [] });
  expect(inForce(sound.of)).toBe('samkwang.v1');

  const [one, two] = await Promise.all([1, 2].map(() => start(without(1, 'unsigned'))));
  expect([one?.count, two?.count].toSorted()).toEqual([0, 1]);
  expect(inForce(one!.of)).toBeUndefined();
  const lost = ['contract-unsigned', 'samkwang.v1', 'unsigned'];
  expect(await entries()).toEqual([signed, lost]);
  const { leaf, detail } = (await rooms.submitted()).at(-1)!;
  expect(leaf).toMatchObject({ kind: 'contract-unsigned', consignee: 'samkwang' });
  expect(detail).toMatchObject({ on: '2026-07-01', actor: { client: null, kind: 'system' } });

  const back = await Promise.all([1, 2].map(() => start(version(1))));
  expect(back.map(({ count }) => count).toSorted()).toEqual([0, 1]);
  expect(inForce(back[0]!.of)).toBe('samkwang.v1');
  expect(await entries()).toEqual([signed, lost, signed]);

  await start(without(1, 'invalid'));
  const again = ['contract-unsigned', 'samkwang.v1', 'invalid'];
  expect(await entries()).toEqual([signed, lost, signed, again]);
});

test('every start with a loss says so to the operator, also when it is recorded', async () => {
  await start(version(1));
  for (const count of [1, 0]) {
    const { told, count: made } = await start(without(1, 'unsigned'));
    expect(made).toBe(count);
    expect(told).toEqual([
      [
        'a contract in force has lost its signatures: nothing leaves for its consignee',
        { contract: 'samkwang.v1', consignee: 'samkwang' },
      ],
    ]);
  }
});

test('a version that never began, is superseded or has ended has lost nothing', async () => {
  const later = version(2, { validFrom: '2026-06-01' });
  expect((await start(version(1), without(2, 'unsigned', later))).count).toBe(0);
  await start(version(1), later);
  expect((await start(without(1, 'unsigned'), later)).count).toBe(0);
  const { of } = await start(version(1), without(2, 'unsigned', { validFrom: '2026-06-01' }));
  const versions = { contracts: of.agreements.contracts, standing: of.standing.current() };
  expect(lostSignatures(versions, of.clock.today()).map(({ id }) => id)).toEqual(['samkwang.v2']);
  expect(inForce(of)).toBeUndefined();
  await of.end();
  expect((await start(without(1, 'unsigned'), without(2, 'unsigned'))).count).toBe(0);
});

test('a version whose last day has passed has ended, signed or not', async () => {
  const last = { validUntil: '2026-08-31' };
  await start(version(1, last));
  const { of } = await start(without(1, 'unsigned', last));
  const versions = { contracts: of.agreements.contracts, standing: of.standing.current() };
  expect(lostSignatures(versions, '2026-08-31')).toHaveLength(1);
  expect(lostSignatures(versions, '2026-09-01')).toEqual([]);
});

/** Contract versions: each appears once, with an entry, and never again as another text (law 6). */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadAgreements } from '#src/agreements/load.ts';
import { StartupError } from '#src/base/errors.ts';
import { rootDir } from '#src/bin/settings.ts';
import { activateContracts } from '#src/lifecycle/contracts.ts';
import { resolveSecret } from '#test/agreements/folders.ts';
import { openRooms, type Rooms } from './support.ts';

const agreements = loadAgreements(
  { resolveSecret },
  { contractsDir: join(rootDir, 'contracts'), consigneesDir: join(rootDir, 'consignees') },
);

let rooms: Rooms;
beforeEach(async () => {
  rooms = await openRooms();
});
afterEach(() => rooms.close());

test('the first start registers every version, with an entry each that names its items', async () => {
  expect(await activateContracts({ ...rooms, agreements })).toBe(17);
  const entries = await rooms.submitted();
  expect(entries).toHaveLength(17);
  const samkwang = agreements.contracts.find(({ id }) => id === 'samkwang.v1');
  expect(entries.find(({ leaf }) => leaf['consignee'] === 'samkwang')).toMatchObject({
    kind: 'contract-drafted',
    leaf: {
      contract: { id: 'samkwang.v1', digest: samkwang?.digest.toString('base64') },
      items: samkwang?.items.map(({ item }) => item),
    },
    detail: { actor: { client: null, kind: 'system' } },
  });
});

test('the next start, and two at the same time, register nothing twice', async () => {
  const counts = await Promise.all([1, 2].map(() => activateContracts({ ...rooms, agreements })));
  expect(counts.sort()).toEqual([0, 17]);
  expect(await activateContracts({ ...rooms, agreements })).toBe(0);
  expect(await rooms.submitted()).toHaveLength(17);
});

test('a version whose text was changed, or is missing, stops the start and records nothing', async () => {
  await activateContracts({ ...rooms, agreements });
  const changed = agreements.contracts.map((one) =>
    one.id === 'eone.v1' ? { ...one, digest: Buffer.alloc(32) } : one,
  );
  const added = { ...agreements.contracts[0]!, id: 'bioage.v2', version: 2 };
  const lacking = changed.filter(({ id }) => id !== 'bml.v1');
  const start = activateContracts({
    ...rooms,
    agreements: { ...agreements, contracts: [...lacking, added] },
  });
  const error = await start.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StartupError);
  const { faults } = error as StartupError;
  expect(faults.join('\n')).toMatch(/bml\.v1[^]*eone\.v1/);
  expect(faults).toHaveLength(2);
  expect(await rooms.submitted()).toHaveLength(17);
});

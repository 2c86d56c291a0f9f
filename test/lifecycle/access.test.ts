/** Access: every grant and every revocation is an entry, or it did not happen. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewClient } from '#src/access/client-rules.ts';
import { createClientRegistry, type ClientRegistry } from '#src/access/clients.ts';
import { generateClientKey } from '#src/access/keys.ts';
import { scopesOf } from '#src/access/roles.ts';
import type { Actor } from '#src/base/words.ts';
import { grantAccess, revokeAccess } from '#src/lifecycle/access.ts';
import { createFingerprint } from '#src/sealing/fingerprint.ts';
import { openRooms, type Rooms } from './support.ts';

const { publicJwk } = await generateClientKey();
const fingerprint = createFingerprint({ key: Buffer.alloc(32, 1) });
const actor: Actor = { client: 'operator', role: 'operator', source: '192.0.2.7' };
const reason = '새 검사실 계약';
const lab: NewClient = {
  ...{ id: 'samkwang', role: 'consignee', consignee: 'samkwang' },
  scopes: scopesOf('consignee'),
  jwks: { keys: [publicJwk] },
};

let rooms: Rooms;
let clients: ClientRegistry;

beforeEach(async () => {
  rooms = await openRooms();
  clients = createClientRegistry({ db: rooms.db, now: Date.now, fingerprint });
});
afterEach(() => rooms.close());

const grant = (client: NewClient, makeEntry = rooms.makeEntry) =>
  grantAccess({ ...rooms, clients, makeEntry }, { actor, reason, client });
const revoke = (client: string) => revokeAccess({ ...rooms, clients }, { actor, reason, client });

test('a grant says who gave what to whom, and keeps the reason out of the leaf', async () => {
  expect(await grant(lab)).toBe(true);
  const [entry, ...more] = await rooms.submitted();
  expect(more).toEqual([]);
  expect(entry).toMatchObject({ kind: 'access-granted', leaf: { consignee: 'samkwang' } });
  expect(entry?.detail).toEqual({
    ...{ actor: { client: 'operator', kind: 'operator' }, source: '192.0.2.7', reason },
    ...{ client: 'samkwang', role: 'consignee', scopes: [...lab.scopes] },
    change: (await clients.find('samkwang'))?.change,
  });
  expect(JSON.stringify(entry?.leaf)).not.toContain('계약');
  expect(JSON.stringify(entry)).not.toContain(publicJwk.x);
});

test('a grant under a taken id changes and records nothing', async () => {
  await grant(lab);
  expect(await grant({ ...lab, scopes: ['inbox:claim'] })).toBe(false);
  expect(await rooms.submitted()).toHaveLength(1);
  expect((await clients.find('samkwang'))?.scopes).toEqual(lab.scopes);
});

test('a grant that cannot be recorded is not given', async () => {
  const broken = () => {
    throw new Error('no entry');
  };
  await expect(grant(lab, broken)).rejects.toThrow('no entry');
  expect(await clients.find('samkwang')).toBeUndefined();
  expect(await rooms.submitted()).toEqual([]);
});

test('a revocation is recorded once; again, or of an unknown client, it is none', async () => {
  await grant(lab);
  expect(await revoke('samkwang')).toBe(true);
  expect(await revoke('samkwang')).toBe(false);
  expect(await revoke('nobody')).toBe(false);
  const entries = await rooms.submitted();
  expect(entries.map(({ kind }) => kind)).toEqual(['access-granted', 'access-revoked']);
  const changes = entries.map(({ detail }) => Number((detail as { change?: number }).change));
  expect(entries[1]?.detail).toMatchObject({ client: 'samkwang', reason });
  expect(changes[1]).toBeGreaterThan(changes[0] ?? NaN);
  expect((await clients.find('samkwang'))?.change).toBe(changes[1]);
});

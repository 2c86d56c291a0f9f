/** What one process recorded of a contract holds for the others before they have read it. */
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newId } from '#src/base/ids.ts';
import type { Contract } from '#src/base/words.ts';
import { createAcceptances, type Acceptance, type Verdict } from '#src/transfers/acceptance.ts';
import { claimDue } from '#src/transfers/claim.ts';
import { until } from '#test/support/wait.ts';
import { addTransfer, forgetAll, openRelations, version, type Relations } from './relations.ts';
import { openRooms, type Rooms } from './support.ts';

let rooms: Rooms;
beforeAll(async () => {
  rooms = await openRooms();
});
beforeEach(() => forgetAll(rooms));
afterAll(() => rooms.close());

const open = (...contracts: Contract[]) => openRelations(contracts, rooms);
const later = version(2, { validFrom: '2026-06-01' });
const unsigned = { state: 'unsigned', isDemo: false, clinic: null, consignee: null } as const;

/** An order as a process stores it that decided by this version. */
function decidedBy(contract: string, key: string): Acceptance {
  const at = new Date();
  const id = newId(at);
  const commitment = Buffer.alloc(32);
  const consignee = 'samkwang';
  return {
    request: {
      ...{ client: 'emr', hmacKey: '', keyHmac: Buffer.from(key), requestHmac: Buffer.from(key) },
      others: [],
    },
    ...{ id, consignee, contract, released: ['name'], derived: [], withheld: [] },
    ...{ commitment, reference: null, referenceHmac: null, createdAt: at, expiresAt: at },
    ...{ sealedPayload: Buffer.from('sealed'), sealedReply: Buffer.from('reply') },
    subjectHmac: { hmacKey: '', hmac: Buffer.alloc(32, 3), others: [] },
    entryFor: (person) => {
      const actor = { client: 'emr', kind: 'emr' } as const;
      return rooms.makeEntry({
        ...{ kind: 'released', at, transfer: id, consignee, items: ['name'], commitment },
        contract: { id: contract, digest: Buffer.alloc(32) },
        ...{ person, detail: { actor, subject: person.id, withheld: [], rules: [] } },
      });
    },
  };
}

async function take(of: Relations, ...orders: Acceptance[]): Promise<Verdict['outcome'][]> {
  const acceptances = createAcceptances({ db: of.db, onDurable: () => undefined });
  const verdicts = await Promise.all(orders.map((one) => acceptances.submit(one)));
  await acceptances.close();
  return verdicts.map(({ outcome }) => outcome);
}

const releases = async (of: Relations) =>
  (await of.submitted()).filter(({ kind }) => kind === 'released').length;

test('an order that was decided before an end is not stored after it', async () => {
  const of = await open(version(1));
  expect(await take(of, decidedBy('samkwang.v1', 'before'))).toEqual(['accepted']);
  await of.end();
  expect(await take(of, decidedBy('samkwang.v1', 'after'))).toEqual(['outdated']);
  expect(await releases(of)).toBe(1);
  expect(await take(of, decidedBy('samkwang.v2', 'anew'))).toEqual(['accepted']);
});

test('nor one that was decided by a version before the one that began', async () => {
  const of = await open(version(1), later);
  const orders = [decidedBy('samkwang.v1', 'old'), decidedBy('samkwang.v2', 'new')];
  expect(await take(of, ...orders)).toEqual(['outdated', 'accepted']);
  expect(await releases(of)).toBe(1);
});

test('an end stands in the ledger after every order that was being stored', async () => {
  const of = await open(version(1));
  const owner = new Client({ connectionString: rooms.ownerUrl });
  await owner.connect();
  await owner.query('BEGIN');
  await owner.query(`INSERT INTO idempotency_keys (client, key_hmac, request_hmac, owner, reply)
    VALUES ('emr', 'held', 'held', gen_random_uuid(), 'reply')`);
  const ended = of.end();
  await until('the end to wait for the order', async () => {
    const { rows } = await owner.query(
      `SELECT FROM pg_locks WHERE NOT granted AND relation = 'idempotency_keys'::regclass`,
    );
    return rows.length > 0;
  });
  const next = take(of, decidedBy('samkwang.v1', 'behind the end'));
  await owner.query('COMMIT');
  await owner.end();
  expect(await ended).toMatchObject({ contract: 'samkwang.v1' });
  expect(await next).toEqual(['outdated']);
});

test('who lacks the version that began, or has it unsigned, is given nothing to send', async () => {
  const of = await open(version(1), later);
  await addTransfer(of, { contract: 'samkwang.v1', status: 'ready', attempts: 0 });
  const claimedWith = async (...contracts: Contract[]) => {
    const slots = new Map([['samkwang', 10]]);
    const want = { slots, status: 'sending', leaseSeconds: 60, contracts } as const;
    return (await claimDue(of.db, want)).map(({ contract }) => contract);
  };
  expect(await claimedWith(version(1))).toEqual([]);
  const why = later.signature.why;
  const held = version(2, { signature: { ...later.signature, ...unsigned, why } });
  expect(await claimedWith(version(1), held)).toEqual([]);
  // That an older one has lost its signatures since takes nothing from the one that decides.
  const lost = version(1, { signature: held.signature });
  expect(await claimedWith(lost, later)).toEqual(['samkwang.v1']);
});

/** Saying stop, on a real database: what is barred, withdrawn, destroyed and recorded. */
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadAgreements } from '#src/agreements/load.ts';
import { newId } from '#src/base/ids.ts';
import type { Actor } from '#src/base/words.ts';
import { rootDir } from '#src/bin/settings.ts';
import { createFingerprint } from '#src/sealing/fingerprint.ts';
import { openDatabase, type Queryable } from '#src/store/pool.ts';
import { createAcceptances, type Acceptance, type Verdict } from '#src/transfers/acceptance.ts';
import { claimDue } from '#src/transfers/claim.ts';
import { resolveSubjects, subjectHmac } from '#src/transfers/subjects.ts';
import { resume, suspend } from '#src/transfers/suspend.ts';
import { withdrawSuspended } from '#src/transfers/withdraw-suspended.ts';
import { resolveSecret } from '#test/agreements/folders.ts';
import { openRooms, type Rooms } from '#test/lifecycle/support.ts';

const agreements = loadAgreements(
  { resolveSecret },
  { contractsDir: join(rootDir, 'contracts'), consigneesDir: join(rootDir, 'consignees') },
);
const fingerprint = createFingerprint({ key: Buffer.alloc(32, 1) });
const actor: Actor = { client: 'emr', role: 'emr', source: '192.0.2.7' };
const person = { kind: 'patient' as const, id: '가-0048213' };
const another = { kind: 'patient' as const, id: '0048214' };
const reason = '가나다라 님이 창구에서 요청함';

let rooms: Rooms;
let owner: Client;
let nudges: number;
beforeAll(async () => {
  rooms = await openRooms();
  owner = new Client({ connectionString: rooms.ownerUrl });
  await owner.connect();
});
beforeEach(async () => {
  nudges = 0;
  await owner.query(`TRUNCATE transfers, payloads, submissions, subjects, suspensions,
    subject_links, idempotency_keys CASCADE`);
});
afterAll(async () => {
  await owner?.end();
  await rooms?.close();
});

const keys = { refresh: () => Promise.resolve() };
const deps = () => ({ ...rooms, agreements, fingerprint, keys, onSubmitted: () => (nudges += 1) });
const asked = (consignees?: string[], subject = person) => {
  return { actor, subject, reason, ...(consignees ? { consignees } : {}) };
};
const stop = (consignees?: string[], subject = person) =>
  suspend(deps(), asked(consignees, subject));
const lift = (consignees?: string[]) => resume(deps(), asked(consignees));

const hmacOf = (subject: typeof person) => subjectHmac(fingerprint, subject);
async function idOf(subject: typeof person): Promise<string> {
  return (await resolveSubjects(rooms.db, [hmacOf(subject)]))(hmacOf(subject)).id;
}

const insertSql = `
  WITH made AS (
    INSERT INTO transfers (id, client, consignee, contract, subject, status, released, derived,
      withheld, commitment, entry, due_at, created_at, expires_at)
    VALUES ($1, 'emr', $2, $2 || '.v1', $3, $4, '{name}', '{}', '[]', sha256(''),
      0, now() + make_interval(secs => $5), now(), now() + interval '1 day')
  ) INSERT INTO payloads (id, sealed) VALUES ($1, 'sealed')`;

/** A transfer as it stands in the database. `dueSeconds`: when it or its lease is due. */
async function put(
  consignee: string,
  status = 'ready',
  more: { subject?: typeof person; dueSeconds?: number; db?: Queryable } = {},
): Promise<string> {
  const { subject = person, dueSeconds = -1, db = rooms.db } = more;
  const id = newId(new Date());
  await db.query(insertSql, [id, consignee, await idOf(subject), status, dueSeconds]);
  return id;
}

async function statuses(): Promise<Record<string, string>> {
  const { rows } = await rooms.db.query<{ id: string; status: string }>(
    'SELECT id, status FROM transfers',
  );
  return Object.fromEntries(rows.map(({ id, status }) => [id, status]));
}

const kept = async () => {
  const { rows } = await rooms.db.query<{ id: string }>('SELECT id FROM payloads');
  return rows.map(({ id }) => id);
};

const claimFor = async (...consignees: string[]) => {
  const claims = await claimDue(rooms.db, {
    slots: new Map(consignees.map((one) => [one, 10])),
    ...{ status: 'sending', leaseSeconds: 60 },
    contracts: agreements.contracts,
  });
  return claims.map(({ id }) => id);
};

const changes = async () =>
  (await rooms.submitted()).filter(({ kind }) => kind.startsWith('subject-'));

describe('saying stop', () => {
  test('withdraws what waits for those consignees, destroys it, and leaves all else', async () => {
    const gone = [await put('samkwang', 'accepted'), await put('samkwang'), await put('bioage')];
    const lapsed = await put('samkwang', 'sending', { dueSeconds: -1 });
    const others = [
      await put('eone'),
      await put('samkwang', 'ready', { subject: another }),
      await put('samkwang', 'delivered'),
    ];
    const underWay = [
      await put('samkwang', 'sending', { dueSeconds: 60 }),
      await put('bioage', 'leased', { dueSeconds: 60 }),
    ];
    const before = await statuses();
    const standing = await stop(['samkwang', 'bioage']);
    expect(standing).toMatchObject({ kind: 'patient', all: false, withdrawn: 4, underWay: 2 });
    expect(standing.suspended.map(({ consignee }) => consignee)).toEqual(['bioage', 'samkwang']);
    const now = await statuses();
    for (const id of [...gone, lapsed]) expect(now[id]).toBe('withdrawn');
    for (const id of [...others, ...underWay]) expect(now[id]).toBe(before[id]);
    expect((await kept()).sort()).toEqual([...others, ...underWay].sort());
    const { rows } = await rooms.db.query<{ count: number }>(
      `SELECT count(*) FROM transfers WHERE status = 'withdrawn' AND purged_at IS NOT NULL
         AND settled_at IS NOT NULL AND last_outcome = 'subject-suspended'`,
    );
    expect(rows[0]?.count).toBe(4);
    const entries = await rooms.submitted();
    const by = { actor: { client: 'emr', kind: 'emr' }, source: '192.0.2.7' };
    expect(entries[0]).toMatchObject({
      kind: 'subject-suspended',
      leaf: { consignee: null, transfer: null, items: [] },
    });
    const subject = await idOf(person);
    expect(entries[0]?.detail).toEqual({
      ...{ ...by, subject, reason },
      consignees: ['samkwang', 'bioage'],
    });
    for (const kind of ['withdrawn', 'purged']) {
      const steps = entries.filter((entry) => entry.kind === kind);
      expect(steps.map(({ leaf }) => leaf['transfer']).sort()).toEqual([...gone, lapsed].sort());
      for (const step of steps) {
        expect(step.detail).toEqual({ ...by, outcome: 'subject-suspended' });
      }
    }
    expect(JSON.stringify(entries.map(({ leaf }) => leaf))).not.toMatch(/가|0048213/);
    expect(nudges).toBe(1);
  });

  test('without naming consignees bars all of them, and an entry with none says so', async () => {
    const ids = [await put('samkwang'), await put('korea-post')];
    const { all, suspended, withdrawn } = await stop();
    expect({ all, withdrawn }).toEqual({ all: true, withdrawn: 2 });
    expect(suspended.map(({ consignee }) => consignee)).toEqual(
      [...agreements.consignees.keys()].sort(),
    );
    expect(Object.values(await statuses())).toEqual(ids.map(() => 'withdrawn'));
    expect((await changes())[0]?.detail).toMatchObject({ consignees: [] });
  });

  test('again changes and records nothing, also from several sides at once', async () => {
    const first = await stop(['samkwang']);
    await Promise.all([1, 2, 3].map(() => stop(['samkwang'])));
    expect(await stop(['samkwang'])).toEqual(first);
    expect(await changes()).toHaveLength(1);
    await stop(['samkwang', 'eone']);
    expect((await changes()).at(-1)?.detail).toMatchObject({ consignees: ['eone'] });
    await Promise.all([1, 2, 3].map(() => stop()));
    expect(await stop(['bioage'])).toMatchObject({ all: true });
    expect(await changes()).toHaveLength(3);
  });

  test('holds for the person however the identifier was typed, and for no other', async () => {
    const typed = { ...person, id: person.id.normalize('NFD') };
    expect(typed.id).not.toBe(person.id);
    await stop(['samkwang'], typed);
    await put('samkwang', 'ready', { subject: person });
    const other = await put('samkwang', 'ready', { subject: another });
    const namesake = { kind: 'visitor', id: person.id } as unknown as typeof person;
    const visitor = await put('samkwang', 'ready', { subject: namesake });
    expect((await claimFor('samkwang')).sort()).toEqual([other, visitor].sort());
  });

  test('to a consignee that nobody knows is refused, and changes nothing', async () => {
    const unknown = expect.objectContaining({
      code: 'UNKNOWN_CONSIGNEE',
      problems: [{ pointer: '/consignees', rule: 'unknown' }],
    }) as Error;
    await expect(stop(['samkwang', '*'])).rejects.toThrow(unknown);
    await expect(lift(['nobody'])).rejects.toThrow(unknown);
    expect(await rooms.submitted()).toEqual([]);
  });
});

describe('lifting it', () => {
  test('for one of all leaves the rest barred, since the same moment', async () => {
    const since = (await stop()).suspended[0]?.since;
    const { all, suspended } = await lift(['korea-post']);
    expect(all).toBe(false);
    const rest = [...agreements.consignees.keys()].filter((id) => id !== 'korea-post').sort();
    expect(suspended).toEqual(rest.map((consignee) => ({ consignee, since })));
    const free = await put('korea-post');
    await put('samkwang');
    expect(await claimFor('korea-post', 'samkwang')).toEqual([free]);
    expect((await changes()).at(-1)).toMatchObject({
      kind: 'subject-resumed',
      detail: { consignees: ['korea-post'], reason, subject: await idOf(person) },
    });
  });

  test('for all ends every suspension of this person; what was withdrawn stays so', async () => {
    const id = await put('samkwang');
    await stop(['samkwang', 'eone']);
    expect(await lift()).toEqual({
      ...{ kind: 'patient', all: false, suspended: [], withdrawn: 0, underWay: 0 },
    });
    expect((await statuses())[id]).toBe('withdrawn');
    expect((await changes()).at(-1)?.detail).toMatchObject({ consignees: [] });
  });

  test('of what is not barred changes and records nothing, and makes nobody known', async () => {
    await lift();
    await lift(['samkwang']);
    const { rows } = await rooms.db.query('SELECT id FROM subjects');
    expect(rows).toEqual([]);
    await stop(['eone']);
    await lift(['samkwang']);
    expect(await changes()).toHaveLength(1);
  });
});

describe('what comes to wait after the stop', () => {
  test('from a transaction that was open before is never claimed, and is withdrawn', async () => {
    await idOf(person);
    await owner.query('BEGIN');
    const late = await put('samkwang', 'ready', { db: owner });
    expect(await stop(['samkwang'])).toMatchObject({ withdrawn: 0 });
    await owner.query('COMMIT');
    const other = await put('samkwang', 'ready', { subject: another });
    expect(await claimFor('samkwang')).toEqual([other]);
    expect(await withdrawSuspended(deps())).toBe(1);
    expect((await statuses())[late]).toBe('withdrawn');
    expect(await kept()).toEqual([other]);
    const entries = (await rooms.submitted()).slice(-2);
    expect(entries.map(({ kind, leaf }) => [kind, leaf['transfer']])).toEqual([
      ['withdrawn', late],
      ['purged', late],
    ]);
    expect(entries[0]?.detail).toMatchObject({ actor: { client: null, kind: 'system' } });
  });

  test('as a retry or after a lease is withdrawn; under a lease that lives it is left', async () => {
    await stop();
    const retry = await put('samkwang', 'ready', { dueSeconds: 600 });
    const lapsed = await put('engitech', 'leased', { dueSeconds: -1 });
    const live = await put('engitech', 'leased', { dueSeconds: 60 });
    expect(await claimFor('samkwang', 'engitech')).toEqual([]);
    expect(await withdrawSuspended(deps())).toBe(2);
    expect(await statuses()).toEqual({
      [retry]: 'withdrawn',
      [lapsed]: 'withdrawn',
      [live]: 'leased',
    });
    expect(await withdrawSuspended(deps())).toBe(0);
  });
});

describe('a group commit', () => {
  const order = (subject: typeof person, consignee: string, key: string): Acceptance => {
    const at = new Date();
    const id = newId(at);
    const contract = agreements.contracts.find((one) => one.consignee === consignee);
    if (!contract) throw new Error('no such contract');
    const commitment = Buffer.alloc(32);
    return {
      request: {
        ...{ client: 'emr', hmacKey: '', keyHmac: Buffer.from(key), requestHmac: Buffer.from(key) },
        others: [],
      },
      ...{ id, consignee, contract: contract.id, released: ['name'], derived: [], withheld: [] },
      ...{ commitment, reference: null, referenceHmac: null, createdAt: at, expiresAt: at },
      ...{ sealedPayload: Buffer.from('sealed'), sealedReply: Buffer.from('reply') },
      subjectHmac: hmacOf(subject),
      entryFor: (known) =>
        rooms.makeEntry({
          ...{ kind: 'released', at, transfer: id, consignee, items: ['name'], commitment },
          contract: { id: contract.id, digest: contract.digest },
          person: known,
          detail: {
            actor: { client: 'emr', kind: 'emr' },
            ...{ subject: known.id, withheld: [], rules: [] },
          },
        }),
    };
  };

  test('leaves out who said stop, there and nowhere else, and disturbs nobody', async () => {
    // Another process hears the stop; this one knows it by asking with every order.
    const db = openDatabase({ url: rooms.url });
    await suspend({ ...deps(), db }, asked(['samkwang']));
    await db.end();
    const acceptances = createAcceptances({ db: rooms.db, onDurable: () => undefined });
    const take = (...batch: Acceptance[]): Promise<Verdict[]> =>
      Promise.all(batch.map((one) => acceptances.submit(one)));
    const batch = [
      order(another, 'samkwang', 'one'),
      order(person, 'samkwang', 'two'),
      order(person, 'eone', 'three'),
      order(another, 'samkwang', 'four'),
    ];
    const subject = expect.objectContaining({ id: await idOf(person) }) as unknown;
    const suspended = { outcome: 'suspended', subject };
    const accepted = { outcome: 'accepted' };
    expect(await take(...batch)).toEqual([accepted, suspended, accepted, accepted]);
    const [one, , three, four] = batch.map(({ id }) => id);
    expect(Object.keys(await statuses()).sort()).toEqual([one, three, four].sort());
    expect(await take(order(another, 'samkwang', 'one'), order(person, 'samkwang', 'six'))).toEqual(
      [{ outcome: 'repeated' }, suspended],
    );
    await lift();
    expect(await take(order(person, 'samkwang', 'two'))).toEqual([accepted]);
    await acceptances.close();
  });
});

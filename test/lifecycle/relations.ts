/** Signed contracts of one consignee with a life in a real database, and transfers under them. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'pg';
import { loadAgreements } from '#src/agreements/load.ts';
import { newId } from '#src/base/ids.ts';
import { makeSigningKey } from '#src/base/made-secrets.ts';
import type { Actor, Contract } from '#src/base/words.ts';
import { rootDir } from '#src/bin/settings.ts';
import { activateContracts } from '#src/lifecycle/contracts.ts';
import { endRelation, endWithLastDay } from '#src/lifecycle/end.ts';
import { createStanding } from '#src/lifecycle/standing.ts';
import { recordSteps } from '#src/lifecycle/steps.ts';
import { resolveSecret } from '#test/agreements/folders.ts';
import { publicHalf } from '#test/support/signing.ts';
import { openRooms, type Rooms } from './support.ts';

const shipped = loadAgreements(
  { resolveSecret },
  { contractsDir: join(rootDir, 'contracts'), consigneesDir: join(rootDir, 'consignees') },
);
const base = shipped.contracts.find(({ id }) => id === 'samkwang.v1') as Contract;

export const operator: Actor = { client: 'operator', role: 'operator', source: '192.0.2.7' };

/** A version of Samkwang's contract that both signed and that was noticed in time. */
export function version(number: number, change: Partial<Contract> = {}): Contract {
  const by = { kid: 'k'.repeat(43), signedAt: '2025-12-01T00:00:00Z' };
  const signed = { state: 'signed', isDemo: false, clinic: by, consignee: by, why: null } as const;
  return {
    ...base,
    ...{ id: `samkwang.v${number}`, version: number, digest: Buffer.alloc(32, number) },
    signature: { ...signed, noticedOn: '2025-12-01' },
    ...change,
  };
}

/** Forgets every contract, transfer and entry: cheaper than a database for each test. */
export async function forgetAll({ ownerUrl }: Rooms): Promise<void> {
  const owner = new Client({ connectionString: ownerUrl });
  await owner.connect();
  const tables =
    'contract_versions, contract_steps, relation_ends, lost_signatures, destruction_orders';
  await owner.query(`TRUNCATE ${tables}, transfers, submissions`);
  await owner.end();
}

/** The rooms as one process has them, on a day that the test sets. */
export async function openRelations(contracts: readonly Contract[], given?: Rooms) {
  const rooms = given ?? (await openRooms());
  const signingKey = makeSigningKey();
  const samkwang = shipped.consignees.get('samkwang');
  if (!samkwang) throw new Error('samkwang is shipped');
  const registered = [publicHalf(signingKey)];
  const consignees = new Map([['samkwang', { ...samkwang, signingKeys: registered }]]);
  const day = { today: '2026-07-01' };
  const deps = {
    ...rooms,
    agreements: { ...shipped, contracts, consignees },
    clock: { ...rooms.clock, today: () => day.today },
    standing: createStanding({ db: rooms.db, steadyNow: () => performance.now() }),
    assertOpen: () => undefined,
    onSubmitted: () => undefined,
  };
  const relations = {
    ...deps,
    day,
    signingKey,
    /** The public keys that count for the consignee's signatures. */
    registered,
    /** Registers what is new and takes the steps that are due, as a process does each second. */
    async watch() {
      await activateContracts(deps);
      return recordSteps(deps, endWithLastDay(deps));
    },
    end: (consignee = 'samkwang', reason = '계약 해지') =>
      endRelation(deps, { actor: operator, consignee, reason }),
    /** Kinds of the entries about ends and destruction, in their order. */
    async kinds() {
      const all = await rooms.submitted();
      return all.map(({ kind }) => kind).filter((kind) => /ended|destruction/.test(kind));
    },
  };
  await relations.watch();
  return relations;
}

export type Relations = Awaited<ReturnType<typeof openRelations>>;

export interface TransferSample {
  contract?: string;
  status?: string;
  attempts?: number;
  released?: string[];
  derived?: string[];
  /** How long ago its id was made, 31 at most. */
  daysOld?: number;
  createdAt?: string;
  settledAt?: string | null;
}

/** A transfer as it would stand in its row; its id. */
export async function addTransfer(
  { db }: Pick<Relations, 'db'>,
  sample: TransferSample = {},
): Promise<string> {
  const { status = 'delivered', attempts = 1, createdAt = '2026-06-01T03:00:00Z' } = sample;
  const id = newId(new Date(Date.now() - (sample.daysOld ?? 0) * 86_400_000));
  await db.query(
    `INSERT INTO transfers (id, client, consignee, contract, subject, status, released, derived,
       withheld, commitment, entry, attempts, due_at, created_at, expires_at, settled_at)
     VALUES ($1, 'emr', 'samkwang', $2, $3, $4, $5, $6, '[]', $7, 1, $8, now(), $9,
       now() + interval '1 day', $10)`,
    [
      ...[id, sample.contract ?? 'samkwang.v1', randomUUID(), status],
      ...[sample.released ?? ['name', 'chartNumber'], sample.derived ?? ['age']],
      ...[Buffer.alloc(32, 1), attempts, createdAt, sample.settledAt ?? null],
    ],
  );
  return id;
}

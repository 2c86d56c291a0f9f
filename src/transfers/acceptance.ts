/**
 * The one statement that accepts orders: key, transfer, sealed payload and ledger submission of
 * many orders are durable together or not at all (laws 2 and 3).
 */
import type { Failpoint } from '#src/base/failpoint.ts';
import type { Entry } from '#src/ledger/entry.ts';
import type { Database } from '#src/store/pool.ts';
import { createBatcher, type Batcher } from '#src/store/batcher.ts';
import { asInProgress, type RepeatableRequest } from './idempotency.ts';
import { isSuspendedFor, resolveSubjects } from './subjects.ts';

/** One order on its way into the database. */
export interface Acceptance {
  request: RepeatableRequest;
  id: string;
  consignee: string;
  contract: string;
  released: readonly string[];
  derived: readonly string[];
  withheld: readonly object[];
  commitment: Buffer;
  reference: Buffer | null;
  referenceHmac: Buffer | null;
  /** The transfer that it corrects, and the upload that it came with. */
  replaces?: string | undefined;
  batch?: string | undefined;
  createdAt: Date;
  expiresAt: Date;
  sealedPayload: Buffer;
  sealedReply: Buffer;
  subjectHmac: Buffer;
  /** The entry of the release, once the subject's id is known. */
  entryFor: (subject: string) => Entry;
}

/** What became of an order: only `accepted` is stored. */
export type Verdict =
  | { outcome: 'accepted' }
  /** Its key is taken: the first answer stands. */
  | { outcome: 'repeated' }
  /** This person has said stop; `subject` is the random id. */
  | { outcome: 'suspended'; subject: string }
  /** Another process has recorded since that its contract ended, or that a later version began. */
  | { outcome: 'outdated' };

// Ordered by key, so that two processes with the same keys never wait for each other in a ring.
// Joined by the transfer's own id, so that of two orders with one key only the winner is stored.
// What decided is asked for once more, where every process says what has become of it: the standing
// by which an order was decided may be a second old.
const acceptSql = `
  WITH input AS (
    SELECT * FROM unnest(
      $1::text[], $2::bytea[], $3::bytea[], $4::uuid[], $5::bytea[], $6::text[], $7::text[],
      $8::uuid[], $9::text[], $10::text[], $11::text[], $12::bytea[], $13::bytea[], $14::bytea[],
      $15::timestamptz[], $16::timestamptz[], $17::bytea[], $18::bytea[], $19::bytea[], $20::uuid[],
      $21::uuid[]
    ) AS input (client, key_hmac, request_hmac, id, reply, consignee, contract,
      subject, released, derived, withheld, commitment, reference, reference_hmac,
      created_at, expires_at, sealed, leaf, detail, replaces, batch)
  ), decided AS (
    SELECT DISTINCT contract, consignee, split_part(contract, '.v', 2)::integer AS version FROM input
  ), outdated AS (
    SELECT contract FROM decided
    WHERE EXISTS (SELECT FROM relation_ends WHERE relation_ends.consignee = decided.consignee
        AND through >= version)
      OR EXISTS (SELECT FROM contract_steps AS begun WHERE step = 'activated'
        AND split_part(begun.contract, '.v', 1) = decided.consignee
        AND split_part(begun.contract, '.v', 2)::integer > version)
  ), won AS (
    INSERT INTO idempotency_keys (client, key_hmac, request_hmac, owner, reply)
    SELECT client, key_hmac, request_hmac, id, reply FROM input
    WHERE contract NOT IN (SELECT contract FROM outdated) ORDER BY client, key_hmac
    ON CONFLICT (client, key_hmac) DO NOTHING
    RETURNING owner
  ), stored AS (
    INSERT INTO transfers (id, client, consignee, contract, subject, status, released, derived,
      withheld, commitment, reference, reference_hmac, due_at, created_at, expires_at, replaces,
      batch)
    SELECT id, client, consignee, contract, subject, 'accepted', released::text[], derived::text[],
      withheld::jsonb, commitment, reference, reference_hmac, now(), created_at, expires_at,
      replaces, batch
    FROM input JOIN won ON won.owner = input.id
  ), kept AS (
    INSERT INTO payloads (id, sealed)
    SELECT id, sealed FROM input JOIN won ON won.owner = input.id
  ), submitted AS (
    INSERT INTO submissions (kind, owner, leaf, detail)
    SELECT 'released', id, leaf, detail FROM input JOIN won ON won.owner = input.id ORDER BY id
  )
  SELECT owner AS id, 'accepted' AS outcome FROM won
  UNION ALL
  SELECT id, 'outdated' FROM input WHERE contract IN (SELECT contract FROM outdated)`;

/** A PostgreSQL array literal of dictionary codes, which hold letters only. */
function codeArray(codes: readonly string[]): string {
  return `{${codes.join(',')}}`;
}

async function accept(db: Database, batch: readonly Acceptance[]): Promise<Verdict[]> {
  const subjectOf = await resolveSubjects(
    db,
    batch.map((order) => order.subjectHmac),
  );
  const asked = batch.map((order) => ({ order, subject: subjectOf(order.subjectHmac) }));
  // One who said stop is left out, and disturbs none of the others in the statement.
  const free = asked.filter(({ order, subject }) => !isSuspendedFor(subject, order.consignee));
  const stored = await store(
    db,
    free.map(({ order, subject: { id: subject } }) => {
      return { ...order, subject, entry: order.entryFor(subject) };
    }),
  );
  return asked.map(({ order, subject }) => {
    const outcome = stored.get(order.id);
    if (outcome !== undefined) return { outcome };
    if (!isSuspendedFor(subject, order.consignee)) return { outcome: 'repeated' };
    return { outcome: 'suspended', subject: subject.id };
  });
}

/** Stores the orders, all or none. By id, those that won their key, and those decided too early. */
async function store(
  db: Database,
  rows: readonly (Acceptance & { subject: string; entry: Entry })[],
): Promise<ReadonlyMap<string, 'accepted' | 'outdated'>> {
  if (rows.length === 0) return new Map();
  const column = <T>(pick: (row: (typeof rows)[number]) => T): T[] => rows.map(pick);
  const { rows: stored } = await db.query<{ id: string; outcome: 'accepted' | 'outdated' }>({
    name: 'transfers-accept',
    text: acceptSql,
    values: [
      column((row) => row.request.client),
      column((row) => row.request.keyHmac),
      column((row) => row.request.requestHmac),
      column((row) => row.id),
      column((row) => row.sealedReply),
      column((row) => row.consignee),
      column((row) => row.contract),
      column((row) => row.subject),
      column((row) => codeArray(row.released)),
      column((row) => codeArray(row.derived)),
      column((row) => JSON.stringify(row.withheld)),
      column((row) => row.commitment),
      column((row) => row.reference),
      column((row) => row.referenceHmac),
      column((row) => row.createdAt),
      column((row) => row.expiresAt),
      column((row) => row.sealedPayload),
      column((row) => row.entry.leaf),
      column((row) => row.entry.detail),
      column((row) => row.replaces ?? null),
      column((row) => row.batch ?? null),
    ],
  });
  return new Map(stored.map(({ id, outcome }) => [id, outcome]));
}

/** Accepts orders by group commit; each answer says what became of this order. */
export function createAcceptances(deps: {
  db: Database;
  onDurable: () => void;
  failpoint?: Failpoint | undefined;
}): Batcher<Acceptance, Verdict> {
  return createBatcher<Acceptance, Verdict>({
    sizeMax: 256,
    inFlightMax: 3,
    queueMax: 4_096,
    async run(batch) {
      try {
        await deps.failpoint?.('accept:before-commit');
        const verdicts = await accept(deps.db, batch);
        await deps.failpoint?.('accept:after-commit');
        deps.onDurable();
        return verdicts;
      } catch (error) {
        throw asInProgress(error);
      }
    },
  });
}

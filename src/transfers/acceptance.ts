/**
 * The one statement that accepts orders: key, transfer, sealed payload and ledger submission of
 * many orders are durable together or not at all (laws 2 and 3).
 */
import type { Failpoint } from '#src/base/failpoint.ts';
import type { Withheld } from '#src/base/words.ts';
import type { Entry } from '#src/ledger/entry.ts';
import { byteaArray } from '#src/store/binary-array.ts';
import type { Database } from '#src/store/pool.ts';
import { createBatcher, type Batcher } from '#src/store/batcher.ts';
import { createClasses } from './class.ts';
import { asInProgress, type RepeatableRequest } from './idempotency.ts';
import { isSuspendedFor, resolveSubjects } from './subjects.ts';
import type { KnownSubject, SubjectHmac } from './subjects.ts';

/** One order on its way into the database. */
export interface Acceptance {
  request: RepeatableRequest;
  id: string;
  consignee: string;
  contract: string;
  released: readonly string[];
  derived: readonly string[];
  withheld: readonly Withheld[];
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
  subjectHmac: SubjectHmac;
  /** The entry of the release, once its person is known. */
  entryFor: (subject: KnownSubject) => Entry;
}

/** What became of an order: only `accepted` is stored. */
export type Verdict =
  | { outcome: 'accepted' }
  /** Its key is taken: the first answer stands. */
  | { outcome: 'repeated' }
  /** This person has said stop; `subject` is the random id. */
  | { outcome: 'suspended'; subject: KnownSubject }
  /** Another process has recorded since that its contract ended, or that a later version began. */
  | { outcome: 'outdated' }
  /** The HMAC key of its request is not the current one any more. */
  | { outcome: 'rekeyed' };

// Ordered by key, so that two processes with the same keys never wait for each other in a ring.
// Joined by the transfer's own id, so that of two orders with one key only the winner is stored.
// Who is meant is held until the commit: what belongs to somebody who is destroyed in that moment
// is stored before, and goes with them, or begins them anew.
// That the HMAC key is the current one is held until the commit, too (hmac-key.ts); a request that
// came before it began is looked for under the others.
// What decided is asked for once more, where every process says what has become of it: the standing
// by which an order was decided may be a second old.
const acceptSql = `
  WITH input AS (
    SELECT * FROM unnest(
      $1::text[], $2::bytea[], $3::bytea[], $4::uuid[], $5::bytea[], $6::text[], $7::text[],
      $8::uuid[], $9::text[], $10::text[], $11::text[], $12::bytea[], $13::bytea[], $14::bytea[],
      $15::timestamptz[], $16::timestamptz[], $17::bytea[], $18::bytea[], $19::bytea[], $20::uuid[],
      $21::uuid[], $22::bytea[], $23::text[]
    ) AS input (client, key_hmac, request_hmac, id, reply, consignee, contract,
      subject, released, derived, withheld, commitment, reference, reference_hmac,
      created_at, expires_at, sealed, leaf, detail, replaces, batch, class, hmac_key)
  ), rekeyed AS MATERIALIZED (
    SELECT hmac_key FROM (SELECT DISTINCT hmac_key FROM input) AS made
    WHERE NOT hold_hmac_key(hmac_key)
  ), earlier AS (
    SELECT asked.id FROM unnest($24::uuid[], $25::bytea[]) AS asked (id, key_hmac)
    JOIN input USING (id)
    JOIN idempotency_keys AS known
      ON known.client = input.client AND known.key_hmac = asked.key_hmac
  ), decided AS (
    SELECT DISTINCT contract, consignee, split_part(contract, '.v', 2)::integer AS version FROM input
  ), outdated AS (
    SELECT contract FROM decided
    WHERE EXISTS (SELECT FROM relation_ends WHERE relation_ends.consignee = decided.consignee
        AND through >= version)
      OR EXISTS (SELECT FROM contract_steps AS begun WHERE step = 'activated'
        AND split_part(begun.contract, '.v', 1) = decided.consignee
        AND split_part(begun.contract, '.v', 2)::integer > version)
  ), living AS (
    SELECT id FROM subjects WHERE id = ANY ($8::uuid[]) FOR KEY SHARE
  ), won AS (
    INSERT INTO idempotency_keys (client, key_hmac, request_hmac, owner, reply)
    SELECT client, key_hmac, request_hmac, id, reply FROM input
    WHERE contract NOT IN (SELECT contract FROM outdated)
      AND hmac_key NOT IN (SELECT hmac_key FROM rekeyed) AND id NOT IN (SELECT id FROM earlier)
      AND subject IN (SELECT id FROM living) ORDER BY client, key_hmac
    ON CONFLICT (client, key_hmac) DO NOTHING
    RETURNING owner
  ), stored AS (
    INSERT INTO transfers (id, client, consignee, contract, subject, status, released, derived,
      withheld, commitment, reference, reference_hmac, due_at, created_at, expires_at, replaces,
      batch, class)
    SELECT id, client, consignee, contract, subject, 'accepted', released::text[], derived::text[],
      withheld::jsonb, commitment, reference, reference_hmac, now(), created_at, expires_at,
      replaces, batch,
      (SELECT known.id FROM transfer_classes AS known WHERE known.digest = input.class)
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
  SELECT id, 'outdated' FROM input WHERE contract IN (SELECT contract FROM outdated)
  UNION ALL
  SELECT id, 'forgotten' FROM input WHERE contract NOT IN (SELECT contract FROM outdated)
    AND subject NOT IN (SELECT id FROM living)
  UNION ALL
  SELECT id, 'rekeyed' FROM input WHERE hmac_key IN (SELECT hmac_key FROM rekeyed)`;

/** A PostgreSQL array literal of dictionary codes, which hold letters only. */
const codeArray = (codes: readonly string[]): string => `{${codes.join(',')}}`;

/** `forgotten`: its person was destroyed between two statements. */
type Stored = 'accepted' | 'outdated' | 'forgotten' | 'rekeyed';

interface AcceptDeps {
  db: Database;
  classes: ReturnType<typeof createClasses>;
}

/** Somebody would have to be destroyed so often between two statements, each time anew. */
const triesMax = 5;

async function accept(deps: AcceptDeps, batch: readonly Acceptance[]): Promise<Verdict[]> {
  const verdicts = new Map<Acceptance, Verdict>();
  let left = batch;
  for (let tries = 0; left.length > 0 && tries < triesMax; tries += 1) {
    left = await acceptOnce(deps, left, verdicts);
  }
  return batch.map((order) => {
    const verdict = verdicts.get(order);
    if (verdict === undefined) throw new Error('a person was destroyed again and again');
    return verdict;
  });
}

/** Tells what became of the orders; answers those whose person has to be looked for again. */
async function acceptOnce(
  deps: AcceptDeps,
  batch: readonly Acceptance[],
  verdicts: Map<Acceptance, Verdict>,
): Promise<Acceptance[]> {
  const subjectOf = await resolveSubjects(
    deps.db,
    batch.map((order) => order.subjectHmac),
  );
  const asked = batch.map((order) => ({ order, subject: subjectOf(order.subjectHmac) }));
  // One who said stop is left out, and disturbs none of the others in the statement.
  const free = asked.filter(({ order, subject }) => !isSuspendedFor(subject, order.consignee));
  const stored = await store(
    deps,
    free.map(({ order, subject }) => {
      return { ...order, subject: subject.id, entry: order.entryFor(subject) };
    }),
  );
  const again: Acceptance[] = [];
  for (const { order, subject } of asked) {
    const outcome = stored.get(order.id);
    if (outcome === 'forgotten') again.push(order);
    else if (outcome !== undefined) verdicts.set(order, { outcome });
    else if (isSuspendedFor(subject, order.consignee)) {
      verdicts.set(order, { outcome: 'suspended', subject });
    } else verdicts.set(order, { outcome: 'repeated' });
  }
  return again;
}

/** Stores the orders, all or none. By id, those that won their key, and why others are not in. */
async function store(
  { db, classes }: AcceptDeps,
  rows: readonly (Acceptance & { subject: string; entry: Entry })[],
): Promise<ReadonlyMap<string, Stored>> {
  if (rows.length === 0) return new Map();
  const classOf = await classes(rows.map((row) => ({ ...row, client: row.request.client })));
  const column = <T>(pick: (row: (typeof rows)[number]) => T): T[] => rows.map(pick);
  const bytes = (pick: (row: (typeof rows)[number]) => Buffer | null) => byteaArray(rows.map(pick));
  const earlier = rows.flatMap(({ id, request }) =>
    request.others.map(({ keyHmac }) => ({ id, keyHmac })),
  );
  const { rows: stored } = await db.query<{ id: string; outcome: Stored }>({
    name: 'transfers-accept',
    text: acceptSql,
    values: [
      column((row) => row.request.client),
      bytes((row) => row.request.keyHmac),
      bytes((row) => row.request.requestHmac),
      column((row) => row.id),
      bytes((row) => row.sealedReply),
      column((row) => row.consignee),
      column((row) => row.contract),
      column((row) => row.subject),
      column((row) => codeArray(row.released)),
      column((row) => codeArray(row.derived)),
      column((row) => JSON.stringify(row.withheld)),
      bytes((row) => row.commitment),
      bytes((row) => row.reference),
      bytes((row) => row.referenceHmac),
      column((row) => row.createdAt.toISOString()),
      column((row) => row.expiresAt.toISOString()),
      bytes((row) => row.sealedPayload),
      bytes((row) => row.entry.leaf),
      bytes((row) => row.entry.detail),
      column((row) => row.replaces ?? null),
      column((row) => row.batch ?? null),
      byteaArray(classOf),
      column((row) => row.request.hmacKey),
      earlier.map(({ id }) => id),
      byteaArray(earlier.map(({ keyHmac }) => keyHmac)),
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
  const { db } = deps;
  const classes = createClasses(db);
  return createBatcher<Acceptance, Verdict>({
    ...{ sizeMax: 256, inFlightMax: 3, besideMin: 32, queueMax: 4_096 },
    async run(batch) {
      try {
        await deps.failpoint?.('accept:before-commit');
        const verdicts = await accept({ db, classes }, batch);
        await deps.failpoint?.('accept:after-commit');
        deps.onDurable();
        return verdicts;
      } catch (error) {
        throw asInProgress(error);
      }
    },
  });
}

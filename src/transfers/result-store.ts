/**
 * The one place where a result becomes a row: under the lock of its transfer, so that versions are
 * numbered one after the other, with its content and its entries in the same transaction.
 */
import type { Agreements } from '#src/agreements/load.ts';
import type { Clock } from '#src/base/clock.ts';
import { GatewayError } from '#src/base/errors.ts';
import { newId } from '#src/base/ids.ts';
import type { Actor, Contract, Withheld } from '#src/base/words.ts';
import type { Entry, EntryMaker } from '#src/ledger/entry.ts';
import type { Person } from '#src/ledger/inner.ts';
import { actorDetail, type DetailContent } from '#src/ledger/kinds.ts';
import type { CompiledContract } from '#src/minimise/compile.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import type { Sealer } from '#src/sealing/seal.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { sealContent } from './result-content.ts';
import type { ResultRefusal } from './result-refusal.ts';
import { placeAfter, readReport, type Report, type TakenVersion } from './result-versions.ts';
import { personColumns, personOf, type PersonRow } from './subjects.ts';

export interface ResultDeps {
  db: Database;
  agreements: Agreements;
  compiled: ReadonlyMap<string, CompiledContract>;
  clock: Clock;
  sealer: Sealer;
  fingerprint: Fingerprint;
  makeEntry: EntryMaker;
  randomBytes: (count: number) => Buffer;
  assertOpen: () => void;
  onSubmitted: () => void;
}

/** A transfer that a result is for, locked until the transaction ends. */
export interface LockedTransfer {
  id: string;
  client: string;
  consignee: string;
  contract: Contract;
  compiled: CompiledContract;
  mayHaveArrived: boolean;
  /** Undefined: destroyed. */
  person: Person | undefined;
}

/** Locks a transfer of this consignee and, where told, of this EMR. `NOT_FOUND` for any other. */
export async function lockTransfer(
  deps: Pick<ResultDeps, 'agreements' | 'compiled'>,
  tx: Queryable,
  whose: { transfer: string; consignee: string; client?: string },
): Promise<LockedTransfer> {
  const { rows } = await tx.query<LockedRow>({
    name: 'results-lock',
    text: `SELECT client, contract, status, attempts, attempts_before, taken_at, ${personColumns}
      FROM transfers
      WHERE id = $1 AND consignee = $2 AND ($3::text IS NULL OR client = $3) FOR UPDATE`,
    values: [whose.transfer, whose.consignee, whose.client ?? null],
  });
  const row = rows[0];
  if (!row) throw new GatewayError('NOT_FOUND');
  const contract = deps.agreements.contracts.find(({ id }) => id === row.contract);
  const compiled = deps.compiled.get(row.contract);
  if (!contract || !compiled) throw new GatewayError('INTERNAL');
  return {
    ...{ id: whose.transfer, client: row.client, consignee: whose.consignee },
    ...{ contract, compiled, person: personOf(row), mayHaveArrived: mayHaveArrived(row) },
  };
}

interface LockedRow extends PersonRow {
  client: string;
  contract: string;
  status: string;
  attempts: number;
  attempts_before: number;
  taken_at: Date | null;
}

/**
 * What was handed out, or may have been: a reply that was lost still lets its result come. What was
 * taken over once stays so, whatever became of it when it was delivered again. Of somebody who was
 * destroyed nothing comes in any more.
 */
function mayHaveArrived(row: LockedRow): boolean {
  const { status, attempts } = row;
  if (row.person_id === null) return false;
  if (row.taken_at !== null) return true;
  if (status === 'ready') return attempts > 0;
  // It failed, perhaps for a reply that was lost, and went once more before it came to this end.
  if (status === 'expired' || status === 'withdrawn') return row.attempts_before > 0;
  return ['sending', 'leased', 'delivered', 'failed'].includes(status);
}

/** A result that its contract lets come back, before it has its place. */
export interface Accepted {
  transfer: LockedTransfer;
  accepted: readonly string[];
  /** Dictionary codes and counts. */
  withheld: readonly Withheld[];
  canonical: Buffer;
  commitment: Buffer;
  salt: Buffer;
}

/** A result with its place among the versions. */
export interface PlacedResult extends Accepted {
  id: string;
  at: Date;
  version: number;
  replaces: string | null;
  report: Report | null;
}

/** So many versions back a repetition is found, and the last state of a history that others mix. */
const versionsMax = 100;

/** Gives a result its place, or says why it has none. Requires: its transfer is locked by `tx`. */
export async function placeResult(
  deps: Pick<ResultDeps, 'clock' | 'fingerprint'>,
  tx: Queryable,
  result: Accepted,
): Promise<{ placed: PlacedResult } | { refusal: ResultRefusal }> {
  const { transfer, canonical, accepted: items } = result;
  const { rows } = await tx.query<TakenVersion>({
    name: 'results-versions',
    text: `SELECT id, version, reported, reported_at, statement_hmac, parcel_hmac, retracted_at
      FROM results WHERE transfer = $1 ORDER BY version DESC, id DESC LIMIT ${versionsMax}`,
    values: [transfer.id],
  });
  const content = JSON.parse(canonical.toString('utf8')) as Record<string, unknown>;
  const report = readReport(deps.fingerprint, { transfer: transfer.id, content });
  const place = placeAfter(rows, report);
  if (place.outcome !== 'follows') {
    const { outcome: reason, last } = place;
    const facts = last === null ? {} : { last };
    return { refusal: { reason, contract: transfer.contract, items, facts } };
  }
  const at = deps.clock.now();
  const { version, replaces } = place;
  return { placed: { ...result, id: newId(at), at, version, replaces, report } };
}

/** The entry of a result that came. */
export function receivedEntry(
  deps: Pick<ResultDeps, 'makeEntry'>,
  actor: Actor,
  result: PlacedResult,
  attachments: DetailContent['attachments'] = [],
): Entry {
  const { id, at, transfer, accepted, commitment, withheld, version, replaces } = result;
  return deps.makeEntry({
    kind: 'result-received',
    ...{ at, transfer: transfer.id, consignee: transfer.consignee },
    contract: { id: transfer.contract.id, digest: transfer.contract.digest },
    ...{ items: accepted, commitment },
    ...(attachments.length > 0 ? { person: transfer.person } : {}),
    detail: {
      ...{ ...actorDetail(actor), result: id, withheld, version },
      ...(replaces === null ? {} : { replaces }),
      ...(attachments.length === 0 ? {} : { attachments }),
    },
  });
}

const insertSql = `
  WITH stored AS (
    INSERT INTO results (id, transfer, consignee, contract, client, status, accepted, withheld,
      commitment, created_at, version, replaces, reported, reported_at, statement_hmac, parcel_hmac)
    VALUES ($1, $2, $3, $4, $5, 'accepted', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
  ), kept AS (
    INSERT INTO payloads (id, sealed) VALUES ($1, $16)
  )
  INSERT INTO submissions (kind, owner, leaf, detail) VALUES ('result-received', $1, $17, $18)`;

/** Stores a placed result, its sealed content and its entry. */
export async function insertResult(
  deps: Pick<ResultDeps, 'sealer'>,
  tx: Queryable,
  result: PlacedResult,
  entry: Entry,
): Promise<void> {
  const { id, transfer, commitment, report } = result;
  const { consignee, contract, client } = transfer;
  const sealed = sealContent(deps, { id, consignee, contract, commitment }, result);
  await tx.query({
    name: 'results-insert',
    text: insertSql,
    values: [
      ...[id, transfer.id, consignee, contract.id, client],
      ...[result.accepted, JSON.stringify(result.withheld), commitment, result.at],
      ...[result.version, result.replaces, report?.reported, report?.reportedAt],
      ...[report?.statement, report?.parcel, sealed, entry.leaf, entry.detail],
    ],
  });
}

/** Destruction orders: what a consignee had received, and until when it is to be destroyed. */
import type { Clock } from '#src/base/clock.ts';
import { GatewayError } from '#src/base/errors.ts';
import { newId } from '#src/base/ids.ts';
import { daysAfter } from '#src/base/seoul.ts';
import type { Actor, Contract } from '#src/base/words.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Queryable } from '#src/store/pool.ts';
import { countReceived, type Received } from './received.ts';

export interface OrderDeps {
  agreements: { contracts: readonly Contract[] };
  clock: Pick<Clock, 'now' | 'today'>;
  makeEntry: EntryMaker;
}

export interface OrderRow {
  id: string;
  consignee: string;
  contract: string;
  contracts: string[];
  ended_on: string;
  due_on: string;
  opened_at: Date;
  received: Received | null;
  certified_at: Date | null;
  file_sha256: Buffer | null;
  method: string | null;
  destroyed_on: string | null;
  signature: string | null;
  signer: string | null;
}

export const orderColumns = `id, consignee, contract, contracts, ended_on, due_on, opened_at, received,
  certified_at, file_sha256, method, destroyed_on, signature, signer`;

/**
 * Opens the order of a relation that ended with this version; null when it is open already.
 * @returns its id
 */
export async function openOrder(
  deps: OrderDeps,
  tx: Queryable,
  end: { actor: Actor; contract: Contract; endedOn: string },
): Promise<string | null> {
  const { contract, endedOn } = end;
  const { consignee, version } = contract;
  const { rows } = await tx.query<{ before: number }>(
    `SELECT coalesce(max(through), 0) AS before FROM relation_ends
     WHERE consignee = $1 AND through < $2`,
    [consignee, version],
  );
  // What came under a relation that ended before is in that relation's own order.
  const before = rows[0]?.before ?? 0;
  const covered = deps.agreements.contracts.filter(
    (one) => one.consignee === consignee && one.version > before && one.version <= version,
  );
  const order = newId(deps.clock.now());
  const dueOn = daysAfter(endedOn, contract.retention.destroyWithinDays);
  const { rowCount } = await tx.query(
    `INSERT INTO destruction_orders (id, consignee, contract, contracts, ended_on, due_on)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (contract) DO NOTHING`,
    [order, consignee, contract.id, covered.map(({ id }) => id), endedOn, dueOn],
  );
  if (rowCount === 0) return null;
  const items = new Set(covered.flatMap((one) => one.items.map(({ item }) => item)));
  const entry = deps.makeEntry({
    ...{ kind: 'destruction-ordered', at: deps.clock.now(), consignee, items: [...items] },
    contract: { id: contract.id, digest: contract.digest },
    detail: { ...actorDetail(end.actor), order, dueOn },
  });
  await submit(tx, [{ entry }]);
  return order;
}

/** True from the day after the due date on, while there is no certificate. */
function isOverdue(row: OrderRow, today: string): boolean {
  return row.certified_at === null && row.due_on < today;
}

/** An order as everybody who may see it is told it. `sha256` in hex; the signature as it came. */
export async function orderView(deps: { db: Queryable; clock: OrderDeps['clock'] }, row: OrderRow) {
  const received = row.received ?? (await countReceived(deps, row));
  return {
    id: row.id,
    consignee: row.consignee,
    contract: row.contract,
    contracts: row.contracts,
    endedOn: row.ended_on,
    dueOn: row.due_on,
    overdue: isOverdue(row, deps.clock.today()),
    openedAt: row.opened_at.toISOString(),
    received,
    certificate:
      row.certified_at === null
        ? null
        : {
            sha256: row.file_sha256?.toString('hex') ?? '',
            method: row.method as DestructionMethod,
            destroyedOn: row.destroyed_on ?? '',
            signature: row.signature ?? '',
            signer: row.signer ?? '',
            certifiedAt: row.certified_at.toISOString(),
          },
  };
}

/** How a consignee destroyed what it had. Closed: free text could name somebody. */
export type DestructionMethod =
  'erased' | 'keysDestroyed' | 'degaussed' | 'mediaDestroyed' | 'shredded' | 'burned' | 'several';

export type OrderView = Awaited<ReturnType<typeof orderView>>;

/**
 * Orders, newest first, as rows.
 * @param ask.consignee only its own; null: everybody's
 * @param ask.limit rows at most
 */
export async function listOrders(
  deps: { db: Queryable; clock: Pick<Clock, 'today'> },
  ask: {
    consignee: string | null;
    status?: 'open' | 'overdue' | 'certified' | undefined;
    after: string | null;
    limit: number;
  },
): Promise<OrderRow[]> {
  const { rows } = await deps.db.query<OrderRow>(
    `SELECT ${orderColumns} FROM destruction_orders
     WHERE ($1::text IS NULL OR consignee = $1) AND ($3::uuid IS NULL OR id < $3)
       AND CASE $2::text WHEN 'certified' THEN certified_at IS NOT NULL
             WHEN 'open' THEN certified_at IS NULL
             WHEN 'overdue' THEN certified_at IS NULL AND due_on < $5::date ELSE true END
     ORDER BY id DESC LIMIT $4`,
    [ask.consignee, ask.status ?? null, ask.after, ask.limit, deps.clock.today()],
  );
  return rows;
}

/**
 * One order.
 * @param ask.consignee whose own it has to be; absent or null: anybody's
 * @throws GatewayError `NOT_FOUND`
 */
export async function findOrder(
  db: Queryable,
  ask: { order: string; consignee?: string | null },
  lock: '' | 'FOR UPDATE' = '',
): Promise<OrderRow> {
  const { rows } = await db.query<OrderRow>(
    `SELECT ${orderColumns} FROM destruction_orders
     WHERE id = $1 AND ($2::text IS NULL OR consignee = $2) ${lock}`,
    [ask.order, ask.consignee ?? null],
  );
  if (!rows[0]) throw new GatewayError('NOT_FOUND');
  return rows[0];
}

/** How many orders are past their due date without a certificate. */
export async function countOverdue(db: Queryable, clock: Pick<Clock, 'today'>): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'SELECT count(*) FROM destruction_orders WHERE certified_at IS NULL AND due_on < $1',
    [clock.today()],
  );
  return rows[0]?.count ?? 0;
}

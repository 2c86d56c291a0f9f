/**
 * Compares a day between two sides. That nothing was altered, the ledger proves;
 * that nothing is missing shows only when what one side has is held against what another has.
 */
import type { Actor } from '#src/base/words.ts';
import type { Queryable } from '#src/store/pool.ts';
import {
  againstLedger,
  explain,
  namedMax,
  type Lacking,
  type LedgerComparison,
} from './day-differences.ts';
import { dayRows, spanOf, type DayAsk, type DayRow, type Span } from './day-rows.ts';
import { createGroups, createIdSet, type Group, type IdSet } from './id-sets.ts';
import { recordRead, type OversightDeps } from './record-read.ts';

export interface Reconciliation extends IdSet {
  from: string;
  to: string;
  /** Nothing can be added any more. */
  complete: boolean;
  groups: Group[];
  /** Whether the other side's set is this one; null when it named none. */
  agrees: boolean | null;
  agreed: number;
  onlyHere: { count: number; items: { id: string; consignee: string; status: string }[] };
  onlyThere: { count: number; items: { id: string; why: Lacking; status: string | null }[] };
  /** Null unless an auditor compares transfers. */
  ledger: LedgerComparison | null;
}

/** What the other side says that it has: its set, or every id of it. */
export interface Claim {
  have?: IdSet | undefined;
  ids?: readonly string[] | undefined;
}

/**
 * Compares, and records that it was compared.
 * @param ask.withLedger holds the rows against the ledger too: for auditors
 * @throws GatewayError `INVALID_REQUEST` for a day that has not begun
 */
export async function reconcile(
  deps: OversightDeps,
  ask: { actor: Actor; day: DayAsk; claim: Claim; withLedger: boolean },
): Promise<Reconciliation> {
  const { actor, day, claim } = ask;
  const now = deps.clock.now();
  const span = spanOf(day, now);
  const found = await compareRows(deps.db, day, span, claim.ids);
  const agrees = agreement(found, claim);
  const ledger = ask.withLedger ? await againstLedger(deps.db, day, span, now) : null;
  const { onlyHere, onlyThere, agreed, ...rest } = found;
  const missing = (ledger?.missingRows.length ?? 0) + (ledger?.missingEntries.length ?? 0);
  const apart = claim.ids ? onlyHere.count + onlyThere.count : agrees === false ? 1 : 0;
  await recordRead(deps, {
    ...{ kind: 'reconciled', actor, consignee: day.consignee ?? undefined, query: { ...day } },
    ...{ agreed: claim.ids ? agreed : agrees ? rest.count : 0, differing: apart + missing },
  });
  const period = { from: span.from.toISOString(), to: span.to.toISOString() };
  const lists = { agreed, onlyHere, onlyThere };
  return { ...period, complete: span.to <= now, ...rest, agrees, ...lists, ledger };
}

type RowComparison = Omit<Reconciliation, 'from' | 'to' | 'complete' | 'agrees' | 'ledger'>;

/** Reads the rows once: makes the sets, and holds each id against those of the other side. */
async function compareRows(
  db: Queryable,
  day: DayAsk,
  span: Span,
  ids: readonly string[] | undefined,
): Promise<RowComparison> {
  const theirs = ids && new Set(ids);
  const whole = createIdSet();
  const groups = createGroups(span.dayStartMs);
  const onlyHere: RowComparison['onlyHere'] = { count: 0, items: [] };
  let agreed = 0;
  for await (const row of dayRows(db, day, span)) {
    whole.add(row.id);
    groups.add(row);
    if (!theirs) continue;
    if (theirs.delete(row.id)) agreed++;
    else if (++onlyHere.count <= namedMax) onlyHere.items.push(named(row));
  }
  const left = [...(theirs ?? [])].sort();
  const items = await explain(db, day, span, left.slice(0, namedMax));
  const onlyThere = { count: left.length, items };
  return { ...whole.finish(), groups: groups.finish(), agreed, onlyHere, onlyThere };
}

function agreement(found: RowComparison, { have, ids }: Claim): boolean | null {
  if (!have && !ids) return null;
  const same = !have || (have.count === found.count && have.digest === found.digest);
  return same && found.onlyHere.count === 0 && found.onlyThere.count === 0;
}

const named = ({ id, consignee, status }: DayRow) => ({ id, consignee, status });

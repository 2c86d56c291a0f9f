/** The auditor's search: every transfer, whoever's, and an entry that says who looked for what. */
import { nearest } from '#src/agreements/nearest.ts';
import type { Agreements } from '#src/agreements/load.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Order } from '#src/base/words.ts';
import type { Actor } from '#src/base/words.ts';
import { pageOf, readCursor } from '#src/transfers/cursor.ts';
import { transferView, type TransferRow } from '#src/transfers/rows.ts';
import { findSubject, subjectHmac, type KnownSubject } from '#src/transfers/subjects.ts';
import { recordRead, type OversightDeps } from './record-read.ts';
import { findTransfers, type TransferFilter } from './search-page.ts';

export type SearchDeps = OversightDeps & { agreements: Agreements };

/** What is looked for. The person is named as the EMR names them: never in a URL (law 4). */
export interface Search extends Omit<TransferFilter, 'subject'> {
  subject?: Order['subject'] | undefined;
}

/** A transfer as an auditor sees it: also whose order it was, and the subject's random id. */
export function auditView(row: TransferRow) {
  return { ...transferView(row), client: row.client, subject: row.subject };
}

/**
 * Searches transfers, newest first, by keyset: a deep page costs as the first. One entry a query:
 * a cursor only continues the query whose entry was written.
 *
 * @throws GatewayError `UNKNOWN_FILTER_VALUE` for an item that no dictionary has, `INVALID_CURSOR`
 */
export async function searchTransfers(
  deps: SearchDeps,
  ask: { actor: Actor; search: Search; cursor?: string | undefined; limit: number },
) {
  const { search, actor } = ask;
  assertItems(deps.agreements, search);
  const person = search.subject && (await findPerson(deps, search.subject));
  const query = { what: 'transfers', ...queryOf(search) };
  // Bound to whose transfers were asked for, too; the entry holds no more than what kind of person.
  // `by`: another person on the same client has no entry of this search.
  const whose = { person: person?.id ?? null, by: actor.person ?? null };
  const scope = { client: actor.client, query: { ...query, ...whose } };
  const before = readCursor(deps.fingerprint, scope, ask.cursor);
  const filter = { ...search, subject: person?.id };
  const isNobody = search.subject !== undefined && !person;
  // Side by side: nothing is told before both are done.
  const [rows] = await Promise.all([
    isNobody ? [] : findTransfers(deps.db, { filter, before, count: ask.limit + 1 }),
    before === null && recordRead(deps, { actor, query, person }),
  ]);
  return pageOf(deps, scope, { rows, limit: ask.limit, toItem: auditView });
}

/**
 * What an entry says of a search: the filters that were asked for, and of a person only the kind.
 */
export function queryOf(search: Search): Record<string, string | null> {
  const { consignee, status, from, to, subject, ...others } = search;
  const given = Object.entries({ ...others, subject: subject?.kind }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    ...{ consignee: consignee ?? null, status: status ?? null },
    ...{ from: from?.toISOString() ?? null, to: to?.toISOString() ?? null },
    ...Object.fromEntries(given),
  };
}

/** Who is meant, when the gateway has had an order for them. */
export async function findPerson(
  { db, fingerprint }: Pick<SearchDeps, 'db' | 'fingerprint'>,
  subject: Order['subject'],
): Promise<KnownSubject | undefined> {
  return findSubject(db, subjectHmac(fingerprint, subject));
}

/** What the ledger writes where a dictionary knows no name. */
const placeholders = ['UNKNOWN_ITEM', 'NEVER_SHARED'];

/** A mistyped item would find nothing, and be believed. */
export function assertItems({ contracts }: Agreements, { released, withheld }: Search): void {
  const codes = new Set(contracts.flatMap(({ dictionary }) => [...dictionary.items.keys()]));
  const known = { released: codes, withheld: new Set([...codes, ...placeholders]) };
  for (const [filter, value] of Object.entries({ released, withheld })) {
    const items = known[filter as keyof typeof known];
    if (value === undefined || items.has(value)) continue;
    const meant = nearest(value, items);
    const facts = { filter, ...(meant === undefined ? {} : { nearest: meant }) };
    throw new GatewayError('UNKNOWN_FILTER_VALUE', { facts });
  }
}

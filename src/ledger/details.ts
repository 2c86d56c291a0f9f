/** Opens stored details, each under the key of its person where it has one; says which are gone. */
import type { Queryable } from '#src/store/pool.ts';
import { readDetail, unsealDetail, type OpenedDetail } from './entry.ts';

/** An entry as it is stored. */
export interface StoredRow {
  index: number;
  leaf: Buffer;
  detail: Buffer;
}

/** An entry as it is read: `detail` null when it cannot be opened. */
export interface OpenedRow {
  index: number;
  leaf: Buffer;
  detail: OpenedDetail | null;
  /** Its person was destroyed, and the key of the detail with them. */
  erased?: true;
}

/**
 * Opens the details of a page of entries: one query for all of their keys, none where none speaks
 * of a person.
 */
export async function openStored(
  deps: { db: Queryable; openDetail: (sealed: Buffer, aad: Buffer) => Buffer },
  rows: readonly StoredRow[],
): Promise<OpenedRow[]> {
  const unsealed = rows.map((row) => {
    const found = unsealDetail(deps, row);
    const owner = found?.inner ? (found.inner.link ?? transferOf(row.leaf)) : null;
    return { row, found, owner };
  });
  const keys = await keysOf(
    deps.db,
    unsealed.flatMap(({ owner }) => (owner === null ? [] : [owner])),
  );
  return unsealed.map(({ row: { index, leaf }, found, owner }) => {
    if (!found) return { index, leaf, detail: null };
    if (!found.inner) return { index, leaf, detail: readDetail(found) };
    const key = owner === null ? undefined : keys.get(owner);
    if (!key) return { index, leaf, detail: null, erased: true };
    return { index, leaf, detail: readDetail(found, key) };
  });
}

/** The keys of the people whose transfers, or whose links, these are; the destroyed are missing. */
async function keysOf(db: Queryable, ids: readonly string[]): Promise<Map<string, Buffer>> {
  if (ids.length === 0) return new Map();
  const { rows } = await db.query<{ id: string; key: Buffer }>(
    `SELECT owned.id, subjects.key FROM (
       SELECT id, subject FROM transfers WHERE id = ANY($1::uuid[])
       UNION ALL
       SELECT id, subject FROM subject_links WHERE id = ANY($1::uuid[])
     ) AS owned JOIN subjects ON subjects.id = owned.subject`,
    [[...new Set(ids)]],
  );
  return new Map(rows.map(({ id, key }) => [id, key]));
}

function transferOf(leaf: Buffer): string | null {
  const { transfer } = JSON.parse(leaf.toString('utf8')) as { transfer?: unknown };
  return typeof transfer === 'string' && uuid.test(transfer) ? transfer : null;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Partitions as they are archived: which there are, how one is detached, what became of each. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Queryable } from './pool.ts';

/** The tables of one month, or one span of entries. */
export interface MonthPart {
  what: 'month';
  /** `2024-01`, in UTC. */
  month: string;
  /** The first instant that is not in it. */
  end: Date;
  tables: { parent: string; name: string }[];
}

export interface SpanPart {
  what: 'entries';
  table: string;
  /** Inclusive. */
  from: number;
  /** Exclusive. */
  to: number;
}

const monthTable = /^(transfers|results|payloads)_(\d{4})_(\d{2})$/;

/** Every month and span that is attached, the oldest first. */
export async function attachedParts(
  db: Queryable,
): Promise<{ months: MonthPart[]; spans: SpanPart[] }> {
  const { rows } = await db.query<{ name: string; parent: string; bound: string }>(
    `SELECT part.relname AS name, parent.relname AS parent,
       pg_get_expr(part.relpartbound, part.oid) AS bound
     FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
       JOIN pg_class AS parent ON parent.oid = inhparent
     WHERE parent.relnamespace = 'public'::regnamespace
       AND parent.relname IN ('transfers', 'results', 'payloads', 'entries')
     ORDER BY part.relname`,
  );
  const months = new Map<string, MonthPart>();
  const spans: SpanPart[] = [];
  for (const { name, parent, bound } of rows) {
    const [, , year = '', number = ''] = monthTable.exec(name) ?? [];
    const [from, to] = [...bound.matchAll(/'(\d+)'/g)].map(([, text]) => Number(text));
    if (parent === 'entries' && from !== undefined && to !== undefined) {
      spans.push({ what: 'entries', table: name, from, to });
    } else if (year !== '') {
      const month = `${year}-${number}`;
      const end = new Date(Date.UTC(Number(year), Number(number), 1));
      const part = months.get(month) ?? { what: 'month', month, end, tables: [] };
      part.tables.push({ parent, name });
      months.set(month, part);
    }
  }
  return {
    months: [...months.values()].sort((a, b) => (a.month < b.month ? -1 : 1)),
    spans: spans.sort((a, b) => a.from - b.from),
  };
}

const lockNotAvailable = '55P03';
const detachTriesMax = 30;

/**
 * Takes a partition off its table. It needs the table for itself for a moment, behind which
 * everybody else would wait: so it asks briefly, and again.
 */
export async function detach(
  tx: Queryable,
  { parent, name }: { parent: string; name: string },
): Promise<void> {
  await tx.query(`SET LOCAL lock_timeout = '500ms'`);
  for (let tries = 1; ; tries += 1) {
    await tx.query('SAVEPOINT detaching');
    try {
      await tx.query(`ALTER TABLE ${parent} DETACH PARTITION ${name}`);
      await tx.query('RELEASE SAVEPOINT detaching');
      return;
    } catch (error) {
      const busy = error instanceof Error && 'code' in error && error.code === lockNotAvailable;
      if (!busy || tries === detachTriesMax) throw error;
      await tx.query('ROLLBACK TO SAVEPOINT detaching');
      await pause(500);
    }
  }
}

/** The rows of a query, a thousand at a time, whatever their number. */
export async function* rowsOf<R>(tx: Queryable, sql: string): AsyncGenerator<R[]> {
  await tx.query(`DECLARE archived NO SCROLL CURSOR FOR ${sql}`);
  for (;;) {
    const { rows } = await tx.query<R>('FETCH 1024 FROM archived');
    if (rows.length === 0) break;
    yield rows;
  }
  await tx.query('CLOSE archived');
}

/** Notes that a partition was detached, and by which archive it can be read. */
export async function noteArchived(
  tx: Queryable,
  part: {
    name: string;
    what: string;
    rows: number;
    manifest: Buffer;
    month?: string | undefined;
    span?: SpanPart | undefined;
  },
): Promise<void> {
  await tx.query(
    `INSERT INTO archives (name, what, rows, manifest_sha256, month, from_index, to_index)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      ...[part.name, part.what, part.rows, part.manifest],
      ...[part.month === undefined ? null : `${part.month}-01`],
      ...[part.span?.from ?? null, part.span?.to ?? null],
    ],
  );
}

/** Detached tables that are still there, by the manifest of their archive (hex). */
export async function detachedTables(db: Queryable): Promise<Map<string, string[]>> {
  const { rows } = await db.query<{ manifest: string; names: string[] }>(
    `SELECT encode(manifest_sha256, 'hex') AS manifest, array_agg(name ORDER BY name) AS names
     FROM archives WHERE dropped_at IS NULL GROUP BY manifest_sha256`,
  );
  return new Map(rows.map(({ manifest, names }) => [manifest, names]));
}

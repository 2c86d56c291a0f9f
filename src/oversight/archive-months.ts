/** One month of transfers and results as lines of JSON, without what ties them to a person. */
import type { ArchiveWriter, Manifest } from '#src/store/archive-files.ts';
import { rowsOf, type MonthPart } from '#src/store/archive-parts.ts';
import type { Queryable } from '#src/store/pool.ts';

/**
 * By table: an archive cannot be changed, so nothing goes into it that a person's erasure would
 * have to find there. These columns leave the detached table too.
 */
export const personalColumns: Readonly<Record<string, readonly string[]>> = {
  transfers: ['subject', 'reference', 'reference_hmac'],
  results: ['statement_hmac', 'parcel_hmac'],
};

/** Writes `<table>.ndjson` for each table of a month; bytes are `\x…` in hex. */
export async function writeMonth(
  tx: Queryable,
  part: MonthPart,
  writer: ArchiveWriter,
): Promise<Omit<Manifest, 'v' | 'files'>> {
  const tables: Record<string, number> = {};
  for (const { parent, name } of part.tables) {
    const left = (personalColumns[parent] ?? []).map((column) => `- '${column}'`).join(' ');
    const sql = `SELECT (to_jsonb(archived) ${left})::text AS line
      FROM ${name} AS archived ORDER BY id`;
    tables[name] = 0;
    const lines = async function* () {
      for await (const rows of rowsOf<{ line: string }>(tx, sql)) {
        tables[name] = (tables[name] ?? 0) + rows.length;
        yield Buffer.from(rows.map(({ line }) => `${line}\n`).join(''), 'utf8');
      }
    };
    await writer.write(`${name}.ndjson`, lines());
  }
  return { name: part.month, tables, leftOut: Object.values(personalColumns).flat() };
}

/** The ledger's keys of before, as those who check with one of them are told. */
import type { KeyRow } from '#src/sealing/key-table.ts';

/**
 * Keys that were the current one and still sign; each with the entry that names its successor.
 * @param rows in the order in which they came
 */
export function previousKeys(
  rows: readonly KeyRow[],
): { vkey: string; changedBy: number | null }[] {
  const begun = rows.filter(({ beganAt }) => beganAt !== null);
  return begun.flatMap((row, at) =>
    row.endedAt === null || row.retiredAt !== null || row.public === null
      ? []
      : [{ vkey: row.public, changedBy: begun[at + 1]?.entry ?? null }],
  );
}

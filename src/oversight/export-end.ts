/** The end of an export: how many rows were handed out, told in an entry however it came. */
import type { Actor } from '#src/base/words.ts';
import type { RowPages } from './export.ts';
import { recordRead, type OversightDeps } from './record-read.ts';

type Pieces = AsyncGenerator<string, void, undefined>;

export interface ExportEnd {
  /** The same pages; their rows are counted as they are handed on. */
  counted(pages: RowPages): RowPages;
  /**
   * The same pieces. Once they are all there, or something goes wrong, or nobody asks for more, the
   * entry `export-ended` is submitted, before the last of these is told.
   */
  told(pieces: Pieces): Pieces;
}

/** @param whose.export the id that the entry `exported` gave it (UUID) */
export function createExportEnd(
  deps: OversightDeps,
  whose: { actor: Actor; export: string },
): ExportEnd {
  let rows = 0;
  return {
    async *counted(pages) {
      for await (const page of pages) {
        rows += page.length;
        yield page;
      }
    },
    async *told(pieces) {
      let whole = false;
      try {
        yield* pieces;
        whole = true;
      } finally {
        await recordRead(deps, { kind: 'export-ended', ...whose, rows, whole });
      }
    },
  };
}

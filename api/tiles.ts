/** The ledger as files to mirror: tiles of hashes for every witness, leaves for auditors only. */
import { readEntryBundle, readHashTile } from '#src/ledger/tiles.ts';
import type { Gateway } from '#src/gateway.ts';
import type { Handlers, Pieces } from './handler.ts';

type TileOperation = 'getHashTile' | 'getEntryBundle';

export function tileHandlers({ db }: Gateway): Pick<Handlers, TileOperation> {
  return {
    async getHashTile({ path }) {
      const segments = segmentsOf(path.tile);
      return reply(await readHashTile(db, { level: path.level, segments }));
    },
    async getEntryBundle({ path }) {
      return reply(await readEntryBundle(db, { segments: segmentsOf(path.tile) }));
    },
  };
}

/** Express hands a path of several segments over as a list, whatever openapi.yaml calls it. */
function segmentsOf(tile: string | readonly string[]): readonly string[] {
  return typeof tile === 'string' ? tile.split('/') : tile;
}

function reply(bytes: Buffer) {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(bytes.length),
    // Append-only: what a path holds once, it holds for ever (tlog-tiles).
    'cache-control': 'private, max-age=31536000, immutable',
  };
  return { status: 200 as const, body: whole(bytes), headers };
}

async function* whole(bytes: Buffer): Pieces {
  yield bytes;
}

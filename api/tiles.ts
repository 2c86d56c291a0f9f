/** The ledger as files to keep: proofs and tiles of hashes for witnesses, leaves for auditors. */
import { GatewayError } from '#src/base/errors.ts';
import { formatProofFile } from '#src/ledger/proof-file.ts';
import { readEntryBundle, readHashTile } from '#src/ledger/tiles.ts';
import type { Gateway } from '#src/gateway.ts';
import type { Handlers, Pieces } from './handler.ts';

type TileOperation = 'getHashTile' | 'getEntryBundle' | 'getProofFile';

export function tileHandlers({ db, ledger }: Gateway): Pick<Handlers, TileOperation> {
  return {
    async getHashTile({ path }) {
      const segments = segmentsOf(path.tile);
      return reply(await readHashTile(db, { level: path.level, segments }));
    },
    async getEntryBundle({ path }) {
      return reply(await readEntryBundle(db, { segments: segmentsOf(path.tile) }));
    },
    async getProofFile({ query }) {
      const { index, hashes, checkpoint } = await ledger.inclusion(query);
      // A proof file ends in a signed checkpoint, and not every size has one.
      if (checkpoint === null) throw new GatewayError('NOT_FOUND');
      const inBase64 = hashes.map((hash) => hash.toString('base64'));
      return { status: 200, body: formatProofFile({ index, hashes: inBase64, checkpoint }) };
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

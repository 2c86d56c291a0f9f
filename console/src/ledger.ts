/**
 * The ledger, checked in this browser by the gateway's own verifier: what the server says of itself
 * is not asked. Between visits the browser keeps the newest checkpoint that it saw, which holds no
 * personal data, and finds out where it does not continue.
 */
import {
  fromBase64,
  leafHash,
  verifyCheckpoint,
  verifyConsistency,
  verifyInclusion,
  type Bytes,
  type Checkpoint,
  type VerifierCrypto,
} from '../../src/ledger/verify.ts';
import { api, told } from './api.ts';

const webCrypto: VerifierCrypto = {
  sha256: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', exact(data))),
  async verifySignature(publicKey, message, signature) {
    const key = await crypto.subtle.importKey('raw', exact(publicKey), 'Ed25519', false, [
      'verify',
    ]);
    return crypto.subtle.verify('Ed25519', key, exact(signature), exact(message));
  },
};

/** Bytes of their own, as WebCrypto's types want them. */
const exact = (bytes: Bytes) => new Uint8Array(bytes);

const kept = 'waybill.ledger';

interface Seen {
  vkey: string;
  note: string;
}

/** The newest checkpoint with a good signature, and how it continues what this browser saw. */
export interface Ledger {
  vkey: string;
  checkpoint: Checkpoint;
  /** When it was signed, as the gateway says; it stands in no signature. */
  signedAt: string | null;
  /** The size at which this browser saw it before; null: never. */
  before: number | null;
  /** False: it does not continue what this browser saw. */
  continues: boolean;
}

/** Asks for the newest checkpoint and checks it. Throws where its signature is not good. */
export async function readLedger(): Promise<Ledger> {
  const { vkey } = await told(api.GET('/v1/ledger/key'));
  const reply = await api.GET('/v1/ledger/checkpoint', { parseAs: 'text' });
  const note = await told(Promise.resolve(reply));
  const signedAt = reply.response.headers.get('last-modified');
  const checkpoint = await verifyCheckpoint(webCrypto, vkey, note);
  const text = localStorage.getItem(kept);
  const seen = text === null ? null : (JSON.parse(text) as Seen);
  if (seen === null || seen.vkey !== vkey) {
    // Another key is another ledger, or the key has turned: either is said, not judged, here.
    localStorage.setItem(kept, JSON.stringify({ vkey, note }));
    return { vkey, checkpoint, signedAt, before: null, continues: true };
  }
  const earlier = await verifyCheckpoint(webCrypto, vkey, seen.note);
  const continues = await isContinued(earlier, checkpoint);
  if (continues) localStorage.setItem(kept, JSON.stringify({ vkey, note }));
  return { vkey, checkpoint, signedAt, before: earlier.size, continues };
}

async function isContinued(earlier: Checkpoint, later: Checkpoint): Promise<boolean> {
  if (later.size < earlier.size) return false;
  const { hashes } =
    later.size === earlier.size || earlier.size === 0
      ? { hashes: [] }
      : await told(
          api.GET('/v1/ledger/proof/consistency', {
            params: { query: { from: earlier.size, to: later.size } },
          }),
        );
  return verifyConsistency(webCrypto, earlier, later, hashes.map(fromBase64));
}

/** The index of the first of these leaves that does not stand in the tree of that checkpoint. */
export async function verifyEntries(
  entries: readonly { index: number; leaf: string }[],
  { checkpoint }: Ledger,
): Promise<number | null> {
  for (const { index, leaf } of entries) {
    const { hashes } = await told(
      api.GET('/v1/ledger/proof/inclusion', {
        params: { query: { index, size: checkpoint.size } },
      }),
    );
    const hash = await leafHash(webCrypto, fromBase64(leaf));
    const claim = { leafHash: hash, index, hashes: hashes.map(fromBase64) };
    if (!(await verifyInclusion(webCrypto, claim, checkpoint))) return index;
  }
  return null;
}

/** The hashes and signatures of node:crypto, for the verifier that imports nothing. */
import { createPublicKey, hash, verify } from 'node:crypto';
import type { VerifierCrypto } from '#src/ledger/verify.ts';

/** SPKI DER of an Ed25519 public key up to its 32 bytes (RFC 8410 section 4). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

export const nodeCrypto: VerifierCrypto = {
  sha256: (data) => hash('sha256', data, 'buffer'),
  verifySignature(publicKey, message, signature) {
    const key = Buffer.concat([spkiPrefix, publicKey]);
    return verify(null, message, createPublicKey({ key, format: 'der', type: 'spki' }), signature);
  },
};

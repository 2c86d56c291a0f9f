/** The hashes and signatures of node:crypto, for the verifier that imports nothing. */
import { createPublicKey, verify } from 'node:crypto';
import { sha256 } from '#src/base/canonical.ts';
import type { VerifierCrypto } from './verify.ts';

/** SPKI DER of an Ed25519 public key up to its 32 bytes (RFC 8410 section 4). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

export const nodeCrypto: VerifierCrypto = {
  sha256,
  verifySignature(publicKey, message, signature) {
    const key = Buffer.concat([spkiPrefix, publicKey]);
    return verify(null, message, createPublicKey({ key, format: 'der', type: 'spki' }), signature);
  },
};

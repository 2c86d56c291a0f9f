/** What evidence is verified with here: node:crypto, for the verifier that imports nothing. */
import { createPublicKey, verify } from 'node:crypto';
import type { EvidenceCrypto } from '#src/ledger/evidence-jws.ts';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';

export const evidenceCrypto: EvidenceCrypto = {
  ...nodeCrypto,
  verifyP256({ x, y }, message, signature) {
    const [ofX, ofY] = [x, y].map((bytes) => Buffer.from(bytes).toString('base64url'));
    const jwk = { kty: 'EC', crv: 'P-256', x: ofX!, y: ofY! };
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  },
};

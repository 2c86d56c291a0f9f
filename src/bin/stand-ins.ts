/** Well-formed stand-ins for what files only name: a contract can be judged without its secrets. */

const stands: Readonly<Record<string, string>> = {
  webhookSecret: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
  bearerToken: 'stand-in',
  encryptionKey: JSON.stringify({
    kty: 'OKP',
    crv: 'X25519',
    x: Buffer.alloc(32, 9).toString('base64url'),
    kid: 'stand-in',
    use: 'enc',
  }),
  // The public key of RFC 8037, appendix A.2.
  signingKey: JSON.stringify({
    kty: 'OKP',
    crv: 'Ed25519',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    use: 'sig',
  }),
};

/** Resolves every secret: whether one is there is a matter of the machine, not of the contract. */
export function resolveStandIn(
  _reference: string,
  { use }: { use: string },
): { ok: true; value: string } {
  return { ok: true, value: stands[use] ?? '' };
}

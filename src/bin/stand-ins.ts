/** Well-formed stand-ins for what files only name: a contract can be judged without its secrets. */
import { createPrivateKey } from 'node:crypto';

/** The published key pair of RFC 8037, appendix A: a secret of nobody. */
const publishedKey = {
  ...{ kty: 'OKP', crv: 'Ed25519' },
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
};

/** Self-signed by that key. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBPDCB76ADAgECAhRc93j9EFRBe2/GpNCFJOSd1Fn7cjAFBgMrZXAwEzERMA8G
A1UEAwwIc3RhbmQtaW4wIBcNMjYxMTIzMDY1MTM5WhgPMjEyNjEwMzAwNjUxMzla
MBMxETAPBgNVBAMMCHN0YW5kLWluMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQH
Og7hcvPapiMlrwIaaPcHURqjUzBRMB0GA1UdDgQWBBRbJ6pViReXcOR1dbFiod7Z
e4v8bTAfBgNVHSMEGDAWgBRbJ6pViReXcOR1dbFiod7Ze4v8bTAPBgNVHRMBAf8E
BTADAQH/MAUGAytlcANBALYJIFH1g52FmC7kbFP151Kehlnxa8AYOzCXr/4UefGt
1V1ZQg3SygLuQOvY/w8iJP+zl91R6mqLWo9+Kn3x2Qk=
-----END CERTIFICATE-----
`;

const stands: Readonly<Record<string, string>> = {
  webhookSecret: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
  olderWebhookSecret: `whsec_${Buffer.alloc(32, 2).toString('base64')}`,
  webhookSigningKey: JSON.stringify(publishedKey),
  ...{ bearerToken: 'stand-in', username: 'stand-in', password: 'stand-in' },
  ...{ clientId: 'stand-in', clientSecret: 'stand-in' },
  ...{ tlsCertificate: certificate, tlsAuthorities: certificate },
  tlsKey: createPrivateKey({ key: publishedKey, format: 'jwk' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString(),
  encryptionKey: JSON.stringify({
    kty: 'OKP',
    crv: 'X25519',
    x: Buffer.alloc(32, 9).toString('base64url'),
    kid: 'stand-in',
    use: 'enc',
  }),
  signingKey: JSON.stringify({ kty: 'OKP', crv: 'Ed25519', x: publishedKey.x, use: 'sig' }),
};

/** Resolves every secret: whether one is there is a matter of the machine, not of the contract. */
export function resolveStandIn(
  _reference: string,
  { use }: { use: string },
): { ok: true; value: string } {
  return { ok: true, value: stands[use] ?? '' };
}

/** What access tokens are: signed JWTs (RFC 9068) for this server alone, and for minutes. */
import { TOKEN_ALGORITHM } from '#src/access/keys.ts';

/** How long an access token lives (SMART Backend Services section 3.4: at most 300), in seconds. */
export const TOKEN_SECONDS = 300;

/**
 * What the provider makes of a token's resource, which is the issuer itself.
 * @param token.scope separated by blanks
 * @param token.kid of the key that signs
 */
export function resourceServer(
  issuer: string,
  { scope, kid }: { scope: string; kid: string | undefined },
): Record<string, unknown> {
  return {
    scope,
    audience: issuer,
    accessTokenTTL: TOKEN_SECONDS,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: TOKEN_ALGORITHM, ...(kid === undefined ? {} : { kid }) } },
  };
}

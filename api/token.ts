/** Who is calling: an access token of ours, unexpired, of a client that is not revoked. */
import { createHash, createPublicKey } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import type { JWK, JWTPayload } from 'jose';
import type { ClientRegistry } from '#src/access/clients.ts';
import { onlyMembers, readCompactJws } from '#src/access/jws.ts';
import { publicPart, TOKEN_ALGORITHM } from '#src/access/keys.ts';
import type { Role } from '#src/access/roles.ts';
import { GatewayError } from '#src/base/errors.ts';

/** The client behind a request. */
export interface Caller {
  client: string;
  role: Role;
  /** The consignee that it acts for; null unless the role is `consignee`. */
  consignee: string | null;
  scopes: ReadonlySet<string>;
}

/** Why a caller is not known: the fact `reason` of `UNAUTHENTICATED`. Closed. */
export type TokenFault = 'MISSING' | 'MALFORMED' | 'NOT_OURS' | 'EXPIRED' | 'REVOKED';

export interface TokenVerifierDeps {
  /** The public origin: issuer and audience of every token. */
  issuer: string;
  /** Ed25519 public JWK with `kid`, the other half of the authorization server's signing key. */
  publicJwk: JWK;
  clients: Pick<ClientRegistry, 'lookup'>;
  /** Milliseconds since 1970 UTC. */
  now: () => number;
}

export interface TokenVerifier {
  /**
   * The caller of a request with this `Authorization` header. Throws `UNAUTHENTICATED` (fact
   * `reason`, a `TokenFault`), or `DATABASE_UNAVAILABLE` when the client's state cannot be read.
   */
  verify(authorization: string | undefined): Promise<Caller>;
}

interface Verified {
  client: string;
  scopes: ReadonlySet<string>;
  expiresAtMs: number;
}

const TOKEN_TYPE = 'at+jwt';
const HEADER_MEMBERS = ['alg', 'typ', 'kid'];
const TOKEN_LENGTH_MAX = 4096;
const TOKEN_SECONDS_MAX = 300;
/** How far the clocks of two of our processes may be apart. */
const CLOCK_SKEW_SECONDS = 5;
const VERIFIED_MAX = 2_000;

/** Checks bearer tokens (RFC 6750 section 2.1, RFC 9068 section 4). One per process. */
export function createTokenVerifier(deps: TokenVerifierDeps): TokenVerifier {
  const publicJwk = publicPart(deps.publicJwk);
  const check = createSignatureCheck({ ...deps, publicJwk });
  // an Ed25519 verification costs more than the rest of a request; a token is verified once
  const verified = new Map<string, Verified>();

  const verifiedToken = async (token: string): Promise<Verified> => {
    const id = createHash('sha256').update(token).digest('base64');
    const known = verified.get(id);
    verified.delete(id);
    const found = known ?? (await check(token));
    if (found.expiresAtMs <= deps.now()) throw refusal('EXPIRED');
    // set last, so that the first of the map is the one that was used the longest ago
    verified.set(id, found);
    const oldest = verified.keys().next();
    if (verified.size > VERIFIED_MAX && !oldest.done) verified.delete(oldest.value);
    return found;
  };

  return {
    verify: async (authorization) => {
      const { client, scopes } = await verifiedToken(bearerToken(authorization));
      const state = await deps.clients.lookup(client);
      if (state === undefined) throw refusal('REVOKED');
      const { role, consignee } = state;
      return { client, role, consignee, scopes: scopesNow(scopes, state.scopes) };
    },
  };
}

function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined) throw refusal('MISSING');
  const [, token] = /^Bearer ([A-Za-z0-9._-]+)$/i.exec(authorization) ?? [];
  if (token === undefined || token.length > TOKEN_LENGTH_MAX) throw refusal('MALFORMED');
  return token;
}

/** Scopes that were taken from a client since are not granted by its older tokens. */
function scopesNow(granted: ReadonlySet<string>, held: ReadonlySet<string>): ReadonlySet<string> {
  const kept = [...granted].filter((scope) => held.has(scope));
  return kept.length === granted.size ? granted : new Set(kept);
}

type SignatureCheck = (token: string) => Promise<Verified>;

function createSignatureCheck({ issuer, publicJwk, now }: TokenVerifierDeps): SignatureCheck {
  const key = createPublicKey({ key: { ...publicJwk }, format: 'jwk' });
  const options = {
    algorithms: [TOKEN_ALGORITHM],
    typ: TOKEN_TYPE,
    issuer,
    audience: issuer,
    requiredClaims: ['exp', 'iat', 'jti', 'sub'],
    clockTolerance: CLOCK_SKEW_SECONDS,
  };
  return async (token) => {
    const jws = readCompactJws(token);
    if (jws === undefined || !onlyMembers(jws.header, HEADER_MEMBERS)) throw refusal('MALFORMED');
    const { alg, typ, kid } = jws.header;
    if (alg !== TOKEN_ALGORITHM || typ !== TOKEN_TYPE || kid !== publicJwk.kid) {
      throw refusal('NOT_OURS');
    }
    const { payload } = await jwtVerify(token, key, {
      ...options,
      currentDate: new Date(now()),
    }).catch((cause: unknown) => {
      throw refusal(cause instanceof errors.JWTExpired ? 'EXPIRED' : 'NOT_OURS', cause);
    });
    return readPayload(payload, { issuer, nowSeconds: now() / 1000 });
  };
}

/** What jose leaves open: one audience, no future, no long life, and the claims of RFC 9068. */
function readPayload(
  payload: JWTPayload,
  { issuer, nowSeconds }: { issuer: string; nowSeconds: number },
): Verified {
  const { aud, sub, jti, scope, client_id: client, exp = 0, iat = Infinity } = payload;
  const sound =
    aud === issuer &&
    typeof client === 'string' &&
    sub === client &&
    typeof jti === 'string' &&
    jti !== '' &&
    typeof scope === 'string' &&
    iat <= nowSeconds + CLOCK_SKEW_SECONDS &&
    exp - iat <= TOKEN_SECONDS_MAX;
  if (!sound) throw refusal('NOT_OURS');
  return { client, scopes: new Set(scope.split(' ')), expiresAtMs: exp * 1000 };
}

function refusal(reason: TokenFault, cause?: unknown): GatewayError {
  return new GatewayError('UNAUTHENTICATED', { facts: { reason }, cause });
}

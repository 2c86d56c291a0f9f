/** Who is calling: an access token of ours, unexpired, of a client that is not revoked. */
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import type { JWK, JWTPayload } from 'jose';
import { CONSOLE_CLIENT } from '#src/access/client-rules.ts';
import type { ClientRegistry } from '#src/access/clients.ts';
import { onlyMembers, readCompactJws } from '#src/access/jws.ts';
import { publicPart, TOKEN_ALGORITHM } from '#src/access/keys.ts';
import { scopesOf, type Role } from '#src/access/roles.ts';
import type { StaffSessions } from '#src/access/staff-sessions.ts';
import { GatewayError } from '#src/base/errors.ts';

/** The client behind a request. */
export interface Caller {
  client: string;
  role: Role;
  /** The consignee that it acts for; null unless the role is `consignee`. */
  consignee: string | null;
  scopes: ReadonlySet<string>;
  /** The account of whoever signed in; left out for machines. */
  person?: string;
  /** Of a person, who may have several: each as far as its scopes go. */
  roles?: readonly Role[];
}

/** Why a caller is not known: the fact `reason` of `UNAUTHENTICATED`. Closed. */
export type TokenFault = 'MISSING' | 'MALFORMED' | 'NOT_OURS' | 'EXPIRED' | 'REVOKED';

export interface TokenVerifierDeps {
  /** The public origin: issuer and audience of every token. */
  issuer: string;
  /**
   * Ed25519 public JWKs with `kid`, the other halves of the authorization server's signing keys:
   * asked for with each request, so that a key that is retired counts for nothing from then on.
   */
  publicJwks: () => readonly JWK[];
  clients: Pick<ClientRegistry, 'lookup'>;
  /** Left out where nobody signs in. */
  sessions?: Pick<StaffSessions, 'lookup'>;
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
  /** The key that signed it. */
  kid: string;
  client: string;
  /** Of a person's token: whose session it belongs to. */
  person?: { staff: string; session: string };
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
  const check = createSignatureCheck(deps);
  // an Ed25519 verification costs more than the rest of a request; a token is verified once
  const verified = new Map<string, Verified>();

  const verifiedToken = async (token: string): Promise<Verified> => {
    const id = hash('sha256', token, 'base64');
    const known = verified.get(id);
    verified.delete(id);
    const found = known ?? (await check(token));
    if (found.expiresAtMs <= deps.now()) throw refusal('EXPIRED');
    if (!deps.publicJwks().some(({ kid }) => kid === found.kid)) throw refusal('NOT_OURS');
    // set last, so that the first of the map is the one that was used the longest ago
    verified.set(id, found);
    const oldest = verified.keys().next();
    if (verified.size > VERIFIED_MAX && !oldest.done) verified.delete(oldest.value);
    return found;
  };

  return {
    verify: async (authorization) => {
      const { client, person, scopes } = await verifiedToken(bearerToken(authorization));
      if (person) return personOf(deps, person, scopes);
      const state = await deps.clients.lookup(client);
      if (state === undefined) throw refusal('REVOKED');
      const { role, consignee } = state;
      return { client, role, consignee, scopes: scopesNow(scopes, state.scopes) };
    },
  };
}

/** A person of several roles acts in the first that has the scopes which let them in. */
export function actingBy(caller: Caller, scopes: readonly string[]): Caller {
  const role = caller.roles?.find((one) => {
    const own: readonly string[] = scopesOf(one);
    return scopes.every((scope) => own.includes(scope));
  });
  return role === undefined ? caller : { ...caller, role };
}

/** The session must go on, and the account must not be revoked. */
async function personOf(
  { sessions }: TokenVerifierDeps,
  { staff, session }: { staff: string; session: string },
  granted: ReadonlySet<string>,
): Promise<Caller> {
  const state = await sessions?.lookup(session, staff);
  const [role] = state?.roles ?? [];
  if (state === undefined || role === undefined) throw refusal('REVOKED');
  const scopes = scopesNow(granted, state.scopes);
  return {
    client: CONSOLE_CLIENT,
    role,
    roles: state.roles,
    consignee: null,
    scopes,
    person: staff,
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

function createSignatureCheck({ issuer, publicJwks, now }: TokenVerifierDeps): SignatureCheck {
  const keys = new Map<string, KeyObject>();
  const keyOf = (kid: string): KeyObject | undefined => {
    const jwk = publicJwks().find((one) => one.kid === kid);
    if (!jwk) return undefined;
    const key = keys.get(kid) ?? createPublicKey({ key: { ...publicPart(jwk) }, format: 'jwk' });
    keys.set(kid, key);
    return key;
  };
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
    const key = typeof kid === 'string' ? keyOf(kid) : undefined;
    if (alg !== TOKEN_ALGORITHM || typ !== TOKEN_TYPE || !key) throw refusal('NOT_OURS');
    const { payload } = await jwtVerify(token, key, {
      ...options,
      currentDate: new Date(now()),
    }).catch((cause: unknown) => {
      throw refusal(cause instanceof errors.JWTExpired ? 'EXPIRED' : 'NOT_OURS', cause);
    });
    return { kid: String(kid), ...readPayload(payload, { issuer, nowSeconds: now() / 1000 }) };
  };
}

/** What jose leaves open: one audience, no future, no long life, and the claims of RFC 9068. */
function readPayload(
  payload: JWTPayload,
  { issuer, nowSeconds }: { issuer: string; nowSeconds: number },
): Omit<Verified, 'kid'> {
  const { aud, sub, jti, sid, scope, client_id: client, exp = 0, iat = Infinity } = payload;
  const isPerson = client === CONSOLE_CLIENT;
  const sound =
    aud === issuer &&
    typeof client === 'string' &&
    typeof sub === 'string' &&
    (isPerson ? typeof sid === 'string' : sub === client) &&
    typeof jti === 'string' &&
    jti !== '' &&
    typeof scope === 'string' &&
    iat <= nowSeconds + CLOCK_SKEW_SECONDS &&
    exp - iat <= TOKEN_SECONDS_MAX;
  if (!sound) throw refusal('NOT_OURS');
  const person = isPerson ? { person: { staff: sub, session: String(sid) } } : {};
  return { client, ...person, scopes: new Set(scope.split(' ')), expiresAtMs: exp * 1000 };
}

function refusal(reason: TokenFault, cause?: unknown): GatewayError {
  return new GatewayError('UNAUTHENTICATED', { facts: { reason }, cause });
}

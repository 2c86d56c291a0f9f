/** Acts as a client of the gateway: signs assertions, also bad ones, and fetches tokens. */
import { randomUUID } from 'node:crypto';
import { CompactSign, importJWK } from 'jose';
import type { JWK } from 'jose';

export interface AssertionInput {
  clientId: string;
  privateJwk: JWK;
  /** The issuer or the token endpoint. */
  audience: string;
  /** Milliseconds since 1970 UTC; the real time unless given. */
  nowMs?: number;
  /** Header members to set, or to drop (undefined). */
  header?: Record<string, unknown>;
  /** Claims to set, or to drop (undefined). */
  claims?: Record<string, unknown>;
}

/** A client assertion as RFC 7523 and SMART Backend Services want it, but for the overrides. */
export async function assertion(input: AssertionInput): Promise<string> {
  const { clientId, privateJwk, audience, nowMs = Date.now(), header, claims } = input;
  const iat = Math.floor(nowMs / 1000);
  const payload = {
    iss: clientId,
    sub: clientId,
    aud: audience,
    iat,
    exp: iat + 240,
    jti: randomUUID(),
    ...claims,
  };
  const protectedHeader = { alg: privateJwk.alg, kid: privateJwk.kid, typ: 'JWT', ...header };
  return signCompact(protectedHeader, payload, privateJwk);
}

/** Signs what it is given, whatever the header says about it. `undefined` members are dropped. */
export async function signCompact(
  header: Record<string, unknown>,
  payload: unknown,
  privateJwk: JWK,
): Promise<string> {
  const key = await importJWK(privateJwk, privateJwk.alg ?? String(header['alg']));
  const kept = JSON.parse(JSON.stringify(header)) as { alg: string };
  const crit = Object.fromEntries([kept].flatMap((h) => ('crit' in h ? [['x-test', true]] : [])));
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader(kept)
    .sign(key, { crit: crit });
}

export interface TokenReply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** Posts a form to the token endpoint and reads the JSON that comes back. */
export async function postTokenForm(
  tokenEndpoint: string,
  form: Record<string, string> | URLSearchParams,
): Promise<TokenReply> {
  const response = await fetch(tokenEndpoint, { method: 'POST', body: new URLSearchParams(form) });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}

/** The form that goes with an assertion. */
export function tokenForm(signed: string, scope?: string): Record<string, string> {
  return {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: signed,
    ...(scope === undefined ? {} : { scope }),
  };
}

export interface TokenInput {
  /** Where the gateway listens, which is also its issuer unless `audience` says otherwise. */
  issuer: string;
  audience?: string;
  clientId: string;
  privateJwk: JWK;
  /** Scopes with spaces between; all that the client has unless given. */
  scope?: string;
}

/** A fresh access token. Throws with the server's answer when it is refused. */
export async function tokenFor(input: TokenInput): Promise<string> {
  const { issuer, audience = issuer, clientId, privateJwk, scope } = input;
  const signed = await assertion({ clientId, privateJwk, audience });
  const reply = await postTokenForm(`${issuer}/oauth2/token`, tokenForm(signed, scope));
  const token = reply.body['access_token'];
  if (typeof token === 'string') return token;
  throw new Error(`no token for ${clientId}: ${reply.status} ${JSON.stringify(reply.body)}`);
}

/** The headers of an authorized request with a JSON body. */
export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

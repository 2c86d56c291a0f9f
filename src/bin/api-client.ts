/** A client of a gateway's public API, as anyone outside would write it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { importJWK, SignJWT, type JWK } from 'jose';

export interface ApiClient {
  json<Body>(path: string, init?: RequestInit): Promise<Body>;
  text(path: string): Promise<string>;
  /** A token that is good for a while, for whoever speaks HTTP by other means. */
  bearer(): Promise<string>;
  /** The reply as it comes, whatever its status; a 429 only where it comes again and again. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

/** A token is renewed this long before it ends. */
const renewMs = 30_000;
const assertionSeconds = 60;
/** After a 429: so often, and after so long at most. */
const triesMax = 5;
const waitSecondsMax = 30;

/** Signs in with a private key (RFC 7523) and renews its token as needed. */
export async function createApiClient(settings: {
  url: string;
  clientId: string;
  clientKey: JWK;
  scope?: string;
}): Promise<ApiClient> {
  const { url, clientId, clientKey, scope } = settings;
  const alg = clientKey.alg ?? 'ES384';
  const key = await importJWK(clientKey, alg);
  let token = { text: '', until: 0 };

  async function renew(): Promise<string> {
    const assertion = await new SignJWT({})
      .setProtectedHeader({ alg, ...(clientKey.kid === undefined ? {} : { kid: clientKey.kid }) })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(`${url}/oauth2/token`)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(`${assertionSeconds}s`)
      .sign(key);
    const reply = await reach(`${url}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
        ...(scope === undefined ? {} : { scope }),
      }),
    });
    if (!reply.ok) throw new Error(`no token for ${clientId}: HTTP ${reply.status}`);
    const granted = (await reply.json()) as { access_token: string; expires_in: number };
    token = { text: granted.access_token, until: Date.now() + granted.expires_in * 1000 };
    return token.text;
  }

  const bearer = async () => (token.until - Date.now() > renewMs ? token.text : renew());

  async function call(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${await bearer()}`);
    return patiently(() => reach(`${url}${path}`, { ...init, headers }), init.body ?? undefined);
  }

  async function okay(path: string, init?: RequestInit): Promise<Response> {
    const reply = await call(path, init);
    if (!reply.ok) throw new Error(`${path.split('?')[0]}: HTTP ${reply.status}`);
    return reply;
  }

  return {
    ...{ bearer, fetch: call },
    json: async <Body>(path: string, init?: RequestInit) =>
      (await (await okay(path, init)).json()) as Body,
    text: async (path) => (await okay(path)).text(),
  };
}

/**
 * Sends it again where the gateway did nothing for the sake of other clients, after the time that
 * it asks for; a body that was read on its way out cannot be sent twice.
 */
async function patiently(send: () => Promise<Response>, body: unknown): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    const reply = await send();
    const isLast = tries === triesMax || (body !== undefined && typeof body !== 'string');
    if (reply.status !== 429 || isLast || !(await isForOthers(reply))) return reply;
    await reply.body?.cancel();
    const seconds = Number(reply.headers.get('retry-after') ?? 1) || 1;
    await pause(Math.min(seconds, waitSecondsMax) * 1_000);
  }
}

/** Not a limit of uploads, which only ends when the client lets one end. */
async function isForOthers(reply: Response): Promise<boolean> {
  const problem = (await reply
    .clone()
    .json()
    .catch(() => ({}))) as { code?: string };
  return problem.code === 'TOO_MANY_REQUESTS';
}

/** `fetch`, whose own error says neither where nor why. */
async function reach(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
    throw new TypeError(`${new URL(address).origin} cannot be reached (${why})`, { cause });
  }
}

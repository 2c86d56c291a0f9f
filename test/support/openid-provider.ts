/** A hospital's OpenID provider: a real one, which signs everybody in, and lies when told to. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  decodeJwt,
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWTPayload,
} from 'jose';
import { Provider, type Adapter, type ProviderContext } from 'oidc-provider';

export const openidClient = { id: 'waybill', secret: 'of-the-client-at-the-hospital' };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** What it does next; everything may be changed between two sign-ins. */
export interface Says {
  /** The claim `waybill_account` of whoever signs in; undefined: none. */
  account: unknown;
  acr: string;
  /** Changes what stands in an ID token before it is signed anew, or the token whole. */
  idToken: ((claims: JWTPayload, key: CryptoKey) => Promise<string> | JWTPayload) | null;
  metadata: ((told: Record<string, unknown>) => Record<string, unknown>) | null;
  /** Answers in its place. */
  instead: Answer | null;
}

export interface OpenidProvider {
  issuer: string;
  says: Says;
  /** The paths that it was asked for. */
  asked: string[];
  /** Knows the gateway from now on; before that it cuts every connection. */
  register(redirectUri: string): void;
  /** Tells the truth again. */
  reset(): void;
  close(): Promise<void>;
}

const truth: Says = {
  ...{ account: undefined, acr: 'two-factors', idToken: null, metadata: null, instead: null },
};

export const cutOff: Answer = (request) => request.socket.destroy();

/** @param host `localhost` is another site than 127.0.0.1, as a hospital's would be */
export async function startOpenidProvider(host = 'localhost'): Promise<OpenidProvider> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: 'hospital', use: 'sig', alg: 'ES256' };
  const says: Says = { ...truth, instead: cutOff };
  const asked: string[] = [];
  let answer: Answer = cutOff;
  const server = createServer((request, response) => {
    asked.push((request.url ?? '').split('?', 1)[0] ?? '');
    (says.instead ?? answer)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const issuer = `http://${host}:${(server.address() as AddressInfo).port}`;
  return {
    ...{ issuer, says, asked },
    register(redirectUri) {
      answer = answerBy({ issuer, says, jwk, key: privateKey, redirectUri });
      Object.assign(says, truth);
    },
    reset: () => void Object.assign(says, truth),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerBy(input: {
  issuer: string;
  says: Says;
  jwk: object;
  key: CryptoKey;
  redirectUri: string;
}): Answer {
  const { issuer, says, jwk, key, redirectUri } = input;
  const provider = new Provider(issuer, {
    clients: [
      {
        ...{ client_id: openidClient.id, client_secret: openidClient.secret },
        ...{ redirect_uris: [redirectUri], id_token_signed_response_alg: 'ES256' },
      },
    ],
    jwks: { keys: [jwk] },
    adapter: memory(),
    ttl: { Interaction: 60, Grant: 60, Session: 60, AccessToken: 60, IdToken: 60 },
    cookies: { keys: ['of the hospital'] },
    claims: {
      acr: null,
      auth_time: null,
      iss: null,
      sid: null,
      openid: ['sub', 'waybill_account'],
    },
    acrValues: ['two-factors', 'password'],
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx: unknown, { uid }: { uid: string }) => `/login/${uid}` },
    findAccount: (_ctx: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, waybill_account: says.account }),
    }),
    loadExistingGrant: (ctx: ProviderContext) => grantAll(ctx),
  });
  provider.use((ctx, next) => lie({ says, key }, ctx, next));
  const callback = provider.callback();
  return (request, response) => {
    const login = { accountId: 'somebody-of-the-hospital', acr: says.acr, remember: false };
    const isLogin = request.url?.startsWith('/login/');
    const done = isLogin
      ? provider.interactionFinished(
          request,
          response,
          { login },
          { mergeWithLastSubmission: false },
        )
      : callback(request, response);
    done.catch(() => response.destroy());
  };
}

/** What the provider keeps; said out loud, because it warns of keeping it in memory by default. */
function memory() {
  const kept = new Map<string, Record<string, unknown>>();
  return (model: string): Adapter => ({
    find: (id) => Promise.resolve(kept.get(`${model} ${id}`)),
    findByUid: (uid) => Promise.resolve([...kept.values()].find((one) => one['uid'] === uid)),
    upsert: async (id, payload) => void kept.set(`${model} ${id}`, payload),
    destroy: async (id) => void kept.delete(`${model} ${id}`),
    consume: async (id) => void kept.set(`${model} ${id}`, { consumed: true }),
    revokeByGrantId: () => Promise.resolve(),
  });
}

async function grantAll({ oidc }: ProviderContext) {
  const { account, client, provider } = oidc ?? {};
  if (!account || !client || !provider) return undefined;
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
  grant.addOIDCScope('openid');
  await grant.save();
  return grant;
}

async function lie(
  { says, key }: { says: Says; key: CryptoKey },
  ctx: ProviderContext,
  next: () => Promise<void>,
): Promise<void> {
  await next();
  const body = ctx.body as Record<string, unknown>;
  if (ctx.oidc?.route === 'discovery' && says.metadata) ctx.body = says.metadata(body);
  if (ctx.oidc?.route !== 'token' || !says.idToken || ctx.status !== 200) return;
  const told = await says.idToken(decodeJwt(String(body['id_token'])), key);
  ctx.body = { ...body, id_token: typeof told === 'string' ? told : await signed(told, key) };
}

/** An ID token as the provider would sign it. */
export function signed(claims: JWTPayload, key: CryptoKey): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'hospital' }).sign(key);
}

/**
 * Who works here: authorization code with PKCE (RFC 7636) at the gateway's own server. The token
 * lives in this page's memory alone; what a reload forgets, the session's cookie brings back.
 */

/** Somebody who is signed in. */
export interface Session {
  /** Their account: a handle, not a name. */
  account: string;
  scopes: ReadonlySet<string>;
  token: string;
  /** When the token ends, in milliseconds since 1970 UTC. */
  until: number;
}

const clientId = 'console';
const callback = '/console/callback';
/** A token is renewed by what a person does, this long before it ends. */
const renewMs = 60_000;
/** What a sign-in left for its return; gone with the tab, and worth nothing without the cookie. */
const leftKey = 'waybill.sign-in';

interface Left {
  verifier: string;
  state: string;
  /** Where the person was. */
  to: string;
}

let session: Session | null = null;

const base64url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

async function authorizeUrl(left: Left, prompt?: 'none'): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(left.verifier));
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: location.origin + callback,
    scope: allScopes.join(' '),
    state: left.state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: 'S256',
    ...(prompt && { prompt }),
  });
  return `/oauth2/authorize?${query.toString()}`;
}

/** All that the console may ask for; what a role may not, the server leaves out. */
const allScopes = [
  ...['ledger:read', 'audit:read', 'audit:review', 'transfers:preview', 'subjects:erase'],
  ...['ledger:witness', 'consignees:operate', 'contracts:end', 'access:admin'],
];

/** Changes the code in an address of the callback for a token. */
async function redeem(address: URL, left: Left): Promise<Session> {
  const code = address.searchParams.get('code');
  const isOurs = address.searchParams.get('state') === left.state;
  if (code === null || !isOurs) throw new Error(address.searchParams.get('error') ?? 'state');
  const reply = await fetch('/oauth2/token', {
    method: 'POST',
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', client_id: clientId, code },
      ...{ redirect_uri: location.origin + callback, code_verifier: left.verifier },
    }),
  });
  if (!reply.ok) throw new Error('token');
  return sessionOf((await reply.json()) as { access_token: string; expires_in: number });
}

function sessionOf(granted: { access_token: string; expires_in: number }): Session {
  const [, payload = ''] = granted.access_token.split('.');
  const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as {
    sub: string;
    scope?: string;
  };
  return {
    account: claims.sub,
    scopes: new Set(claims.scope?.split(' ') ?? []),
    token: granted.access_token,
    until: Date.now() + granted.expires_in * 1000,
  };
}

/** Asks with the session's cookie alone; null where somebody has to sign in. */
async function renew(): Promise<Session | null> {
  const left = { verifier: random(), state: random(), to: '' };
  // Followed to the callback, whose address holds the answer.
  const reply = await fetch(await authorizeUrl(left, 'none'));
  const address = new URL(reply.url);
  if (address.pathname !== callback) return null;
  return redeem(address, left).catch(() => null);
}

/** Leaves for the page where one signs in; comes back to where the person was. */
export async function signIn(): Promise<void> {
  const left = { verifier: random(), state: random(), to: location.pathname + location.search };
  sessionStorage.setItem(leftKey, JSON.stringify(left));
  location.assign(await authorizeUrl(left));
}

/** Who is signed in when the page opens; leaves for the sign-in where nobody is. */
export async function begin(): Promise<Session | null> {
  const address = new URL(location.href);
  if (address.pathname === callback) {
    const text = sessionStorage.getItem(leftKey);
    sessionStorage.removeItem(leftKey);
    const left = text === null ? null : (JSON.parse(text) as Left);
    session = left && (await redeem(address, left).catch(() => null));
    const to = left?.to.startsWith('/console') ? left.to : '/console/';
    history.replaceState(null, '', to.startsWith(callback) ? '/console/' : to);
  }
  session ??= await renew();
  if (session === null) await signIn();
  return session;
}

/** A token that is good for the next request. */
export async function bearer(): Promise<string> {
  if (session === null || session.until - Date.now() < renewMs) {
    session = (await renew()) ?? (session && session.until > Date.now() ? session : null);
  }
  if (session === null) {
    await signIn();
    throw new Error('signed out');
  }
  return session.token;
}

/** Ends the session, here and in every other tab. */
export async function signOut(): Promise<void> {
  await fetch('/oauth2/sign-out', { method: 'POST' }).catch(() => undefined);
  session = null;
  location.assign('/console/');
}

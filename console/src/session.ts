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

/** One renewal serves every request that waits for it: of several codes only one would count. */
let renewing: Promise<Session | null> | null = null;

function renew(): Promise<Session | null> {
  renewing ??= askAgain().finally(() => (renewing = null));
  return renewing;
}

/** Asks with the session's cookie alone; null where somebody has to sign in. Throws if away. */
async function askAgain(): Promise<Session | null> {
  const left = { verifier: random(), state: random(), to: '' };
  // Followed to the callback, whose address holds the answer.
  const reply = await fetch(await authorizeUrl(left, 'none'));
  const address = new URL(reply.url);
  if (address.pathname !== callback) throw new Error('no answer about the session');
  return address.searchParams.has('error') ? null : redeem(address, left);
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

/** Whether the browser's session is still that of the person whom the page shows. */
export type Standing = 'in' | 'out' | 'stranger';

let standing: Standing = 'in';
const listeners = new Set<() => void>();

export const standingStore = {
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  current: () => standing,
};

function stand(next: Standing): void {
  standing = next;
  for (const listener of listeners) listener();
}

/** Nobody is at the desk: what a page asks by itself must not keep the session alive. */
export class Idle extends Error {}

const idleMs = 120_000;
let lastAct = Date.now();
for (const act of ['pointerdown', 'pointermove', 'wheel', 'keydown']) {
  addEventListener(act, () => (lastAct = Date.now()), { passive: true });
}

/**
 * A token that is good for the next request, and of the person whom the page shows. Where the
 * session has ended it throws, and the page stays: what was typed is not lost.
 */
export async function bearer(): Promise<string> {
  if (Date.now() - lastAct > idleMs) throw new Idle();
  if (session === null || session.until - Date.now() < renewMs) {
    const renewed = await renew();
    if (renewed === null) {
      stand('out');
      throw new Error('signed out');
    }
    if (session && renewed.account !== session.account) {
      stand('stranger');
      throw new Error('somebody else is signed in');
    }
    session = renewed;
    if (standing !== 'in') stand('in');
  }
  return session.token;
}

/** The gateway no longer takes the token: the next request asks for another. */
export function distrust(): void {
  if (session) session = { ...session, until: 0 };
}

/** Ends the session, here and in every other tab. Throws where that did not come about. */
export async function signOut(): Promise<void> {
  const reply = await fetch('/oauth2/sign-out', { method: 'POST' });
  if (!reply.ok) throw new Error('still signed in');
  session = null;
  location.assign('/console/');
}

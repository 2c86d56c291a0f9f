/** Plays a person at the gateway: sets up an account and signs in as a browser would. */
import { createHash, randomBytes } from 'node:crypto';
import { setImmediate as nextRound } from 'node:timers/promises';
import { Secret, TOTP } from 'otpauth';
import { checkPassword } from '#src/access/password.ts';
import type { TestGateway, World } from './gateway.ts';
import { posting } from './transfers.ts';

export const password = 'a long enough sentence';

/** A browser's cookies and its walk, nothing else. */
export class Visitor {
  readonly url: string;
  readonly cookies = new Map<string, { value: string; path: string }>();

  constructor(url: string) {
    this.url = url;
  }

  /** One request, cookies sent by their path; redirects are not followed. */
  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const target = new URL(path, this.url);
    const held = [...this.cookies].filter(([, { path: under }]) =>
      target.pathname.startsWith(under),
    );
    const cookie = held.map(([key, { value }]) => `${key.split(';', 1)[0]}=${value}`).join('; ');
    const response = await fetch(target, {
      ...{ redirect: 'manual', ...init },
      headers: { ...(init.headers as Record<string, string>), ...(cookie ? { cookie } : {}) },
    });
    for (const line of response.headers.getSetCookie()) this.keep(line);
    return response;
  }

  post(path: string, form: Record<string, string>, headers: Record<string, string> = {}) {
    return this.ask(path, { method: 'POST', headers, body: new URLSearchParams(form) });
  }

  private keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const at = pair.indexOf('=');
    const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/';
    const value = pair.slice(at + 1);
    // one of a name for each path
    const key = pair.slice(0, at) + (path === '/' ? '' : `;${path}`);
    if (value === '') this.cookies.delete(key);
    else this.cookies.set(key, { value, path });
  }
}

/** An authenticator: the code of now, then the one after it; no code twice. */
export class Authenticator {
  private readonly totp: TOTP;
  private last = -Infinity;

  constructor(base32: string) {
    const secret = Secret.fromBase32(base32);
    this.totp = new TOTP({ secret, algorithm: 'SHA1', digits: 6, period: 30 });
  }

  /**
   * A code that was not given out before: of now or the next step, so that it also counts when a
   * step ends on its way. Throws when there is none.
   */
  next(): string {
    const now = Math.floor(Date.now() / 30_000);
    const step = Math.max(this.last + 1, now);
    if (step > now + 1) throw new Error('no code left near now');
    this.last = step;
    return this.totp.generate({ timestamp: step * 30_000 });
  }

  /** The gateway has forgotten which codes were used. */
  startOver(): void {
    this.last = -Infinity;
  }
}

/** Does something while as many passwords wait to be checked here as a process takes. */
export async function whileBusy<T>(work: () => Promise<T>): Promise<T> {
  // Of the weakest parameters: each is checked in no time, and comes again at once.
  const weak = `argon2id$m=8,t=1,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
  let isOver = false;
  const comeAgain = async () => {
    while (!isOver) await checkPassword(password, weak).catch(() => nextRound());
  };
  // two at once, and sixty that wait
  const all = Array.from({ length: 62 }, comeAgain);
  try {
    return await work();
  } finally {
    isOver = true;
    await Promise.all(all);
  }
}

/** Makes an account of these roles and sets it up; two codes are there to be used at once. */
export async function makePerson(
  { db }: Pick<World, 'db'>,
  gateway: TestGateway,
  roles: readonly string[],
): Promise<[id: string, phone: Authenticator]> {
  const operator = await gateway.as('operator');
  const asked = posting({ roles, reason: 'a sentence' });
  type Begun = { account: { id: string }; enrolment: { token: string } };
  const { account, enrolment } = await operator.json<Begun>('/v1/access/staff', asked);
  const phone = await enrolPerson(gateway.url, enrolment.token);
  await db.query('UPDATE staff SET totp_step = NULL WHERE id = $1', [account.id]);
  phone.startOver();
  return [account.id, phone];
}

/** Sets up an account with the secret that was given for it. */
export async function enrolPerson(url: string, token: string): Promise<Authenticator> {
  const visitor = new Visitor(url);
  const page = await (await visitor.post('/oauth2/enrol?lang=en', { token })).text();
  const base32 = /<code class="secret">([A-Z2-7 ]+)</.exec(page)?.[1]?.replaceAll(' ', '') ?? '';
  const secret = /name="secret" value="([^"]+)"/.exec(page)?.[1] ?? '';
  const authenticator = new Authenticator(base32);
  const form = { token, secret, password, repeat: password, code: authenticator.next() };
  const done = await visitor.post('/oauth2/enrol?lang=en', form);
  if (!done.ok) throw new Error(`not enrolled: ${done.status} ${await done.text()}`);
  return authenticator;
}

export interface Begun {
  verifier: string;
  state: string;
  query: string;
}

/** What the console asks for; `more` sets or drops (undefined) parameters. */
export function beginSignIn(url: string, more: Record<string, string | undefined> = {}): Begun {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(8).toString('hex');
  const asked: Record<string, string | undefined> = {
    ...{ client_id: 'console', response_type: 'code', state },
    redirect_uri: `${url}/console/callback`,
    scope: 'ledger:read audit:read access:admin',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  };
  const set = Object.entries(asked).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  return { verifier, state, query: new URLSearchParams(set).toString() };
}

/** Where a chain of redirects ends: the first address that the authorization does not answer. */
export async function walk(visitor: Visitor, response: Response): Promise<URL> {
  let location = response.headers.get('location');
  while (location !== null) {
    const target = new URL(location, visitor.url);
    if (!target.pathname.startsWith('/oauth2/authorize')) return target;
    location = (await visitor.ask(target.href)).headers.get('location');
  }
  throw new Error(`no redirect: ${response.status} ${await response.text()}`);
}

/** The form of the sign-in, as far as it is shown: its path. */
export async function openSignIn(visitor: Visitor, begun: Begun): Promise<string> {
  const shown = await walk(visitor, await visitor.ask(`/oauth2/authorize?${begun.query}`));
  return shown.pathname;
}

/** Changes a code for a token. */
export async function redeem(visitor: Visitor, begun: Begun, callback: URL) {
  const response = await visitor.post('/oauth2/token', {
    ...{ grant_type: 'authorization_code', client_id: 'console' },
    code: callback.searchParams.get('code') ?? '',
    redirect_uri: `${visitor.url}/console/callback`,
    code_verifier: begun.verifier,
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Signs in from the beginning to the token. */
export async function signInPerson(
  visitor: Visitor,
  account: string,
  authenticator: Authenticator,
  more: Record<string, string | undefined> = {},
): Promise<string> {
  const begun = beginSignIn(visitor.url, more);
  const form = await openSignIn(visitor, begun);
  const answer = await visitor.post(form, { account, password, code: authenticator.next() });
  const callback = await walk(visitor, answer);
  if (!callback.searchParams.has('code')) throw new Error(`no code: ${callback.href}`);
  const { body } = await redeem(visitor, begun, callback);
  if (typeof body['access_token'] !== 'string') throw new Error(JSON.stringify(body));
  return body['access_token'];
}

/**
 * Calls to the gateway as a careful client makes them: tried again with the same key, in bounds.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { JWK } from 'jose';
import type { components } from '#api/openapi.d.ts';
import { createApiClient, type ApiClient } from '../api-client.ts';

export type Schemas = components['schemas'];

const triesMax = 30;
const waitMsMin = 50;
const waitMsMax = 1_000;

/** After these the same request may be sent again. */
const passingStatuses: ReadonlySet<number> = new Set([429, 500, 503]);
const passingCodes: ReadonlySet<string> = new Set(['REQUEST_IN_PROGRESS', 'RESULT_NOT_EXPECTED']);

/** A call that did not succeed: `code` is the problem's, or empty when no reply came. */
export class CallFailure extends Error {
  readonly code: string;
  constructor(path: string, code: string, words: string) {
    super(`${path.split('?')[0]}: ${words}`);
    this.code = code;
  }
}

/** Signs in as a demo client with the key that lies in the home. */
export function signIn(place: { home: string; url: string }, clientId: string): Promise<ApiClient> {
  const text = readFileSync(join(place.home, 'clients', `${clientId}.jwk.json`), 'utf8');
  return createApiClient({ url: place.url, clientId, clientKey: JSON.parse(text) as JWK });
}

/** One call; a lost connection or a passing refusal is tried again. Throws a `CallFailure`. */
export async function call<Body>(
  api: ApiClient,
  request: { path: string; body?: unknown; post?: boolean; key?: string; signal: AbortSignal },
): Promise<Body> {
  const { path, body, key, signal } = request;
  const init: RequestInit = {
    method: request.post || body !== undefined ? 'POST' : 'GET',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': `"${key}"` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    const reply = await api.fetch(path, init).catch((error: unknown) => error as Error);
    if (!(reply instanceof Error) && reply.ok) return (await reply.json()) as Body;
    const { failure, isPassing } = await describe(path, reply);
    if (!isPassing || tries === triesMax) throw failure;
    await pause(Math.min(waitMsMin * 2 ** tries, waitMsMax), undefined, { signal });
  }
}

async function describe(path: string, reply: Response | Error) {
  if (reply instanceof Error) {
    const { message, cause } = reply;
    const words = cause instanceof Error ? `${message}: ${cause.message}` : message;
    return { failure: new CallFailure(path, '', words), isPassing: true };
  }
  const problem = (await reply.json().catch(() => ({}))) as { code?: string; errors?: object[] };
  const { code = '', errors } = problem;
  const places = errors ? ` ${JSON.stringify(errors)}` : '';
  return {
    failure: new CallFailure(path, code, `HTTP ${reply.status} ${code}${places}`),
    isPassing: passingStatuses.has(reply.status) || passingCodes.has(code),
  };
}

/** Works a list off, so many at a time. The first failure ends it. */
export async function inParallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const lane = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

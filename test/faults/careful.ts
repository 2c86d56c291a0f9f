/** A client that asks again, in bounds of time, and tells apart what may pass from what may not. */
import type { JWK } from 'jose';
import { createApiClient, type ApiClient } from '#src/bin/api-client.ts';
import { fail, type Book } from './book.ts';
import { within } from './pace.ts';

/** What a call came to: `passing` may be sent again as it is. */
export type Came =
  { kind: 'done'; body: unknown } | { kind: 'refused'; code: string } | { kind: 'passing' };

export type Careful = (path: string, init?: RequestInit) => Promise<Came>;

/** Answers that a gateway in trouble may give: ask again. */
const passing: ReadonlySet<string> = new Set([
  ...['DATABASE_UNAVAILABLE', 'LEDGER_STALLED', 'CLOCK_SKEWED', 'SHUTTING_DOWN', 'INTERNAL'],
  'REQUEST_IN_PROGRESS',
]);
const answerMsMax = 4_000;

/** @param who.refusals the codes of what it may be told for good, in this play */
export async function createCareful(
  book: Book,
  who: { url: string; clientId: string; clientKey: JWK; refusals?: readonly string[] },
): Promise<Careful> {
  const { refusals = [] } = who;
  const api: ApiClient = await createApiClient(who);
  return async (path, init = {}) => {
    const signal = AbortSignal.timeout(answerMsMax);
    try {
      // Half a reply is none; and the token may be what hangs.
      const reply = await within(answerMsMax, api.fetch(path, { ...init, signal }));
      const text = await reply.text();
      const body: unknown = text === '' ? null : JSON.parse(text);
      if (reply.ok) return { kind: 'done', body };
      const code = String((body as { code?: unknown }).code);
      if (passing.has(code)) return { kind: 'passing' };
      if (!refusals.includes(code)) fail(book, `${who.clientId} was told ${reply.status} ${code}`);
      return { kind: 'refused', code };
    } catch {
      return { kind: 'passing' };
    }
  };
}

/** A POST of JSON, under a key where there is one. */
export function posting(body: object, key?: string): RequestInit {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { 'idempotency-key': `"${key}"` }),
    },
    body: JSON.stringify(body),
  };
}

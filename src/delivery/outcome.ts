/** What a reply to a push means, as one table. */
import type { Reply } from './agent.ts';

/**
 * What an attempt came to. `code` is closed (`http-503`, `timeout`, `token-http-401`, …): nothing
 * that the receiver wrote is kept, but a receipt in the form of one, for others to verify.
 */
export type PushOutcome =
  | { kind: 'accepted'; code: string; receipt?: string }
  | { kind: 'rejected'; code: string }
  /** The endpoint is to be disabled; the transfer is not at fault and waits. */
  | { kind: 'gone'; code: string }
  /** `hold`: it is about the endpoint, and nothing else should be sent there for a while. */
  | { kind: 'retry'; code: string; retryAfterSeconds?: number; hold?: true };

interface Meaning {
  from: number;
  to: number;
  kind: PushOutcome['kind'];
  hold?: true;
}

/**
 * Each status by the first row that it fits; docs/consignees.md says why. Rejected settles an
 * order for good: a credential of ours that has run out (401, 407) must not reject a whole
 * morning's orders.
 */
export const meanings: readonly Meaning[] = [
  { from: 200, to: 299, kind: 'accepted' },
  { from: 300, to: 399, kind: 'retry' },
  { from: 401, to: 401, kind: 'retry' },
  { from: 407, to: 408, kind: 'retry' },
  { from: 410, to: 410, kind: 'gone' },
  { from: 421, to: 421, kind: 'retry' },
  { from: 425, to: 425, kind: 'retry' },
  { from: 429, to: 429, kind: 'retry', hold: true },
  { from: 400, to: 499, kind: 'rejected' },
  { from: 503, to: 503, kind: 'retry', hold: true },
];

/** 5xx, and what no standard knows. */
const unsaid: Meaning = { from: 500, to: 999, kind: 'retry' };

/** The longest `Retry-After` that is honoured. */
const retryAfterSecondsMax = 86_400;

/** @param at when the reply was there */
export function outcomeOf({ status, headers }: Reply, at: Date): PushOutcome {
  const code = `http-${status}`;
  const { kind, hold } = meanings.find(({ from, to }) => status >= from && status <= to) ?? unsaid;
  if (kind === 'accepted') {
    const receipt = receiptIn(headers['waybill-receipt']);
    return { kind, code, ...(receipt !== null && { receipt }) };
  }
  if (kind !== 'retry') return { kind, code };
  const seconds = retryAfterSeconds(headers['retry-after'], at);
  return {
    kind,
    code,
    ...(seconds !== null && { retryAfterSeconds: seconds }),
    ...(hold && { hold }),
  };
}

/** What may be a compact JWS (RFC 7515 section 7.1); whether it is one, its verifier says. */
function receiptIn(header: string | string[] | undefined): string | null {
  return typeof header === 'string' && /^[\w.-]{1,4096}$/.test(header) ? header : null;
}

/**
 * IMF-fixdate, the one form that RFC 9110 section 5.6.7 lets be sent; Date.parse takes far more.
 */
const fixdate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * RFC 9110 section 10.2.3: whole seconds or a date. Nonsense, fractions, negative values and a
 * header that is there twice are ignored; more than a day is taken for a day.
 */
export function retryAfterSeconds(header: string | string[] | undefined, at: Date): number | null {
  const said = typeof header === 'string' ? header.trim() : '';
  const seconds = /^\d+$/.test(said)
    ? Number(said)
    : fixdate.test(said)
      ? Math.max(0, (Date.parse(said) - at.getTime()) / 1000)
      : NaN;
  return Number.isNaN(seconds) ? null : Math.min(Math.ceil(seconds), retryAfterSecondsMax);
}

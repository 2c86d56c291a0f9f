/** The way back: of a returned result, what the contract says may come back and nothing else. */
import { canonicalBytes } from '#src/base/canonical.ts';
import { isRealDate } from '#src/base/seoul.ts';
import type { Withheld } from '#src/base/words.ts';
import { withheldOf } from './account.ts';
import { checkFacts } from './checks.ts';
import { CompiledContract } from './compile.ts';
import { missingItems, payloadOf, RECORD_BYTES_MAX, travellingCodes } from './payload.ts';
import { refused, type Refused } from './problems.ts';
import { commitmentOf } from './released.ts';
import { isObject } from './shape.ts';
import { take } from './take.ts';

/** What a consignee returns for one transfer. */
export interface ReturnedResult {
  /** As `JSON.parse` made it. */
  result: unknown;
  /** The calendar date in Seoul, `YYYY-MM-DD`. */
  today: string;
  /** 32 random bytes. */
  salt: Uint8Array;
  /** Code of an item that comes another way, beside the result: a report that was uploaded. */
  beside?: string;
}

export type MinimisedResult =
  | {
      outcome: 'accepted';
      /** Dictionary codes, in the contract's order. */
      accepted: string[];
      /** For the direct reply: names keys that nobody knows. */
      withheld: Withheld[];
      /** For the ledger: dictionary codes and counts. */
      ledgerWithheld: Withheld[];
      /** The RFC 8785 bytes of what was accepted. */
      canonical: Buffer;
      /** SHA-256(salt || canonical), 32 bytes. */
      commitment: Buffer;
      salt: Buffer;
    }
  | Refused;

const NOTHING = { pointer: '/result', rule: 'required' } as const;

/**
 * Minimises a returned result by the contract's `returns`. Nothing is derived on the way back.
 *
 * Refuses, in this order: `INVALID_ITEM`, `REQUIRED_ITEM_MISSING` (also when nothing at all is
 * accepted, at `/result`), `RECORD_TOO_LARGE`.
 * Throws a RangeError unless `today` is a date and the salt has 32 bytes.
 */
export function minimiseReturned(
  compiled: CompiledContract,
  input: ReturnedResult,
): MinimisedResult {
  const { returned } = CompiledContract.planOf(compiled);
  if (!isRealDate(input.today)) throw new RangeError('today is not a date');
  if (input.salt.length !== 32) throw new RangeError('a salt has 32 bytes');
  if (!isObject(input.result)) {
    return refused('INVALID_ITEM', [{ pointer: '/result', rule: 'type' }]);
  }

  const taken = take(returned, input.result);
  if (input.beside !== undefined && returned.listed.has(input.beside)) {
    taken.account.found.add(input.beside);
  }
  taken.findings.push(...checkFacts(taken, input.today));
  const missing = missingItems(taken, []);
  if (taken.findings.length > 0) return refused('INVALID_ITEM', [...taken.findings, ...missing]);
  if (missing.length > 0) return refused('REQUIRED_ITEM_MISSING', missing);

  const { released: accepted } = travellingCodes(taken, new Map());
  if (accepted.length === 0) return refused('REQUIRED_ITEM_MISSING', [NOTHING]);
  const canonical = canonicalBytes(payloadOf(taken, new Map()));
  if (canonical.length > RECORD_BYTES_MAX) {
    return refused('RECORD_TOO_LARGE', [{ pointer: '/result', rule: 'length' }]);
  }
  return {
    outcome: 'accepted',
    accepted,
    ...withheldOf(taken.account, returned, new Set(accepted)),
    canonical,
    commitment: commitmentOf(input.salt, canonical),
    salt: Buffer.from(input.salt),
  };
}

/**
 * Law 1: of a record, its contract's items and nothing else, or a refusal that says what is wrong.
 */
import { isRealDate } from '#src/base/seoul.ts';
import type { SubjectKind, Withheld } from '#src/base/words.ts';
import { withheldOf } from './account.ts';
import { checkFacts, hasOddChecksum } from './checks.ts';
import { CompiledContract } from './compile.ts';
import { NUMBER } from './derivation-rules.ts';
import { derive, judgeSources, planDerivations } from './derive.ts';
import { missingItems, payloadOf, RECORD_BYTES_MAX, travellingCodes } from './payload.ts';
import { refused, type Refused } from './problems.ts';
import { mint, type Released } from './released.ts';
import { isObject } from './shape.ts';
import { checkSubject } from './subject.ts';
import { take } from './take.ts';
import { guardText, TEXT_MASK } from './text-guard.ts';

/** What an EMR submits for one consignee. */
export interface Order {
  /** As `JSON.parse` made it: a superset of what may leave. */
  record: unknown;
  subject: { kind: SubjectKind; id: string };
  /** The calendar date in Seoul, `YYYY-MM-DD`. */
  today: string;
  /** 32 random bytes. */
  salt: Uint8Array;
}

export type Minimised =
  | {
      outcome: 'released';
      released: Released;
      /** For the direct reply: names keys that nobody knows. */
      withheld: Withheld[];
      /** For the ledger: dictionary codes and counts. */
      ledgerWithheld: Withheld[];
      warnings: { item: string; code: 'CHECKSUM' }[];
      /** Codes whose texts held a withheld value, which was masked; in the contract's order. */
      masked: string[];
      /** Names of the rules that made something: derivations, such as `age@1`, and the mask. */
      rules: string[];
    }
  | Refused;

/**
 * Minimises a record under one contract version. Pure: the same input gives the same bytes.
 *
 * Refuses, in this order: `WRONG_SUBJECT`, `SUBJECT_MISMATCH`, `INVALID_ITEM` (every problem at
 * once, missing items among them), `REQUIRED_ITEM_MISSING`, `UNCONTRACTED_VALUE_IN_TEXT` (every
 * place at once), `RECORD_TOO_LARGE`.
 * Throws a RangeError unless `today` is a date and the salt has 32 bytes.
 */
export function minimise(compiled: CompiledContract, order: Order): Minimised {
  const { contract, outbound, guard } = CompiledContract.planOf(compiled);
  if (!isRealDate(order.today)) throw new RangeError('today is not a date');
  if (!isObject(order.record)) {
    return refused('INVALID_ITEM', [{ pointer: '/record', rule: 'type' }]);
  }

  const stranger = checkSubject(contract.subject, order.subject, order.record);
  if (stranger) return refused(stranger.reason, [stranger]);

  const taken = take(outbound, order.record);
  const derivations = judgeSources(taken, planDerivations(taken), order.today);
  taken.findings.push(...checkFacts(taken, order.today));
  const derived = derive(taken, derivations);
  const missing = missingItems(taken, derivations);
  if (taken.findings.length > 0) return refused('INVALID_ITEM', [...taken.findings, ...missing]);
  if (missing.length > 0) return refused('REQUIRED_ITEM_MISSING', missing);

  const codes = travellingCodes(taken, derived);
  const payload = payloadOf(taken, derived);
  const minimising = { side: outbound, found: taken.found, payload, tests: taken.tests };
  const guarded = guard ? guardText(guard, minimising) : { masked: [] };
  if ('findings' in guarded) return refused('UNCONTRACTED_VALUE_IN_TEXT', guarded.findings);
  const { masked } = guarded;
  const released = mint(compiled, { payload, salt: order.salt, ...codes });
  if (released.sizeBytes > RECORD_BYTES_MAX) {
    return refused('RECORD_TOO_LARGE', [{ pointer: '/record', rule: 'length' }]);
  }
  return {
    outcome: 'released',
    released,
    ...withheldOf(taken.account, outbound, new Set([...codes.released, ...codes.derived])),
    warnings: hasOddChecksum(taken) ? [{ item: NUMBER, code: 'CHECKSUM' }] : [],
    masked,
    rules: [
      ...derivations.filter(({ code }) => derived.has(code)).map(({ rule }) => rule.name),
      ...(masked.length > 0 ? [TEXT_MASK] : []),
    ],
  };
}

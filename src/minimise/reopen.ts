/** Reopens what was sealed: the same bytes under the same commitment, or nothing. */
import { timingSafeEqual } from 'node:crypto';
import { CompiledContract, type Plan } from './compile.ts';
import { commitmentOf, mint, NotReleasable, type Released } from './released.ts';
import { isObject } from './shape.ts';

/**
 * Makes a `Released` again of an unsealed payload, before it is pushed or claimed. Its
 * `released` lists every item in the bytes; which of them were derived is in the ledger.
 *
 * @param input salt and commitment of 32 bytes; the commitment is the covered ledger leaf's
 * @throws NotReleasable `COMMITMENT_MISMATCH` when the bytes are not those committed to;
 *   `NOT_CONTRACTED` when they hold anything that the contract does not list, or are not the
 *   RFC 8785 form of what they hold
 */
export function reopen(
  compiled: CompiledContract,
  input: { salt: Uint8Array; canonical: Buffer; commitment: Uint8Array },
): Released {
  const recomputed = commitmentOf(input.salt, input.canonical);
  const isSame =
    input.salt.length === 32 &&
    input.commitment.length === recomputed.length &&
    timingSafeEqual(input.commitment, recomputed);
  if (!isSame) throw new NotReleasable('COMMITMENT_MISMATCH');
  const payload = parsed(input.canonical);
  const released = codesIn(CompiledContract.planOf(compiled), payload);
  const reopened = mint(compiled, { payload, released, derived: [], salt: input.salt });
  // a repeated key would be in the bytes and not in what was checked
  if (!reopened.canonical().equals(input.canonical)) throw new NotReleasable('NOT_CONTRACTED');
  return reopened;
}

function parsed(canonical: Buffer): Record<string, unknown> {
  let payload: unknown;
  try {
    payload = JSON.parse(canonical.toString('utf8'));
  } catch {
    throw new NotReleasable('NOT_CONTRACTED');
  }
  if (!isObject(payload)) throw new NotReleasable('NOT_CONTRACTED');
  return payload;
}

function codesIn({ outbound }: Plan, payload: Record<string, unknown>): string[] {
  const tests: unknown[] = Array.isArray(payload['tests']) ? payload['tests'] : [];
  const holders = [payload, ...tests.filter(isObject)];
  return [...outbound.listed.keys()].filter((code) =>
    holders.some((each) => Object.hasOwn(each, code)),
  );
}

/**
 * Receipts: what a consignee signs on taking a transfer, so that neither side can deny the
 * handover.
 */
import { onlyMembers, readCompactJws, type CompactJws } from '#src/access/jws.ts';
import { signerOf } from '#src/access/signer.ts';
import { idTime } from '#src/base/ids.ts';
import { isRealDate } from '#src/base/seoul.ts';
import type { Log } from '#src/base/log.ts';
import { gatewayActor, type Actor } from '#src/base/words.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import type { Queryable } from '#src/store/pool.ts';
import type { Claim } from '#src/transfers/claim.ts';
import { isKept } from '#src/transfers/late-receipt.ts';
import type { SettledReceipt } from '#src/transfers/settle.ts';
import type { StepDeps } from '#src/transfers/step.ts';
import type { PushOutcome } from './outcome.ts';

/** The handover that a receipt is about. */
export interface Handover {
  consignee: string;
  transfer: string;
  commitment: Buffer;
  /** Id of the version that decided it. */
  contract: string;
  /** What the consignee gave as its receipt: a compact JWS, if it is one. */
  receipt: string | undefined;
  actor: Actor;
  via: 'push' | 'inbox';
}

/** `receipt` is for the settlement; null where none was given and none is required. */
export type ReceiptCheck =
  { ok: true; receipt: SettledReceipt | null } | { ok: false; why: 'missing' | 'invalid' };

const headerMembers = ['alg', 'kid', 'typ'];
const kidPattern = /^[\w-]{1,64}$/;
const types: readonly unknown[] = [undefined, 'JWT', 'JOSE', 'jwt', 'jose'];
const jwsLengthMax = 4_096;
/** How far the clocks of two houses may be apart. */
const skewMsMax = 300_000;

/**
 * Checks the receipt of a handover: a compact JWS by one of the consignee's registered keys, whose
 * payload has the members `transfer`, `commitment` (base64, as in the leaf) and `at` (RFC 3339) and
 * no others. `at` lies between the acceptance of the transfer and now, give or take five minutes.
 * Its header has no room for words: it is kept for as long as the ledger.
 * `missing` only where the contract requires one.
 */
export async function checkReceipt(deps: StepDeps, handover: Handover): Promise<ReceiptCheck> {
  const contract = deps.agreements.contracts.find(({ id }) => id === handover.contract);
  const { receipt: jws } = handover;
  if (jws === undefined) {
    const isOwed = contract?.receipts === 'required';
    return isOwed ? { ok: false, why: 'missing' } : { ok: true, receipt: null };
  }
  const signedAt = contract ? statedTime(handover, jws, deps.clock.now()) : null;
  const keys = deps.agreements.consignees.get(handover.consignee)?.signingKeys ?? [];
  const signer = signedAt ? await signerOf(keys, jws) : null;
  if (!contract || !signedAt || signer === null) return { ok: false, why: 'invalid' };
  const { transfer, consignee, commitment, actor, via } = handover;
  const entry = deps.makeEntry({
    ...{ kind: 'receipt', at: deps.clock.now(), transfer, consignee, commitment },
    contract: { id: contract.id, digest: contract.digest },
    detail: { ...actorDetail(actor), via, signer, signedAt: signedAt.toISOString(), jws },
  });
  return { ok: true, receipt: { signer, signedAt, jws, entry } };
}

/**
 * What a push came to, with its receipt: where the contract requires one and none that holds came
 * (`receipt-missing`, `receipt-invalid`), it is not delivered and goes again. One that nobody
 * asked for and that does not hold is left out: the consignee has taken the transfer all the same.
 * One that was given for an earlier handover of the transfer does not hold for this one.
 */
export async function heedReceipt(
  deps: StepDeps & { log: Log; db: Queryable },
  claim: Claim,
  outcome: PushOutcome,
): Promise<{ outcome: PushOutcome; receipt: SettledReceipt | null }> {
  if (outcome.kind !== 'accepted') return { outcome, receipt: null };
  const { id: transfer, consignee, commitment, contract } = claim;
  const checked = await checkReceipt(deps, {
    ...{ transfer, consignee, commitment, contract, receipt: outcome.receipt },
    ...{ actor: gatewayActor, via: 'push' },
  });
  const { receipt } = outcome;
  const isSpent = checked.ok && receipt !== undefined && (await isKept(deps.db, transfer, receipt));
  if (checked.ok && !isSpent) return { outcome, receipt: checked.receipt };
  const code = `receipt-${checked.ok ? 'invalid' : checked.why}`;
  deps.log.warn('a push was taken without a receipt that holds', {
    ...{ transfer, consignee, outcome: code },
  });
  const isOwed = deps.agreements.contracts.find(({ id }) => id === contract)?.receipts;
  if (isOwed !== 'required') return { outcome, receipt: null };
  return { outcome: { kind: 'retry', code }, receipt: null };
}

/** The time that a receipt states, or null unless it states exactly this handover. */
function statedTime({ transfer, commitment }: Handover, jws: string, now: Date): Date | null {
  const read = jws.length <= jwsLengthMax ? readCompactJws(jws) : undefined;
  if (!read || !isPlain(read.header)) return null;
  const { at, ...said } = read.claims;
  const isOver =
    Object.keys(said).length === 2 &&
    said['transfer'] === transfer &&
    said['commitment'] === commitment.toString('base64');
  const stated = isOver && typeof at === 'string' ? instant(at) : null;
  if (stated === null) return null;
  const inTime = stated >= idTime(transfer) - skewMsMax && stated <= now.getTime() + skewMsMax;
  return inTime ? new Date(stated) : null;
}

/** Whether a header says only what it must, in words of a closed list or in the form of a name. */
function isPlain(header: CompactJws['header']): boolean {
  const { kid, typ } = header;
  const isName = kid === undefined || (typeof kid === 'string' && kidPattern.test(kid));
  return onlyMembers(header, headerMembers) && isName && types.includes(typ);
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970 UTC; null for what is no instant. */
function instant(text: string): number | null {
  const at = rfc3339.test(text) && isRealDate(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

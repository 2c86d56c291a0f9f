/** A unique identifier goes to a key or not at all: without one, a transfer waits for it. */
import type { Log } from '#src/base/log.ts';
import type { Released } from '#src/minimise/released.ts';
import type { EncryptTo } from '#src/sealing/jwe.ts';
import type { Queryable } from '#src/store/pool.ts';
import { putBack, type Claim } from '#src/transfers/claim.ts';
import { keylessOutcome } from '#src/transfers/claim-sql.ts';

/** Keys are read at start, so that looking more often would find nothing. */
const keyWaitSeconds = 60;

/**
 * True where the bytes hold what only travels encrypted and there is no key for it: the consignee
 * had one when the order was accepted, and has none now.
 */
export function lacksKey(encrypt: EncryptTo | null, released: Released): boolean {
  const { encrypted } = released;
  return encrypt === null && released.released.some((code) => encrypted.has(code));
}

/**
 * Lets a claimed transfer wait until its consignee has a key again, or until it expires. Its last
 * outcome says so to those who ask; what the consignee gets without such an item goes on.
 */
export async function waitForKey(deps: { db: Queryable; log: Log }, claim: Claim): Promise<void> {
  const { id: transfer, consignee } = claim;
  deps.log.warn('no key to encrypt to: the transfer waits', { transfer, consignee });
  await putBack(deps.db, claim, { delaySeconds: keyWaitSeconds, outcome: keylessOutcome });
}

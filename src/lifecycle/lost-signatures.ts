/** A version that was in force and is not signed any more: said in the ledger, and when it is. */
import { contractBegun, isEnded, type Versions } from '#src/agreements/force.ts';
import type { Log } from '#src/base/log.ts';
import { gatewayActor, type Contract } from '#src/base/words.ts';
import type { Entry } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Queryable } from '#src/store/pool.ts';
import { entryOf, type StepsDeps } from './steps.ts';

export interface LostSignaturesDeps extends StepsDeps {
  log: Log;
  onSubmitted: () => void;
}

/**
 * The versions that would decide on a Seoul day, had they not lost their signatures since they
 * began: their file is gone or damaged, or a key that made one is not registered any more. Nothing
 * decides for their consignees, and what waits, waits.
 */
export function lostSignatures(versions: Versions, today: string): Contract[] {
  const { contracts, standing } = versions;
  return contracts.filter((contract) => {
    const { id, consignee, signature, validUntil } = contract;
    if (signature.state === 'signed' || isEnded(contract, standing)) return false;
    if (validUntil !== null && validUntil < today) return false;
    return contractBegun(versions, consignee, today)?.id === id;
  });
}

async function insert(tx: Queryable, contracts: readonly Contract[]): Promise<Set<string>> {
  const { rows } = await tx.query<{ contract: string }>(
    `INSERT INTO lost_signatures (contract) SELECT unnest($1::text[])
     ON CONFLICT DO NOTHING RETURNING contract`,
    [contracts.map(({ id }) => id)],
  );
  return new Set(rows.map(({ contract }) => contract));
}

async function remove(tx: Queryable, contracts: readonly Contract[]): Promise<Set<string>> {
  const { rows } = await tx.query<{ contract: string }>(
    'DELETE FROM lost_signatures WHERE contract = ANY($1) RETURNING contract',
    [contracts.map(({ id }) => id)],
  );
  return new Set(rows.map(({ contract }) => contract));
}

function entryOfLoss(deps: StepsDeps, contract: Contract, on: string): Entry {
  const { consignee, id, digest, signature } = contract;
  const outcome = signature.state;
  return deps.makeEntry({
    ...{ kind: 'contract-unsigned', at: deps.clock.now(), consignee, contract: { id, digest } },
    items: contract.items.map(({ item }) => item),
    detail: { ...actorDetail(gatewayActor), on, outcome },
  });
}

/**
 * Looks once, at start, because files are read then: records each loss and each return that no
 * process has recorded, an entry each, and tells the operator of every loss in any case.
 *
 * @returns how many entries were made
 */
export async function recordLostSignatures(deps: LostSignaturesDeps): Promise<number> {
  const { agreements, standing, clock, log } = deps;
  const today = clock.today();
  const versions = { contracts: agreements.contracts, standing: standing.current() };
  const lost = lostSignatures(versions, today);
  const signed = agreements.contracts.filter(({ signature }) => signature.state === 'signed');
  for (const { id: contract, consignee } of lost) {
    log.error('a contract in force has lost its signatures: nothing leaves for its consignee', {
      ...{ contract, consignee },
    });
  }
  const count = await deps.db.transaction(async (tx) => {
    // Processes whose files differ would wait for each other.
    await tx.query('LOCK TABLE lost_signatures IN SHARE ROW EXCLUSIVE MODE');
    const gone = await insert(tx, lost);
    const back = await remove(tx, signed);
    const entries = [
      ...lost.filter(({ id }) => gone.has(id)).map((one) => entryOfLoss(deps, one, today)),
      ...signed
        .filter(({ id }) => back.has(id))
        .map((contract) => entryOf(deps, { contract, step: 'signed', on: today })),
    ];
    await submit(
      tx,
      entries.map((entry) => ({ entry })),
    );
    return entries.length;
  });
  if (count > 0) {
    log.info('signatures of contracts that were lost or came back recorded', { count });
    deps.onSubmitted();
  }
  return count;
}

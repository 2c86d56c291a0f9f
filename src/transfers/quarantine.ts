/**
 * Results whose transfer their consignee cannot name: minimised and sealed like any other, and
 * nobody's until a person of the clinic says whose they are.
 */
import { contractInForce, type Versions } from '#src/agreements/force.ts';
import { newId } from '#src/base/ids.ts';
import { gatewayActor } from '#src/base/words.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import { checkHints } from '#src/minimise/hints.ts';
import { minimiseReturned } from '#src/minimise/returned.ts';
import type { Queryable } from '#src/store/pool.ts';
import { claimKey } from './idempotency.ts';
import { quarantinedBytes, sealContent } from './result-content.ts';
import type { ResultDeps } from './result-store.ts';
import type { ReturnOutcome, ReturnReply, ReturnRequest } from './results.ts';
import { stepEntry } from './step.ts';

export interface QuarantineDeps extends ResultDeps {
  versions: Versions;
}

/** Days for which a content waits for a person. */
export const quarantineDays = 30;
/** Days that are left to take a match back, once the EMR has collected what was matched. */
export const rematchDays = 7;
const dayMs = 86_400_000;

/** Takes a result into quarantine, minimised by the contract that is in force today. */
export async function quarantineResult(
  deps: QuarantineDeps,
  tx: Queryable,
  request: ReturnRequest,
): Promise<ReturnOutcome> {
  const { consignee, actor } = request;
  if (!deps.agreements.consignees.get(consignee)?.quarantines) {
    return { refusal: { reason: 'TRANSFER_REQUIRED' } };
  }
  const today = deps.clock.today();
  const contract = contractInForce(deps.versions, consignee, today);
  const compiled = contract && deps.compiled.get(contract.id);
  if (!compiled) return { refusal: { reason: 'NO_CONTRACT_IN_FORCE' } };
  // A file is uploaded for a transfer, which this consignee cannot name.
  if (request.attachments?.length) return { refusal: { reason: 'ATTACHMENT_UNUSABLE', contract } };
  const salt = deps.randomBytes(32);
  const minimised = minimiseReturned(compiled, { result: request.result, today, salt });
  if (minimised.outcome === 'refused') return { refusal: { ...minimised, contract } };
  const checked = checkHints(compiled, { hints: request.hints ?? {}, today });
  if (checked.outcome === 'refused') return { refusal: { ...checked, contract } };
  const at = deps.clock.now();
  const id = newId(at);
  const { accepted, withheld, ledgerWithheld, commitment } = minimised;
  const reply: ReturnReply = {
    ...{ id, quarantined: true, accepted, withheld },
    ...{ commitment: commitment.toString('base64'), salt: salt.toString('base64') },
  };
  const claim = { request: request.idempotency, owner: id, reply };
  if (!(await claimKey(deps, tx, claim))) return 'repeated';
  const result = JSON.parse(minimised.canonical.toString('utf8')) as Record<string, unknown>;
  const canonical = quarantinedBytes({ result, hints: checked.hints });
  const sealed = sealContent(deps, { id, consignee, contract, commitment }, { salt, canonical });
  await tx.query(
    `WITH kept AS (INSERT INTO payloads (id, sealed) VALUES ($1, $9))
     INSERT INTO quarantined_results (id, consignee, contract, accepted, withheld, commitment,
       created_at, purge_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      ...[id, consignee, contract.id, accepted, JSON.stringify(ledgerWithheld), commitment],
      ...[at, new Date(at.getTime() + quarantineDays * dayMs), sealed],
    ],
  );
  const entry = deps.makeEntry({
    ...{ kind: 'result-quarantined', at, consignee, items: accepted, commitment },
    contract: { id: contract.id, digest: contract.digest },
    detail: { ...actorDetail(actor), quarantined: id, withheld: ledgerWithheld },
  });
  await submit(tx, [{ entry, owner: id }]);
  return { reply };
}

const batchMax = 100;

/**
 * Destroys what nobody matched in its time, and what was matched and collected for long enough.
 * What is matched and not collected stays: taking the match back destroys the other copy of it.
 */
export async function purgeQuarantine(
  deps: Pick<ResultDeps, 'db' | 'agreements' | 'clock' | 'makeEntry' | 'onSubmitted'>,
): Promise<number> {
  const rows = await deps.db.transaction(async (tx) => {
    const { rows } = await tx.query<{
      id: string;
      consignee: string;
      contract: string;
      result: string | null;
    }>(
      `UPDATE quarantined_results SET purged_at = now()
       WHERE id IN (SELECT id FROM quarantined_results WHERE purge_at <= now()
         AND purged_at IS NULL AND NOT EXISTS (SELECT FROM results
           WHERE results.id = quarantined_results.result AND results.status <> 'collected')
         LIMIT ${batchMax} FOR UPDATE SKIP LOCKED)
       RETURNING id, consignee, contract, result`,
    );
    if (rows.length === 0) return rows;
    await tx.query('DELETE FROM payloads WHERE id = ANY ($1::uuid[])', [rows.map(({ id }) => id)]);
    const entries = rows.map(({ id: quarantined, consignee, contract, result }) => {
      const outcome = result === null ? 'unmatched' : 'matched';
      const of = { consignee, contract, actor: gatewayActor };
      return stepEntry(deps, { ...of, kind: 'purged', detail: { quarantined, outcome } });
    });
    await submit(
      tx,
      entries.map((entry) => ({ entry })),
    );
    return rows;
  });
  if (rows.length > 0) deps.onSubmitted();
  return rows.length;
}

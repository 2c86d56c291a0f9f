/**
 * A person of the clinic says to which transfer a quarantined result belongs, and can take it back:
 * each step is an entry, and what was matched in error is gone for the person that it was not of.
 */
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import { minimiseReturned } from '#src/minimise/returned.ts';
import type { Queryable } from '#src/store/pool.ts';
import { inTurn } from './idempotency.ts';
import { quarantineDays } from './quarantine.ts';
import { openQuarantined } from './result-content.ts';
import { refuseResult, type ResultRefusal } from './result-refusal.ts';
import {
  insertResult,
  lockTransfer,
  placeResult,
  receivedEntry,
  type ResultDeps,
} from './result-store.ts';
import { stepEntry } from './step.ts';

interface Asked {
  actor: Actor;
  quarantined: string;
  /** Free text, kept in the sealed detail only. */
  reason: string;
}

interface Row {
  id: string;
  consignee: string;
  contract: string;
  commitment: Buffer;
  created_at: Date;
  result: string | null;
  transfer: string | null;
  sealed: Buffer | null;
}

/** Locks what lies in quarantine; what is matched is only there for the EMR that matched it. */
async function lockQuarantined(tx: Queryable, asked: Asked): Promise<Row> {
  const { rows } = await tx.query<Row>(
    `SELECT id, consignee, contract, commitment, created_at, result, transfer,
       (SELECT sealed FROM payloads WHERE payloads.id = held.id) AS sealed
     FROM quarantined_results AS held
     WHERE id = $1 AND (result IS NULL
       OR EXISTS (SELECT FROM results WHERE results.id = held.result AND client = $2))
     FOR UPDATE`,
    [asked.quarantined, asked.actor.client],
  );
  if (!rows[0]) throw new GatewayError('NOT_FOUND');
  return rows[0];
}

/**
 * Makes a quarantined result the next version of a transfer's. The contract of the transfer decides
 * what of it may come back, whichever was in force when it came. Again for the same transfer:
 * nothing more happens.
 * @throws GatewayError `NOT_FOUND` (also a transfer of another EMR or consignee),
 *   `ALREADY_MATCHED`, `PAYLOAD_PURGED`, and after an entry that says so what `returnResult` throws
 */
export async function matchQuarantined(
  deps: ResultDeps,
  asked: Asked & { transfer: string },
): Promise<void> {
  deps.assertOpen();
  const refused = await inTurn(deps.db, (tx) => match(deps, tx, asked));
  if (refused) await refuseResult(deps, { ...asked, ...refused }, refused);
  deps.onSubmitted();
}

async function match(
  deps: ResultDeps,
  tx: Queryable,
  asked: Asked & { transfer: string },
): Promise<(ResultRefusal & { consignee: string }) | undefined> {
  const { actor, quarantined, reason } = asked;
  const row = await lockQuarantined(tx, asked);
  if (row.transfer !== null) {
    if (row.transfer === asked.transfer) return undefined;
    throw new GatewayError('ALREADY_MATCHED');
  }
  if (row.sealed === null) throw new GatewayError('PAYLOAD_PURGED');
  const { consignee } = row;
  const whose = { transfer: asked.transfer, consignee, client: actor.client };
  const transfer = await lockTransfer(deps, tx, whose);
  const { contract, compiled } = transfer;
  if (!transfer.mayHaveArrived) return { reason: 'RESULT_NOT_EXPECTED', contract, consignee };
  const { result, salt } = openQuarantined(deps, { ...row, sealed: row.sealed });
  const minimised = minimiseReturned(compiled, { result, salt, today: deps.clock.today() });
  if (minimised.outcome === 'refused') return { ...minimised, contract, consignee };
  const { accepted, canonical, commitment, ledgerWithheld: withheld } = minimised;
  const content = { transfer, accepted, withheld, canonical, commitment, salt };
  const found = await placeResult(deps, tx, content);
  if ('refusal' in found) return { ...found.refusal, consignee };
  const { placed } = found;
  await insertResult(deps, tx, placed, receivedEntry(deps, actor, placed));
  await tx.query(
    `UPDATE quarantined_results SET result = $2, transfer = $3, matched_at = now() WHERE id = $1`,
    [quarantined, placed.id, transfer.id],
  );
  const entry = deps.makeEntry({
    ...{ kind: 'result-matched', at: placed.at, consignee, transfer: transfer.id },
    ...{ contract: { id: contract.id, digest: contract.digest }, items: accepted, commitment },
    person: transfer.person,
    detail: { ...actorDetail(actor), quarantined, result: placed.id, reason },
  });
  await submit(tx, [{ entry, owner: placed.id }]);
  return undefined;
}

/**
 * Takes a match back: the result is retracted, its content destroyed where the EMR has not
 * collected it, and it lies in quarantine again. Where it is not matched nothing happens.
 * @throws GatewayError `NOT_FOUND`, also where another EMR matched it
 */
export async function unmatchQuarantined(deps: ResultDeps, asked: Asked): Promise<void> {
  deps.assertOpen();
  await inTurn(deps.db, (tx) => unmatch(deps, tx, asked));
  deps.onSubmitted();
}

async function unmatch(deps: ResultDeps, tx: Queryable, asked: Asked): Promise<void> {
  const { actor, quarantined, reason } = asked;
  const { consignee, result, transfer } = await lockQuarantined(tx, asked);
  if (result === null || transfer === null) return;
  // Under the lock of the transfer, like every change among its versions.
  const whose = { transfer, consignee, client: actor.client };
  const { contract, person } = await lockTransfer(deps, tx, whose);
  const { rowCount } = await tx.query(
    `WITH retracted AS (
       UPDATE results SET retracted_at = now(), purged_at = coalesce(purged_at, now())
       WHERE id = $1
     )
     DELETE FROM payloads WHERE id = $1`,
    [result],
  );
  await tx.query(
    `UPDATE quarantined_results SET result = NULL, transfer = NULL, matched_at = NULL,
       purge_at = created_at + make_interval(days => ${quarantineDays}) WHERE id = $1`,
    [quarantined],
  );
  const entry = deps.makeEntry({
    ...{ kind: 'result-unmatched', at: deps.clock.now(), consignee, transfer },
    ...{ contract: { id: contract.id, digest: contract.digest }, person },
    detail: { ...actorDetail(actor), quarantined, result, reason },
  });
  const gone = stepEntry(deps, {
    ...{ kind: 'purged', transfer, consignee, contract: contract.id, actor },
    detail: { result, outcome: 'retracted' },
  });
  const purged = rowCount === 0 ? [] : [{ entry: gone, owner: result }];
  await submit(tx, [{ entry, owner: result }, ...purged]);
}

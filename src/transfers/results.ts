/** Results come down the same stairs: minimised by the contract's `returns`, sealed, recorded. */
import type { Agreements } from '#src/agreements/load.ts';
import type { Clock } from '#src/base/clock.ts';
import { GatewayError } from '#src/base/errors.ts';
import { newId } from '#src/base/ids.ts';
import type { Actor, Contract, Withheld } from '#src/base/words.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { submit } from '#src/ledger/submit.ts';
import type { CompiledContract } from '#src/minimise/compile.ts';
import { minimiseReturned } from '#src/minimise/returned.ts';
import { payloadAad } from '#src/sealing/aad.ts';
import type { Sealer } from '#src/sealing/seal.ts';
import type { Database } from '#src/store/pool.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { asInProgress, sealReply, storedReply, type RepeatableRequest } from './idempotency.ts';

export interface ReturnDeps {
  db: Database;
  agreements: Agreements;
  compiled: ReadonlyMap<string, CompiledContract>;
  clock: Clock;
  sealer: Sealer;
  makeEntry: EntryMaker;
  randomBytes: (count: number) => Buffer;
  assertOpen: () => void;
  onSubmitted: () => void;
}

export interface ReturnRequest {
  actor: Actor;
  consignee: string;
  transfer: string;
  result: Readonly<Record<string, unknown>>;
  idempotency: RepeatableRequest;
}

/** What the consignee is told. `salt` and `commitment` in base64. */
export interface ReturnReply {
  id: string;
  transfer: string;
  accepted: string[];
  withheld: Withheld[];
  commitment: string;
  salt: string;
}

/** What was handed out, or may have been: a reply that was lost still lets its result come. */
function mayHaveArrived({ status, attempts }: { status: string; attempts: number }): boolean {
  if (status === 'ready') return attempts > 0;
  return ['sending', 'leased', 'delivered', 'failed'].includes(status);
}

/**
 * Takes a consignee's result for one of its own transfers.
 * @throws GatewayError `NOT_FOUND` (also another's transfer), `RESULT_NOT_EXPECTED`,
 *   `INVALID_ITEM`, `REQUIRED_ITEM_MISSING` (nothing that the contract lets come back),
 *   `IDEMPOTENCY_KEY_REUSED`
 */
export async function returnResult(deps: ReturnDeps, request: ReturnRequest): Promise<ReturnReply> {
  deps.assertOpen();
  const first = await storedReply<ReturnReply>(deps, request.idempotency);
  if (first) return first;
  const { client, contract } = await findTransfer(deps, request);
  const compiled = deps.compiled.get(contract.id);
  if (!compiled) throw new GatewayError('INTERNAL');
  const minimised = minimiseReturned(compiled, {
    result: request.result,
    today: deps.clock.today(),
    salt: deps.randomBytes(32),
  });
  const common = {
    at: deps.clock.now(),
    transfer: request.transfer,
    consignee: request.consignee,
    contract: { id: contract.id, digest: contract.digest },
  };
  if (minimised.outcome === 'refused') {
    const { reason, items, problems } = minimised;
    const detail = { ...actorDetail(request.actor), reason, problems };
    const entry = deps.makeEntry({ ...common, kind: 'result-refused', items, detail });
    await submit(deps.db, [{ entry }]);
    deps.onSubmitted();
    throw new GatewayError(reason, { problems, facts: { items: items.join(', ') } });
  }
  const id = newId(common.at);
  const { accepted, commitment, ledgerWithheld } = minimised;
  const entry = deps.makeEntry({
    ...common,
    kind: 'result-received',
    items: accepted,
    commitment,
    detail: { ...actorDetail(request.actor), result: id, withheld: ledgerWithheld },
  });
  const reply: ReturnReply = {
    id,
    transfer: request.transfer,
    accepted,
    withheld: minimised.withheld,
    commitment: commitment.toString('base64'),
    salt: minimised.salt.toString('base64'),
  };
  const aad = resultAad({ id, consignee: request.consignee, commitment }, contract);
  const sealed = deps.sealer.seal(Buffer.concat([minimised.salt, minimised.canonical]), aad);
  const values = [id, request.transfer, request.consignee, contract.id, client];
  const won = await store(deps, request, {
    values: [...values, accepted, JSON.stringify(ledgerWithheld), commitment, common.at],
    ...{ id, sealed, leaf: entry.leaf, detail: entry.detail, reply },
  });
  if (won) return reply;
  const winner = await storedReply<ReturnReply>(deps, request.idempotency);
  if (winner) return winner;
  throw new GatewayError('REQUEST_IN_PROGRESS', { retryAfterSeconds: 1 });
}

/** What a stored result is sealed to. */
function resultAad(
  result: { id: string; consignee: string; commitment: Buffer },
  contract: Contract,
): Buffer {
  const { id: owner, consignee, commitment } = result;
  return payloadAad({ owner, consignee, commitment, contractDigest: contract.digest });
}

async function findTransfer(
  deps: ReturnDeps,
  request: ReturnRequest,
): Promise<{ client: string; contract: Contract }> {
  const { rows } = await deps.db.query<{
    client: string;
    contract: string;
    status: string;
    attempts: number;
  }>('SELECT client, contract, status, attempts FROM transfers WHERE id = $1 AND consignee = $2', [
    request.transfer,
    request.consignee,
  ]);
  const row = rows[0];
  if (!row) throw new GatewayError('NOT_FOUND');
  if (!mayHaveArrived(row)) throw new GatewayError('RESULT_NOT_EXPECTED');
  const contract = deps.agreements.contracts.find((one) => one.id === row.contract);
  if (!contract) throw new GatewayError('INTERNAL');
  return { client: row.client, contract };
}

async function store(
  deps: ReturnDeps,
  request: ReturnRequest,
  row: {
    values: unknown[];
    id: string;
    sealed: Buffer;
    leaf: Buffer;
    detail: Buffer;
    reply: ReturnReply;
  },
): Promise<boolean> {
  const { client, keyHmac, requestHmac } = request.idempotency;
  const reply = sealReply(deps.sealer, request.idempotency, row.reply);
  try {
    const { rowCount } = await deps.db.query(
      `WITH won AS (
         INSERT INTO idempotency_keys (client, key_hmac, request_hmac, owner, reply)
         VALUES ($10, $11, $12, $1, $13) ON CONFLICT (client, key_hmac) DO NOTHING RETURNING owner
       ), stored AS (
         INSERT INTO results (id, transfer, consignee, contract, client, status, accepted, withheld,
           commitment, created_at)
         SELECT $1, $2, $3, $4, $5, 'accepted', $6, $7, $8, $9 FROM won
       ), kept AS (
         INSERT INTO payloads (id, sealed) SELECT owner, $14 FROM won
       ), submitted AS (
         INSERT INTO submissions (kind, owner, leaf, detail)
         SELECT 'result-received', owner, $15, $16 FROM won
       )
       SELECT owner FROM won`,
      [...row.values, client, keyHmac, requestHmac, reply, row.sealed, row.leaf, row.detail],
    );
    deps.onSubmitted();
    return rowCount === 1;
  } catch (error) {
    throw asInProgress(error);
  }
}

/** A stored result, opened for the EMR that owns it. */
export interface OpenResult {
  result: Record<string, unknown>;
  salt: string;
  commitment: string;
}

/** Unseals a result and checks it against its commitment; throws when one bit is another. */
export function openResult(
  deps: Pick<ReturnDeps, 'sealer' | 'agreements'>,
  row: { id: string; consignee: string; contract: string; commitment: Buffer; sealed: Buffer },
): OpenResult {
  const contract = deps.agreements.contracts.find((one) => one.id === row.contract);
  if (!contract) throw new GatewayError('INTERNAL');
  const plain = deps.sealer.open(row.sealed, resultAad(row, contract));
  return {
    result: JSON.parse(plain.subarray(32).toString('utf8')) as Record<string, unknown>,
    salt: plain.subarray(0, 32).toString('base64'),
    commitment: row.commitment.toString('base64'),
  };
}

/** A consignee's certificate of destruction: taken once, and only with a signature that holds. */
import type { JWK } from 'jose';
import { onlyMembers, readCompactJws } from '#src/access/jws.ts';
import { signerOf } from '#src/access/signer.ts';
import { GatewayError } from '#src/base/errors.ts';
import { isRealDate } from '#src/base/seoul.ts';
import type { Actor, Consignee, FieldRule } from '#src/base/words.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import {
  findOrder,
  orderColumns,
  orderView,
  type OrderDeps,
  type OrderRow,
  type OrderView,
} from './destruction.ts';
import { countReceived } from './received.ts';

export interface CertifyDeps extends OrderDeps {
  db: Database;
  agreements: OrderDeps['agreements'] & { consignees: ReadonlyMap<string, Consignee> };
  assertOpen: () => void;
  onSubmitted: () => void;
}

export interface Certificate {
  /** SHA-256 of the certificate's file, 64 hex digits. */
  sha256: string;
  method: string;
  /** `YYYY-MM-DD` in Seoul. */
  destroyedOn: string;
  /** Compact JWS over `{order, sha256, method, destroyedOn}`. */
  signature: string;
}

const headerMembers = ['alg', 'kid', 'typ'];

/** The signer of a certificate for an order; `INVALID_SIGNATURE` unless every part is right. */
async function verified(
  keys: readonly JWK[],
  order: string,
  { signature, ...said }: Certificate,
): Promise<string> {
  const jws = readCompactJws(signature);
  const expected: Record<string, unknown> = { order, ...said };
  const names = Object.keys(expected);
  const isOver =
    jws !== undefined &&
    onlyMembers(jws.header, headerMembers) &&
    Object.keys(jws.claims).length === names.length &&
    names.every((name) => Object.hasOwn(jws.claims, name) && jws.claims[name] === expected[name]);
  const signer = isOver ? await signerOf(keys, signature) : null;
  if (signer === null) throw new GatewayError('INVALID_SIGNATURE');
  return signer;
}

function assertDay(row: OrderRow, destroyedOn: string, today: string): void {
  const wrong = (rule: FieldRule) =>
    new GatewayError('INVALID_REQUEST', { problems: [{ pointer: '/destroyedOn', rule }] });
  if (!isRealDate(destroyedOn)) throw wrong('notADate');
  if (destroyedOn > today) throw wrong('inTheFuture');
  if (destroyedOn < row.ended_on) throw wrong('range');
}

function isSame(row: OrderRow, { sha256, method, destroyedOn }: Certificate): boolean {
  const file = row.file_sha256?.toString('hex');
  return file === sha256 && row.method === method && row.destroyed_on === destroyedOn;
}

/** Writes the certificate, and what was received as it is counted now. */
async function store(
  { clock }: Pick<CertifyDeps, 'clock'>,
  tx: Queryable,
  row: OrderRow,
  { certificate, signer }: { certificate: Certificate; signer: string },
): Promise<OrderRow> {
  const { sha256, method, destroyedOn, signature } = certificate;
  const received = await countReceived({ db: tx, clock }, row);
  const { rows } = await tx.query<OrderRow>(
    `UPDATE destruction_orders SET received = $2, certified_at = now(), file_sha256 = $3,
       method = $4, destroyed_on = $5, signature = $6, signer = $7
     WHERE id = $1 RETURNING ${orderColumns}`,
    [row.id, received, Buffer.from(sha256, 'hex'), method, destroyedOn, signature, signer],
  );
  return rows[0] as OrderRow;
}

/**
 * Takes the certificate of an order. The same one again is answered the same.
 * @param request.consignee whose orders the caller may certify; null: everybody's
 * @throws GatewayError `NOT_FOUND`, `INVALID_REQUEST` (the day), `INVALID_SIGNATURE`,
 *   `ALREADY_CERTIFIED`
 */
export async function certify(
  deps: CertifyDeps,
  request: { actor: Actor; consignee: string | null; order: string; certificate: Certificate },
): Promise<OrderView> {
  deps.assertOpen();
  const { actor, certificate } = request;
  const found = await findOrder(deps.db, request);
  // As it was taken: a key that has been replaced since does not unsay it.
  if (found.signature === certificate.signature && isSame(found, certificate)) {
    return orderView(deps, found);
  }
  assertDay(found, certificate.destroyedOn, deps.clock.today());
  const keys = deps.agreements.consignees.get(found.consignee)?.signingKeys ?? [];
  const signer = await verified(keys, found.id, certificate);
  const row = await deps.db.transaction(async (tx) => {
    const held = await findOrder(tx, request, 'FOR UPDATE');
    if (held.certified_at !== null) {
      if (isSame(held, certificate)) return held;
      throw new GatewayError('ALREADY_CERTIFIED');
    }
    const contract = deps.agreements.contracts.find(({ id }) => id === held.contract);
    if (!contract) throw new GatewayError('INTERNAL');
    const { destroyedOn: on, sha256 } = certificate;
    const file = Buffer.from(sha256, 'hex').toString('base64');
    const entry = deps.makeEntry({
      ...{ kind: 'destruction-certified', at: deps.clock.now(), consignee: held.consignee },
      contract: { id: contract.id, digest: contract.digest },
      detail: { ...actorDetail(actor), order: held.id, file, on, signer },
    });
    await submit(tx, [{ entry }]);
    return store(deps, tx, held, { certificate, signer });
  });
  deps.onSubmitted();
  return orderView(deps, row);
}

/** From the caller of a request to the actor of an entry. */
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import type { Caller } from './token.ts';

/** Who acts, for the ledger. */
export function actorOf(request: { caller: Caller; source: string }): Actor {
  const { client, role, person } = request.caller;
  const { source } = request;
  return { client, role, source, ...(person === undefined ? {} : { person }) };
}

/** The consignee that the caller acts for. Only consignees have the scopes that lead here. */
export function consigneeOf(request: { caller: Caller }): string {
  const { consignee } = request.caller;
  if (consignee === null) throw new GatewayError('INSUFFICIENT_SCOPE');
  return consignee;
}

/** Operations of the EMR: submit, preview, follow, cancel, redeliver. */
import type { Gateway } from '#src/gateway.ts';
import { cancel } from '#src/transfers/cancel.ts';
import { getTransfer, listTransfers } from '#src/transfers/for-emr.ts';
import { preview, release } from '#src/transfers/release.ts';
import { redeliver } from '#src/transfers/replay.ts';
import { actorOf } from './caller.ts';
import { redeliverForOperator } from './deliveries.ts';
import type { Handlers } from './handler.ts';
import { readIdempotencyKey, repeatableOrder } from './idempotency-key.ts';
import { pageLimit } from './page.ts';

type EmrOperation =
  | 'releaseTransfer'
  | 'previewTransfer'
  | 'listTransfers'
  | 'getTransfer'
  | 'cancelTransfer'
  | 'redeliverTransfer';

export function emrHandlers(
  gateway: Gateway,
  metrics: { accepted: (consignee: string) => void },
): Pick<Handlers, EmrOperation> {
  const channelOf = <T extends { consignee: string }>(transfer: T) => ({
    ...transfer,
    channel: gateway.agreements.consignees.get(transfer.consignee)?.channel ?? 'push',
  });
  return {
    async releaseTransfer(request) {
      const { body: order, bytes } = request;
      const key = readIdempotencyKey(request.idempotencyKey);
      const { client } = request.caller;
      const idempotency = () => repeatableOrder(gateway.fingerprint, { client, key, order, bytes });
      const body = await release(gateway, { actor: actorOf(request), order, idempotency });
      metrics.accepted(body.consignee);
      return { status: 202, body, headers: { location: `/v1/transfers/${body.id}` } };
    },
    async previewTransfer(request) {
      const { body: order, caller } = request;
      return { status: 200, body: await preview(gateway, { client: caller.client, order }) };
    },
    async listTransfers({ caller, query }) {
      const ask = { ...query, client: caller.client, limit: pageLimit(query.limit) };
      const page = await listTransfers(gateway, ask);
      return { status: 200, body: { ...page, items: page.items.map(channelOf) } };
    },
    async getTransfer({ caller, path }) {
      const transfer = await getTransfer(gateway, { client: caller.client, id: path.id });
      return { status: 200, body: channelOf(transfer) };
    },
    async cancelTransfer(request) {
      const { id } = request.path;
      const reason = request.body?.reason;
      await cancel(gateway, {
        ...{ actor: actorOf(request), transfer: id },
        ...(reason === undefined ? {} : { reason }),
      });
      const transfer = await getTransfer(gateway, { client: request.caller.client, id });
      return { status: 200, body: channelOf(transfer) };
    },
    async redeliverTransfer(request) {
      const { id } = request.path;
      const reason = request.body?.reason;
      const { client, scopes } = request.caller;
      if (!scopes.has('transfers:write')) return redeliverForOperator(gateway, request);
      await redeliver(gateway, { actor: actorOf(request), client, transfer: id, reason });
      const transfer = await getTransfer(gateway, { client, id });
      return { status: 200, body: channelOf(transfer) };
    },
  };
}

/** Operations of the EMR: submit, preview, follow, cancel. */
import type { Gateway } from '#src/gateway.ts';
import { cancel } from '#src/transfers/cancel.ts';
import { getTransfer, listTransfers } from '#src/transfers/for-emr.ts';
import { preview, release } from '#src/transfers/release.ts';
import { actorOf } from './caller.ts';
import type { Handlers } from './handler.ts';
import { repeatableOf } from './idempotency-key.ts';
import { pageLimit } from './page.ts';

type EmrOperation =
  'releaseTransfer' | 'previewTransfer' | 'listTransfers' | 'getTransfer' | 'cancelTransfer';

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
      const idempotency = repeatableOf(gateway.fingerprint, 'releaseTransfer', request);
      const order = request.body;
      const body = await release(gateway, { actor: actorOf(request), order, idempotency });
      metrics.accepted(body.consignee);
      return { status: 202, body, headers: { location: `/v1/transfers/${body.id}` } };
    },
    async previewTransfer(request) {
      return { status: 200, body: await preview(gateway, request.body) };
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
  };
}

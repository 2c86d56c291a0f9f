/** Operations of auditors and witnesses: the ledger as it is, and every transfer's trail. */
import type { Gateway } from '#src/gateway.ts';
import { openTrail } from '#src/oversight/trail.ts';
import { searchTransfers } from '#src/oversight/search.ts';
import { actorOf } from './caller.ts';
import type { Handlers } from './handler.ts';
import { instantOf } from './instant.ts';
import { pageLimit } from './page.ts';

type AuditorOperation =
  | 'getCheckpoint'
  | 'getLedgerKey'
  | 'listEntries'
  | 'getInclusionProof'
  | 'getConsistencyProof'
  | 'searchTransfers'
  | 'getTrail';

const entriesLimitDefault = 100;
const base64 = (bytes: Buffer) => bytes.toString('base64');

export function auditorHandlers(
  gateway: Gateway,
  ledgerOrigin: string,
): Pick<Handlers, AuditorOperation> {
  const { ledger } = gateway;
  const channelOf = (consignee: string) =>
    gateway.agreements.consignees.get(consignee)?.channel ?? 'push';
  return {
    async getCheckpoint() {
      return { status: 200, body: (await ledger.latestCheckpoint()).note };
    },
    getLedgerKey: () => ({ status: 200, body: { origin: ledgerOrigin, vkey: gateway.vkey } }),
    async listEntries({ query }) {
      const limit = query.limit ?? entriesLimitDefault;
      const { size } = await ledger.latestCheckpoint();
      const found = await ledger.entries({ start: query.start ?? 0, limit, withDetail: true });
      const items = found.map(({ index, leaf, detail }) => ({
        index,
        leaf: base64(leaf),
        detail: detail ? { salt: base64(detail.salt), content: base64(detail.content) } : null,
      }));
      const last = items.at(-1);
      const more = last !== undefined && items.length === limit && last.index + 1 < size;
      return { status: 200, body: { items, next: more ? last.index + 1 : null, size } };
    },
    async getInclusionProof({ query }) {
      const proof = await ledger.inclusion(query);
      return { status: 200, body: { ...proof, hashes: proof.hashes.map(base64) } };
    },
    async getConsistencyProof({ query }) {
      const proof = await ledger.consistency(query);
      return { status: 200, body: { ...proof, hashes: proof.hashes.map(base64) } };
    },
    async searchTransfers(request) {
      const { consignee, status, from, to, cursor, limit } = request.query;
      const page = await searchTransfers(gateway, {
        actor: actorOf(request),
        search: {
          ...{ consignee, status },
          from: from === undefined ? undefined : instantOf('/query/from', from),
          to: to === undefined ? undefined : instantOf('/query/to', to),
        },
        cursor,
        limit: pageLimit(limit),
      });
      const items = page.items.map((one) => ({ ...one, channel: channelOf(one.consignee) }));
      return { status: 200, body: { ...page, items } };
    },
    async getTrail(request) {
      const trail = await openTrail(gateway, { actor: actorOf(request), id: request.path.id });
      const channel = channelOf(trail.transfer.consignee);
      return { status: 200, body: { ...trail, transfer: { ...trail.transfer, channel } } };
    },
  };
}

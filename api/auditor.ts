/** Operations of auditors and witnesses: the ledger as it is, and every transfer's trail. */
import { GatewayError } from '#src/base/errors.ts';
import type { Gateway } from '#src/gateway.ts';
import { witnessedCheckpoint } from '#src/ledger/witness-store.ts';
import { openTrail } from '#src/oversight/trail.ts';
import { actorOf } from './caller.ts';
import type { Handlers } from './handler.ts';
import { previousKeys } from './ledger-keys.ts';

type AuditorOperation =
  | 'getCheckpoint'
  | 'getLedgerKey'
  | 'listEntries'
  | 'getInclusionProof'
  | 'getConsistencyProof'
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
    async getCheckpoint({ query }) {
      const { witnesses: witnessesMin } = query;
      if (witnessesMin === undefined) {
        const { note, signedAt } = await ledger.latestCheckpoint();
        const headers = { 'last-modified': signedAt.toUTCString() };
        return { status: 200, body: note, headers };
      }
      const found = await witnessedCheckpoint(gateway, { witnessesMin });
      if (found === null) throw new GatewayError('NOT_FOUND');
      return { status: 200, body: found.note };
    },
    getLedgerKey: () => {
      const previous = previousKeys(gateway.keys.rows('ledger'));
      const body = { origin: ledgerOrigin, vkey: gateway.vkey };
      return { status: 200, body: previous.length > 0 ? { ...body, previous } : body };
    },
    async listEntries({ query }) {
      const limit = query.limit ?? entriesLimitDefault;
      const { size } = await ledger.latestCheckpoint();
      const found = await ledger.entries({ start: query.start ?? 0, limit, withDetail: true });
      const items = found.map(({ index, leaf, detail, erased }) => ({
        index,
        leaf: base64(leaf),
        detail: detail ? { salt: base64(detail.salt), content: base64(detail.content) } : null,
        ...(erased ? { erased } : {}),
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
    async getTrail(request) {
      const trail = await openTrail(gateway, { actor: actorOf(request), id: request.path.id });
      const channel = channelOf(trail.transfer.consignee);
      return { status: 200, body: { ...trail, transfer: { ...trail.transfer, channel } } };
    },
  };
}

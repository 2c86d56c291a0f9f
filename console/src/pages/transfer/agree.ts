/**
 * Whether what a page shows of a transfer is what its leaves say: a row of the database can be
 * changed without touching the ledger, and its proofs would still hold.
 */
import { fromBase64 } from '../../../../src/ledger/verify.ts';
import type { Schemas } from '../../api.ts';

type Trail = Schemas['Trail'];

interface Leaf {
  kind: string;
  at: string;
  transfer: string | null;
  consignee: string | null;
  contract: { id: string } | null;
  commitment: string | null;
  items: string[];
}

export type Doubt = 'entry' | 'consignee' | 'contract' | 'commitment' | 'items' | 'state';

/** How a transfer ends, by the entry that says so. */
const endings: Readonly<Record<string, string>> = {
  delivered: 'delivered',
  rejected: 'rejected',
  failed: 'failed',
  cancelled: 'cancelled',
  expired: 'expired',
  withdrawn: 'withdrawn',
  redelivered: 'waiting',
};

const read = (leaf: string) => JSON.parse(new TextDecoder().decode(fromBase64(leaf))) as Leaf;

/** What differs first; null where all of it agrees. Only of entries whose leaves were verified. */
export function doubtOf({ transfer, entries }: Pick<Trail, 'transfer' | 'entries'>): Doubt | null {
  const leaves = entries.map((entry) => ({ entry, leaf: read(entry.leaf) }));
  const isOwn = leaves.every(
    ({ entry, leaf }) =>
      leaf.transfer === transfer.id && leaf.kind === entry.kind && leaf.at === entry.at,
  );
  if (!isOwn) return 'entry';
  const released = leaves.find(({ leaf }) => leaf.kind === 'released')?.leaf;
  if (!released) return 'entry';
  if (released.consignee !== transfer.consignee) return 'consignee';
  if (released.contract?.id !== transfer.contract) return 'contract';
  if (released.commitment !== transfer.commitment) return 'commitment';
  const shown = [...transfer.released, ...transfer.derived].toSorted();
  if (shown.join() !== released.items.toSorted().join()) return 'items';
  return stateAgrees(transfer, leaves) ? null : 'state';
}

/** An entry has its number within seconds of what it says; until then the row alone says it. */
const numberedMs = 60_000;

function stateAgrees(transfer: Trail['transfer'], leaves: readonly { leaf: Leaf }[]): boolean {
  const { status, settledAt } = transfer;
  const last = leaves.map(({ leaf }) => endings[leaf.kind]).findLast((ending) => ending);
  const isWaiting = last === undefined || last === 'waiting';
  if (!Object.values(endings).includes(status)) return isWaiting;
  if (last === status) return true;
  const isNew = settledAt !== null && Math.abs(Date.now() - Date.parse(settledAt)) < numberedMs;
  return isNew && isWaiting;
}

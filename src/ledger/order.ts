/**
 * No transfer is heard of before its release (law 2):
 * a check of the whole ledger's sense. Imports nothing.
 */

const continuations = new Set([
  'pulled',
  'delivered',
  'receipt',
  'redelivered',
  'rejected',
  'failed',
  'cancelled',
  'expired',
  'withdrawn',
  'result-received',
  'result-collected',
  'purged',
]);

/**
 * Checks that no transfer is heard of before its `released` entry (law 2). Keeps the ids of all
 * transfers in memory. Feed it each leaf once, in order, from the first entry on.
 */
export function createOrderCheck(): (
  index: number,
  leaf: Uint8Array,
) => { index: number; problem: string } | undefined {
  const released = new Set<string>();
  return (index, leaf) => {
    try {
      const { kind, transfer } = JSON.parse(new TextDecoder().decode(leaf)) as Record<
        string,
        unknown
      >;
      if (typeof kind !== 'string' || typeof transfer !== 'string') return undefined;
      if (kind === 'released') released.add(transfer);
      const early = continuations.has(kind) && !released.has(transfer);
      return early
        ? { index, problem: `the transfer was ${kind} before it was released` }
        : undefined;
    } catch {
      return { index, problem: 'the leaf has not the form of a leaf' };
    }
  };
}

/**
 * A transfer's evidence as people read it, made of its entries and nothing else: whoever changes
 * the one has to change the other. Imports only types, so that a browser runs it too.
 */
import type { EvidenceEntry } from './evidence-form.ts';

/** What a leaf and a detail may say; each member only where the kind has it. */
interface Told {
  kind: string;
  at: string;
  contract: { id: string; digest: string } | null;
  consignee: string | null;
  commitment: string | null;
  items: string[];
  detail: Record<string, unknown> | null;
}

/** Where each step leaves a transfer; the others leave it where it was. */
const states: Readonly<Record<string, string>> = {
  released: 'waiting',
  redelivered: 'waiting',
  delivered: 'delivered',
  rejected: 'rejected',
  failed: 'failed',
  cancelled: 'cancelled',
  expired: 'expired',
  withdrawn: 'withdrawn',
};

/**
 * The summary of a transfer's entries, oldest first.
 *
 * @throws TypeError when a leaf or a detail is not JSON
 */
export function summarise(entries: readonly EvidenceEntry[]): Record<string, unknown> {
  const told = entries.map((entry) => ({ index: entry.index, ...readEntry(entry) }));
  const released = told.find(({ kind }) => kind === 'released');
  let [status, settledAt]: [string, string | null] = ['unknown', null];
  for (const { kind, at } of told) {
    const state = states[kind];
    if (state !== undefined) [status, settledAt] = [state, state === 'waiting' ? null : at];
  }
  const receipts = told.filter(({ kind }) => kind === 'receipt');
  return {
    consignee: released?.consignee ?? null,
    contract: released?.contract ?? null,
    commitment: released?.commitment ?? null,
    releasedAt: released?.at ?? null,
    ...itemsOf(released),
    ...{ status, settledAt },
    receipts: receipts.map(({ index, detail }) => ({
      ...{ entry: index, signer: detail?.['signer'] ?? null },
      signedAt: detail?.['signedAt'] ?? null,
    })),
    results: resultsOf(told),
    steps: told.map(({ index, kind, at, detail }) => ({
      ...{ entry: index, kind, at, outcome: detail?.['outcome'] ?? null },
    })),
  };
}

/** What became of the record, item by item. Withheld and rules stand in the detail alone. */
function itemsOf(released: Told | undefined) {
  const detail = released?.detail ?? null;
  const rules = Array.isArray(detail?.['rules']) ? (detail['rules'] as string[]) : [];
  const items = released?.items ?? [];
  // `age@1` makes the item `age`.
  const derived = rules
    .map((rule) => ({ item: rule.slice(0, rule.indexOf('@')), rule }))
    .filter(({ item }) => items.includes(item));
  const made = new Set(derived.map(({ item }) => item));
  return {
    subject: detail?.['subject'] ?? null,
    released: items.filter((item) => !made.has(item)),
    derived,
    withheld: detail?.['withheld'] ?? null,
  };
}

/** What came back, and whether it was collected. */
function resultsOf(told: readonly (Told & { index: number })[]) {
  const collected = new Map(
    told
      .filter(({ kind }) => kind === 'result-collected')
      .map(({ detail, at }) => [detail?.['result'], at]),
  );
  return told
    .filter(({ kind }) => kind === 'result-received')
    .map(({ index, at, items, commitment, detail }) => ({
      ...{ entry: index, result: detail?.['result'] ?? null, items, commitment },
      ...{ receivedAt: at, version: detail?.['version'] ?? null },
      collectedAt: (detail && collected.get(detail['result'])) ?? null,
    }));
}

function readEntry({ leaf, detail }: EvidenceEntry): Told {
  try {
    const said = JSON.parse(leaf) as Omit<Told, 'detail'>;
    const content = detail ? (JSON.parse(detail.content) as Record<string, unknown>) : null;
    return { ...said, detail: content };
  } catch {
    throw new TypeError('a leaf or a detail is not JSON');
  }
}

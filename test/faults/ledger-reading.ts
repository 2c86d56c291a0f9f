/**
 * The ledger as somebody reads it who keeps his own tree: every entry once, every root computed
 * anew, so that each checkpoint that anybody was ever shown can be held against it.
 */
import { createHash } from 'node:crypto';
import { within } from './pace.ts';
import type { ApiClient } from '#src/bin/api-client.ts';

/** What the entries say about one transfer. */
export interface Told {
  /** Indexes of its entries `released`. */
  released: number[];
  commitment: string | undefined;
  consignee: string | undefined;
  /** Kinds of entries that end it. */
  ends: string[];
  pulled: number;
  results: number;
  collected: number;
}

export interface LedgerReading {
  size(): number;
  /** Root, in hex, of the tree of so many entries. */
  rootAt(size: number): string | undefined;
  of(transfer: string): Told;
  transfers(): ReadonlySet<string>;
  /** Reads what has come since the last time. */
  readOn(): Promise<void>;
}

interface Page {
  items: { index: number; leaf: string }[];
  next: number | null;
}

interface Leaf {
  kind: string;
  transfer?: string | null;
  consignee?: string;
  commitment?: string;
}

const endings: ReadonlySet<string> = new Set([
  ...['delivered', 'rejected', 'failed', 'expired', 'cancelled', 'withdrawn'],
]);
const pageMsMax = 20_000;

export function createLedgerReading(auditor: ApiClient): LedgerReading {
  const roots: string[] = [hash().toString('hex')];
  const told = new Map<string, Told>();
  /** Roots of perfect subtrees with their heights, the largest first. */
  const peaks: { height: number; root: Buffer }[] = [];
  let size = 0;

  const of = (transfer: string): Told => {
    const known = told.get(transfer) ?? {
      ...{ released: [], commitment: undefined, consignee: undefined, ends: [] },
      ...{ pulled: 0, results: 0, collected: 0 },
    };
    told.set(transfer, known);
    return known;
  };

  function grow(leaf: Buffer): void {
    let peak = { height: 0, root: hash(Buffer.of(0), leaf) };
    while (peaks.at(-1)?.height === peak.height) {
      const left = peaks.pop()!;
      peak = { height: peak.height + 1, root: hash(Buffer.of(1), left.root, peak.root) };
    }
    peaks.push(peak);
    const [last, ...rest] = peaks.map(({ root }) => root).reverse();
    const root = rest.reduce((right, left) => hash(Buffer.of(1), left, right), last!);
    size += 1;
    roots[size] = root.toString('hex');
  }

  function hear({ kind, transfer, consignee, commitment }: Leaf, index: number): void {
    if (!transfer) return;
    const one = of(transfer);
    if (kind === 'released') {
      one.released.push(index);
      Object.assign(one, { commitment, consignee });
    }
    if (endings.has(kind)) one.ends.push(kind);
    if (kind === 'pulled') one.pulled += 1;
    if (kind === 'result-received') one.results += 1;
    if (kind === 'result-collected') one.collected += 1;
  }

  return {
    ...{ of, size: () => size, rootAt: (at) => roots[at] },
    transfers: () => new Set(told.keys()),
    async readOn() {
      for (let next: number | null = size; next !== null;) {
        const path = `/v1/ledger/entries?start=${next}&limit=1000`;
        const page: Page = await within(pageMsMax, auditor.json<Page>(path));
        for (const { index, leaf } of page.items) {
          if (index !== size) throw new Error(`entry ${size} is missing`);
          const bytes = Buffer.from(leaf, 'base64');
          grow(bytes);
          hear(JSON.parse(bytes.toString('utf8')) as Leaf, index);
        }
        ({ next } = page);
      }
    },
  };
}

function hash(...parts: Buffer[]): Buffer {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest();
}

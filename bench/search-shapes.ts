/**
 * The different transfers of a made-up clinic: two years, three EMRs, all seventeen consignees
 * under one to three versions of their contracts, each order with what that EMR happens to send.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { rootDir } from '#src/bin/settings.ts';
import type { Classed } from '#src/transfers/class.ts';

export interface WeightedShape extends Classed {
  withheld: { item: string; reason: 'NOT_IN_CONTRACT' | 'ABSENT' | Placeholder; count?: number }[];
  /** How often it comes, against the others of the same month. */
  weight: number;
  /** Months of the history in which it comes: from inclusive, to exclusive. */
  from: number;
  to: number;
}
type Placeholder = 'NEVER_SHARED' | 'UNKNOWN_ITEM' | 'NO_LEGAL_BASIS';

/** Numbers from 0 to 1 from a seed: xorshift32, the same on every machine. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}

/** What each EMR sends beside what its consignee may have. */
const clients = [
  { client: 'emr', weight: 0.8, sends: 14 },
  { client: 'emr-two', weight: 0.18, sends: 8 },
  { client: 'emr-kiosk', weight: 0.02, sends: 4 },
];
const variants = 10;

interface ContractFile {
  consignee: string;
  items: { item: string; required: boolean }[];
}

function shippedContracts(): ContractFile[] {
  const folder = join(rootDir, 'contracts');
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'dictionary')
    .map(({ name }) => parse(readFileSync(join(folder, name, 'v1.yaml'), 'utf8')) as ContractFile);
}

/** Every shape of `months` months, by a seed: about a thousand. */
export function makeShapes(months: number, random: () => number): WeightedShape[] {
  const contracts = shippedContracts();
  const codes = [...new Set(contracts.flatMap(({ items }) => items.map(({ item }) => item)))];
  const shapes: WeightedShape[] = [];
  for (const [rank, { consignee, items }] of contracts.entries()) {
    // some consignees get ten times the orders of others
    const share = 1 / (1 + ((rank * 7) % contracts.length));
    const versions = 1 + (rank % 3);
    for (let version = 1; version <= versions; version += 1) {
      const period = [version - 1, version].map((part) => Math.round((months * part) / versions));
      const [from = 0, to = months] = period;
      for (const { client, weight, sends } of clients) {
        const listed = new Set(items.map(({ item }) => item));
        const others = codes.filter((code) => !listed.has(code)).slice(0, sends);
        for (let variant = 0; variant < variants; variant += 1) {
          const own = { rank: variant, random, items, others };
          shapes.push({
            ...{ client, consignee, contract: `${consignee}.v${version}`, from, to },
            ...oneShape(own),
            weight: (weight * share) / (variant + 1) ** 1.5,
          });
        }
      }
    }
  }
  return shapes;
}

function oneShape(of: {
  rank: number;
  random: () => number;
  items: ContractFile['items'];
  others: readonly string[];
}): Pick<WeightedShape, 'released' | 'derived' | 'withheld'> {
  const { rank, random, items, others } = of;
  // the first variant is the plain order; each further one lacks or adds something
  const isSent = () => rank === 0 || random() > 0.25;
  const released = items.filter(({ required }) => required || isSent()).map(({ item }) => item);
  const derived = released.filter((item) => item === 'age' && random() < 0.5);
  const withheld: WeightedShape['withheld'] = items
    .filter(({ item }) => !released.includes(item))
    .map(({ item }) => ({ item, reason: 'ABSENT' }));
  for (const item of others) {
    if (isSent()) withheld.push({ item, reason: 'NOT_IN_CONTRACT' });
  }
  if (rank > 6) withheld.push(counted('UNKNOWN_ITEM', 1 + rank));
  if (rank === 9) withheld.push(counted('NEVER_SHARED', 1));
  if (rank === 8 && released.includes('residentRegistrationNumber')) {
    released.splice(released.indexOf('residentRegistrationNumber'), 1);
    withheld.push({ item: 'residentRegistrationNumber', reason: 'NO_LEGAL_BASIS' });
  }
  return { released: released.filter((item) => !derived.includes(item)), derived, withheld };
}

const counted = (item: 'UNKNOWN_ITEM' | 'NEVER_SHARED', count: number) => ({
  ...{ item, reason: item, count },
});

/** The time of an order by what it is spent on: built-in work counts for whoever asked for it. */
import { median, rounded } from './measure.ts';
import type { Profile } from './profiler.ts';

/** A part of the way of an order, and why it is not shorter. */
export interface Stage {
  name: string;
  why: string;
  /** Fits the file of a frame; the innermost frame of a stack that fits a stage decides. */
  files: RegExp;
}

export const stages: readonly Stage[] = [
  {
    name: 'minimising, with the text guard',
    why: 'each value against its schema, each text against what is withheld',
    files: /\/src\/minimise\//,
  },
  {
    name: 'sealing and fingerprints',
    why: 'three things sealed under keys of their own; HMACs of key, order and person',
    files: /\/src\/(sealing\/|ledger\/inner|base\/random-bytes)/,
  },
  {
    name: 'reading JSON strictly, and writing it canonically',
    why: 'each byte of the order is read twice and written once; payload, leaf and detail once',
    files: /\/src\/base\/(strict-json|json-tokens|canonical)/,
  },
  {
    name: 'OpenAPI',
    why: 'express-openapi-validator, as in the baseline',
    files: /node_modules\/(express-openapi-validator|ajv|path-to-regexp)\//,
  },
  {
    name: 'to PostgreSQL and back',
    why: 'one statement for many orders, whose 25 columns have to be written',
    files: /node_modules\/pg[^/]*\/|\/src\/store\//,
  },
  {
    name: 'the ledger',
    why: 'leaf and detail of an entry; the tree, its checkpoint and what counts in reviews',
    files: /\/src\/(ledger|oversight)\//,
  },
  {
    name: 'deciding, and the two statements',
    why: 'contract in force, person, class, what became of each order of the batch',
    files: /\/src\//,
  },
  {
    name: 'Express and the steps of `api/`',
    why: 'token, turn, language, headers and the JSON of the reply',
    files: /\/api\/|node_modules\//,
  },
  { name: 'Node’s HTTP server', why: 'what Express alone needs, too', files: /^node:/ },
  { name: 'collecting garbage', why: 'of all of the above, on this thread', files: /^\(gar/ },
];

/** Own time of the main thread for each order, in µs, by stage; what fits none is left out. */
export function stagesOf(
  { nodes, samples, timeDeltas }: Profile,
  orders: number,
): Record<string, number> {
  const stageOf = new Map<number, string | undefined>();
  const walk = (id: number, outer: string | undefined): void => {
    const node = byId.get(id);
    if (!node) return;
    const { url, functionName } = node.callFrame;
    const place = url === '' ? functionName : url;
    const own = stages.find(({ files }) => files.test(place))?.name;
    // what Node does for a room is the room's: its own only where nobody asked
    const isNodes = url.startsWith('node:');
    const stage = isNodes ? (outer ?? own) : (own ?? outer);
    stageOf.set(id, stage);
    for (const child of node.children ?? []) walk(child, stage);
  };
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const inner = new Set(nodes.flatMap(({ children = [] }) => children));
  for (const { id } of nodes) if (!inner.has(id)) walk(id, undefined);
  const interval = median(timeDeltas);
  const times = new Map<string, number>(stages.map(({ name }) => [name, 0]));
  for (const id of samples) {
    const stage = stageOf.get(id);
    if (stage !== undefined) times.set(stage, times.get(stage)! + interval);
  }
  const entries = [...times].map(([name, us]) => [name, rounded(us / orders)] as const);
  return Object.fromEntries(entries.sort(([, one], [, other]) => other - one));
}

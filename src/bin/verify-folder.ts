/** Verifies a folder that `waybill ledger mirror` keeps, on all processors, without a network. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { StartupError } from '#src/base/errors.ts';
import type { LedgerFault } from '#src/ledger/entry-check.ts';
import { beginsWith } from '#src/ledger/folder-tree.ts';
import { verifyFolder } from '#src/ledger/folder.ts';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { checkTile, type ReadFile, type TileAsk, type TileReport } from '#src/ledger/span.ts';
import { tileWidth } from '#src/ledger/tile-tree.ts';
import { verifyCheckpoint } from '#src/ledger/verify.ts';
import { fileReader, keysIn } from './folder-files.ts';
import { keepCheckpoint, keptCheckpoint } from './kept-checkpoint.ts';
import { folderTree } from './mirror-tree.ts';
import { followFolder, turnedBy, type Followed } from './verify-turns.ts';
import type { Verdict } from './verify.ts';
import { witnessesOf, type WitnessDemand } from './witness-demand.ts';

export interface FolderRequest extends WitnessDemand {
  dir: string;
  /** The ledger's keys, from somebody who is trusted. */
  vkeys: readonly string[];
  /** Where the checkpoint of the last visit is kept, outside the folder; null: not kept. */
  stateFile: string | null;
  /** False for a copy that a witness keeps, which has hashes only. */
  entries: boolean;
  /** At most so many threads; one does it in this one. */
  threadsMax?: number;
  onProgress?: (checked: number, size: number) => void;
}

/** Tiles that a thread is given at a time: 8,192 entries. */
const batchTiles = 32;

/** Checks every file of a folder against its signed checkpoint, and that against the last visit. */
export async function verifyMirror(request: FolderRequest): Promise<Verdict> {
  const { dir, entries, onProgress } = request;
  const readFile = fileReader(dir);
  const note = Buffer.from((await readFile('checkpoint')) ?? '').toString('utf8');
  if (note === '') throw new StartupError([`${dir} holds no checkpoint: it is no ledger's copy`]);
  const followed = await followFolder(readFile, request.vkeys);
  const { vkeys } = followed;
  const kept = await keptCheckpoint({ ...request, vkeys });
  const problems = (await strangeKeys(readFile, vkeys)).map((problem) => ({
    index: null,
    problem,
  }));
  const strange = [...problems, ...followed.faults];
  const turned = turnedBy(followed);
  const signed = await verifyCheckpoint(nodeCrypto, vkeys, note).catch((error: TypeError) => error);
  if (signed instanceof Error) {
    const problem = `the checkpoint is not the ledger's: ${signed.message}`;
    return {
      size: 0,
      faults: [{ index: null, problem }, ...strange],
      witnesses: [],
      ...{ details: false, turned },
    };
  }
  const { witnesses, faults: unwitnessed } = await witnessesOf(request, note);
  const { size } = signed;
  const doubts = [...strange, ...unwitnessed, ...(await forksOf(followed, { dir, size }))];
  const found: Verdict = { size, faults: doubts, witnesses, details: false, turned };
  if (kept && kept.size > size) {
    const problem = `the ledger has shrunk from ${kept.size} to ${size} entries`;
    return { ...found, faults: [{ index: size, problem }, ...found.faults] };
  }
  const check = (asks: readonly TileAsk[]) => counted(checkAll(request, asks), size, onProgress);
  const deps = { crypto: nodeCrypto, readFile, check };
  const { faults, details } = await verifyFolder(deps, { checkpoint: signed, kept, entries });
  const verdict = { ...found, faults: [...faults, ...found.faults], details };
  if (verdict.faults.length === 0) keepCheckpoint(request, note);
  return verdict;
}

/** A key in the folder that nobody vouches for is told: whoever made it may have made the rest. */
async function strangeKeys(readFile: ReadFile, vkeys: readonly string[]): Promise<string[]> {
  const own = await keysIn(readFile);
  return own.every((line) => vkeys.includes(line)) ? [] : ['the key in the folder is another'];
}

/** The trees in which a key names the next one are beginnings of the copy's. */
async function forksOf(
  { turns }: Followed,
  { dir, size }: { dir: string; size: number },
): Promise<LedgerFault[]> {
  const faults: LedgerFault[] = [];
  for (const { turn, tree } of turns) {
    if (tree.size <= size && (await beginsWith(nodeCrypto, folderTree(dir, size), tree))) continue;
    const problem = `the ledger does not continue the tree in which entry ${turn.index} names its key`;
    faults.push({ index: null, problem });
  }
  return faults;
}

async function* counted(
  reports: AsyncIterable<TileReport>,
  size: number,
  onProgress: FolderRequest['onProgress'],
): AsyncGenerator<TileReport> {
  for await (const report of reports) {
    yield report;
    onProgress?.(Math.min((report.index + 1) * tileWidth, size), size);
  }
}

/** Reports in order: in this thread while there are few tiles, else in as many as may be. */
function checkAll(
  { dir, threadsMax = availableParallelism() }: FolderRequest,
  asks: readonly TileAsk[],
): AsyncIterable<TileReport> {
  const threads = Math.min(threadsMax, Math.ceil(asks.length / batchTiles));
  return threads > 1 ? checkInThreads(dir, asks, threads) : checkHere(dir, asks);
}

async function* checkHere(dir: string, asks: readonly TileAsk[]): AsyncGenerator<TileReport> {
  const readFile = fileReader(dir);
  for (const ask of asks) yield await checkTile(nodeCrypto, readFile, ask);
}

/** Each thread has its next batch before it has ended the one before, and no more than that. */
async function* checkInThreads(
  dir: string,
  asks: readonly TileAsk[],
  threads: number,
): AsyncGenerator<TileReport> {
  const program = new URL('./verify-worker.ts', import.meta.url);
  const workers = Array.from({ length: threads }, () => {
    return askable(new Worker(program, { workerData: { dir } }));
  });
  const batches: (readonly TileAsk[])[] = [];
  for (let at = 0; at < asks.length; at += batchTiles)
    batches.push(asks.slice(at, at + batchTiles));
  const under: Promise<TileReport[]>[] = [];
  try {
    for (let at = 0; at < batches.length || under.length > 0;) {
      while (at < batches.length && under.length < 2 * threads) {
        const answer = workers[at % threads]!.ask(batches[at]!);
        // It is waited for in its turn; until then a failure is not left without a listener.
        answer.catch(() => undefined);
        under.push(answer);
        at += 1;
      }
      yield* await under.shift()!;
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
  }
}

/** A worker answers in the order in which it was asked. */
function askable(worker: Worker) {
  const waiting: { resolve: (reports: TileReport[]) => void; reject: (error: Error) => void }[] =
    [];
  worker.on('message', (reports: TileReport[]) => waiting.shift()?.resolve(reports));
  const fail = (error: Error): void => {
    for (const one of waiting.splice(0)) one.reject(error);
  };
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('a thread has ended before its work')));
  return {
    ask(asks: readonly TileAsk[]): Promise<TileReport[]> {
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        worker.postMessage(asks);
      });
    },
    end: () => worker.terminate(),
  };
}

/** A thread that checks tiles of a folder, as many at a time as it is asked for. */
import { parentPort, workerData } from 'node:worker_threads';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { checkTile, type TileAsk, type TileReport } from '#src/ledger/span.ts';
import { fileReader } from './folder-files.ts';

const readFile = fileReader((workerData as { dir: string }).dir);

async function answer(asks: readonly TileAsk[]): Promise<void> {
  const reports: TileReport[] = [];
  for (const ask of asks) reports.push(await checkTile(nodeCrypto, readFile, ask));
  parentPort?.postMessage(reports);
}

// A rejection ends the thread, and with it the whole verification.
parentPort?.on('message', (asks: readonly TileAsk[]) => void answer(asks));

/** `npm run drill:backup`: plays a loss and a restoration, and tells how long each step took. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runDrill } from './backup.ts';

const figures = await runDrill({
  folder: mkdtempSync(join(tmpdir(), 'waybill-drill-')),
  orders: 500,
  tell: (line) => process.stdout.write(`${line}\n`),
});
const held =
  figures.restored === figures.acknowledged &&
  figures.faults === 0 &&
  figures.repeated &&
  figures.refusal.includes('LEDGER_FORKED');
process.stdout.write(`${held ? 'everything held' : 'IT DID NOT HOLD'}\n`);
process.exitCode = held ? 0 : 1;

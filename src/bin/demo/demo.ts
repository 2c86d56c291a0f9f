/**
 * `waybill demo`: the gateway, an EMR and every consignee on one
 * machine, played through and checked.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { CallFailure } from './calls.ts';
import { sendOrder } from './emr.ts';
import { readOptions, usage, type DemoOptions } from './options.ts';
import { orderOf, play, type Outcome } from './play.ts';
import { createProgress, type Progress } from './progress.ts';
import { explain, invite, jsonLines, table } from './report.ts';
import { setStage, type Stage } from './stage.ts';

const trickleMs = 2_000;
/** Where no line can be rewritten, the trickle is told of after so many orders. */
const trickleTold = 10;
/** npm, the shell and a terminal may all pass on one Ctrl-C: only a later one means "at once". */
const secondSignalMs = 1_500;
const interrupted = 130;

/** Runs the demo. Exit status: 0, 1 when anything does not add up, 2 for a wrong command line. */
export async function runDemo(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if ('fault' in options) {
    const asked = options.fault === '';
    const stream = asked ? process.stdout : process.stderr;
    stream.write(asked ? usage : `${options.fault}\n\n${usage}`);
    return asked ? 0 : 2;
  }
  // A reader that has seen enough (`| head`) must not keep the demo from closing in good order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const progress = createProgress(process.stderr, Date.now);
  const end = new AbortController();
  const release = catchSignals(end);
  const closers: (() => Promise<void>)[] = [];
  let status: number;
  try {
    const stage = await setStage({ options, progress, end, closers });
    status = await perform(options, { progress, signal: end.signal }, stage);
  } catch (error) {
    const reason: unknown = end.signal.aborted ? end.signal.reason : error;
    if (reason !== stopped) progress.say(`waybill demo: ${wordsOf(reason)}`);
    status = reason === stopped ? interrupted : 1;
  }
  end.abort(stopped);
  if (closers.length > 0) progress.say('closing: what is under way ends first');
  for (const close of closers.reverse()) {
    await close().catch((error: unknown) => progress.say(`closing: ${wordsOf(error)}`));
  }
  release();
  return status;
}

const stopped = new Error('stopped');

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function perform(
  options: DemoOptions,
  deps: { progress: Progress; signal: AbortSignal },
  stage: Stage,
): Promise<number> {
  const outcome = await play({ ...deps, ...options }, stage);
  const tallies = [...stage.book.tallies.values()];
  process.stdout.write(
    options.json
      ? jsonLines(tallies, outcome.totals)
      : `\n${table(tallies)}\n\n${explain(tallies, outcome)}\n`,
  );
  for (const fault of outcome.faults) deps.progress.say(`does not add up: ${fault}`);
  if (!options.once) await stay(options, deps, stage);
  return statusOf(outcome);
}

function statusOf({ faults }: Outcome): number {
  return faults.length === 0 ? 0 : 1;
}

/** Stays up with a trickle of orders until the signal. */
async function stay(
  { orders }: DemoOptions,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
  stage: Stage,
): Promise<void> {
  progress.say(invite(stage));
  try {
    for (let position = orders; ; position += 1) {
      await trickle(position, { progress, signal }, stage);
      await pause(trickleMs, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (signal.reason !== stopped) throw signal.reason;
}

async function trickle(
  position: number,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
  stage: Stage,
): Promise<void> {
  const emr = { api: stage.emr, book: stage.book, run: stage.run, signal };
  const order = orderOf(stage, position);
  const sent = await sendOrder(emr, order).catch((error: unknown) => {
    // Whoever tries things out ends a contract, or stops a person: the play goes on.
    if (!(error instanceof CallFailure) || error.code === '') throw error;
    progress.say(`the order to ${order.consignee} was refused: ${error.code}`);
    return null;
  });
  if (sent === null) return;
  const { consignee, released, derived, withheld } = sent;
  const { ordered, arrived, results } = stage.book.counts;
  const line =
    `order ${ordered} to ${consignee}: ${released.length + derived.length} items sent, ` +
    `${withheld.length} kept back (${arrived} arrived, ${results} results collected)`;
  if (position % trickleTold === 0) progress.say(line);
  else if (process.stderr.isTTY) progress.show(line);
}

function catchSignals(end: AbortController): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let first = 0;
  const onSignal = () => {
    if (first === 0) first = Date.now();
    else if (Date.now() - first > secondSignalMs) process.exit(interrupted);
    end.abort(stopped);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

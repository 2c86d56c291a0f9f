/** The play: N orders out, their results back, the twins refused, the ledger verified. */
import { setTimeout as pause } from 'node:timers/promises';
import { close } from './book.ts';
import { inParallel } from './calls.ts';
import { collectUntil, followOnce, sendOrder } from './emr.ts';
import { verifyFromOutside } from './ledger.ts';
import type { Progress } from './progress.ts';
import { orderAt, type PlayedOrder } from './records.ts';
import type { Totals } from './report.ts';
import type { Stage } from './stage.ts';
import { tryTwins } from './twins.ts';

const ordersAtOnce = 16;
const showMs = 100;
const lookMs = 300;
const seldomMs = 3_000;
/** With nothing moving for so long, the play is given up. */
const stallMsMax = 60_000;

/** What came of it; `faults` is empty when everything adds up. */
export interface Outcome {
  totals: Totals;
  faults: string[];
  twinsRefused: number;
  seconds: number;
}

/** The order at a position: the consignees take turns. */
export function orderOf(stage: Stage, position: number): PlayedOrder {
  const { id } = stage.consignees[position % stage.consignees.length]!;
  const subject = stage.subjects.get(id) ?? 'patient';
  return orderAt({ position, consignee: id, subject, today: stage.today() });
}

/** Plays it through once. Throws when it is interrupted or the gateway is lost. */
export async function play(
  deps: { progress: Progress; signal: AbortSignal; once: boolean; orders: number },
  stage: Stage,
): Promise<Outcome> {
  const { progress, signal, orders } = deps;
  const { book } = stage;
  const began = Date.now();
  const emr = { api: stage.emr, book, run: stage.run, signal };
  stage.beside(collectUntil(emr, signal));
  progress.say(`sending ${orders} orders, each the whole record of one invented person`);
  const told = setInterval(() => progress.show(countsLine(stage, orders)), showMs);
  try {
    const positions = Array.from({ length: orders }, (_, position) => position);
    const sent = inParallel(positions, ordersAtOnce, async (position) => {
      await sendOrder(emr, orderOf(stage, position));
    });
    await Promise.all([sent, waitUntilDone(stage, deps)]);
    for (const consignee of stage.consignees) await consignee.idle();
  } finally {
    clearInterval(told);
  }
  progress.say(countsLine(stage, orders));
  progress.say('sending corrupted twins of real deliveries: each has to be refused');
  const twins = await tryTwins(stage.servers, stage.pullers);
  progress.say('verifying the ledger from outside');
  const ledger = await verifyFromOutside(
    { ...stage, home: stage.home.path, signal },
    stage.entriesBefore,
    (checked, size) => progress.show(`verified ${checked} of ${size} entries`),
  );
  close(book, deps.once);
  const faults = [...book.faults, ...twins.faults, ...ledger.faults];
  const { ordered: transfers, delivered, results } = book.counts;
  const { entries, checkpoint } = ledger;
  const verified = faults.length === 0;
  return {
    totals: { transfers, delivered, results, entries, checkpoint, verified },
    ...{ faults, twinsRefused: twins.refused, seconds: (Date.now() - began) / 1000 },
  };
}

/** Follows the transfers until all have settled and all results are collected, or nothing moves. */
async function waitUntilDone(stage: Stage, deps: { orders: number; signal: AbortSignal }) {
  const { orders, signal } = deps;
  const { book, emr: api, run } = stage;
  let [last, moved, looked] = ['', Date.now(), Date.now()];
  for (;;) {
    const { arrived, settled, delivered, results } = book.counts;
    if (settled >= orders && results >= delivered) return;
    // What has arrived is about to settle; now and then also for what will never arrive.
    const isTime = arrived > settled || Date.now() - looked > seldomMs;
    if (settled < orders && isTime) {
      await followOnce({ api, book, run, signal });
      looked = Date.now();
    }
    const now = JSON.stringify(book.counts);
    if (now !== last) [last, moved] = [now, Date.now()];
    else if (Date.now() - moved > stallMsMax) return;
    await pause(lookMs, undefined, { signal });
  }
}

function countsLine({ book }: Stage, orders: number): string {
  const { ordered, arrived, settled, results } = book.counts;
  return (
    `${ordered} of ${orders} orders accepted, ${arrived} checked and taken over by a consignee, ` +
    `${settled} settled, ${results} results collected`
  );
}

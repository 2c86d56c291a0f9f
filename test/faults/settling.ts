/** After the faults everything comes to its end, in bounded time: or the run has failed. */
import { count, fail } from './book.ts';
import { sendUnanswered } from './emr.ts';
import { came } from './pace.ts';
import { absent } from './parties.ts';
import { endLeases } from './perform.ts';
import { givesBack, snoop } from './returns.ts';
import { allReady, type System } from './system.ts';
import type { Traffic } from './traffic.ts';

/** Everybody gets so long. The pool gives a dead line up after 12 s, PostgreSQL after 30. */
const settleMsMax = 120_000;

/**
 * Waits until nothing is under way any more.
 * @param options.patiently leases are waited for in their own time, of half a minute
 */
export async function settle(
  system: System,
  traffic: Traffic,
  options: { patiently: boolean },
): Promise<void> {
  const { book, calls, today, parties } = system;
  const failing = (what: string) => fail(book, `${what} within ${settleMsMax / 1000} s`);
  if (!(await allReady(system, settleMsMax))) failing('a gateway did not start');
  const answered = await came(() => sendUnanswered(traffic.emr), settleMsMax);
  if (!answered) failing('an order had no answer');
  const hurried = async () => {
    if (!options.patiently) await endLeases(system);
    await expireAbsent(system);
    return true;
  };
  if (!(await came(hurried, settleMsMax))) failing('the database did not answer');
  if (!(await came(() => isQuiet(system), settleMsMax))) {
    failing(`not everything came to its end (${(await underWay(system)).join(', ')})`);
  }
  if (!(await came(() => isReturned(system), settleMsMax))) {
    failing('not every result was returned and collected');
  }
  await snoop({ book, calls, today, parties });
  if (!(await came(() => isRecorded(system), settleMsMax))) failing('the ledger did not advance');
}

/** What waits for somebody who never asks: its time is over now. */
async function expireAbsent({ world, book }: System): Promise<void> {
  const { rowCount } = await world.db.query(
    `UPDATE transfers SET expires_at = now() WHERE consignee = $1 AND settled_at IS NULL`,
    [absent],
  );
  count(book, 'expiries', rowCount ?? 0);
}

async function isQuiet(system: System): Promise<boolean> {
  const { rows } = await system.world.db.query(
    'SELECT FROM transfers WHERE settled_at IS NULL LIMIT 1',
  );
  return rows.length === 0;
}

/** What is still open, by consignee, state and last outcome: codes only. */
async function underWay({ world }: System): Promise<string[]> {
  const { rows } = await world.db.query<{ said: string }>(
    `SELECT concat_ws(' ', count(*), consignee, status, last_outcome, 'tries', max(attempts)) AS said
     FROM transfers WHERE settled_at IS NULL GROUP BY consignee, status, last_outcome`,
  );
  return rows.map(({ said }) => said);
}

async function isReturned({ book, world }: System): Promise<boolean> {
  // Also one that has only just arrived, whose consignee has not yet thought of its result.
  const waiting = book.arrivals.some(({ envelope: { transfer } }) => {
    return givesBack(transfer) && book.taken.has(transfer) && !book.returned.get(transfer)?.id;
  });
  if (waiting) return false;
  const { rows } = await world.db.query(`SELECT FROM results WHERE status <> 'collected' LIMIT 1`);
  return rows.length === 0;
}

async function isRecorded({ world }: System): Promise<boolean> {
  const { rows } = await world.db.query('SELECT FROM submissions LIMIT 1');
  return rows.length === 0;
}

/** A whole run: rounds of faults under load, each followed by quiet and by every check. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { count, fail } from './book.ts';
import { checkAll } from './checker.ts';
import { createLedgerReading } from './ledger-reading.ts';
import { createLogReading } from './logs.ts';
import { pause } from './pace.ts';
import { mend, missed, troubleGateway, troubleGround } from './perform.ts';
import { tailOf } from './postgres.ts';
import { isKill, planRound, type Fault, type Round } from './schedule.ts';
import { settle } from './settling.ts';
import { allReady, startSystem, type System } from './system.ts';
import { startTraffic, type Traffic } from './traffic.ts';

export interface RunOptions {
  seed: number;
  kills: number;
  processes: number;
  /** The faults stop once this time is over, whatever is left of the kills. */
  minutesMax: number;
  /** Only this round, on a system of its own. */
  round: number | null;
  /** Puts PostgreSQL on a small disk, where one can be mounted, and fills it. */
  smallDisk: boolean;
  killsPerRound: number;
  /** Leases end in their own time in the last round: half a minute longer. */
  patient: boolean;
  /** Told how to end everything at once, for whoever is interrupted. */
  onStarted?: (close: () => Promise<void>) => void;
}

export interface RunVerdict {
  seed: number;
  durationMs: number;
  faults: ReadonlyMap<string, number>;
  kills: number;
  /** Why no disk was filled; null: some was, or may have been. */
  diskSkipped: string | null;
  counts: ReadonlyMap<string, number>;
  failures: readonly string[];
  /** Where the logs lie; null: everything held, and they are gone. */
  folder: string | null;
}

const readyMsMax = 60_000;
const aftermathMs = 1_500;

/** @param tell told of each round, for people */
export async function runFaults(
  options: RunOptions,
  tell: (line: string) => void,
): Promise<RunVerdict> {
  const { seed, processes, smallDisk } = options;
  const startedMs = performance.now();
  const folder = mkdtempSync(join(tmpdir(), `waybill-faults-${seed}-`));
  const system = await startSystem({ seed, folder, processes, smallDisk });
  const { book } = system;
  options.onStarted?.(() => system.close());
  const faults = new Map<string, number>();
  const failures: string[] = [];
  const { disk } = system.postgres;
  try {
    const traffic = startTraffic(system, seed);
    const ledger = createLedgerReading(system.auditor);
    const play = { options, system, traffic, faults, folder };
    const readLogs = createLogReading(book, folder);
    const rounds = roundsOf(options);
    const deadlineMs = startedMs + options.minutesMax * 60_000;
    for (const [at, { round, kills }] of rounds.entries()) {
      const isLast = at === rounds.length - 1 || performance.now() > deadlineMs;
      await playRound(play, round, kills);
      await settle(system, traffic, { patiently: isLast && options.patient });
      await checkAll(system, ledger, { whole: isLast || at % 5 === 0 }).catch((error: unknown) => {
        book.failures.push(`the check itself failed: ${String(error)}`);
      });
      readLogs(system.slots.map(({ name }) => name));
      for (const problem of book.failures.splice(0)) failures.push(`round ${round}: ${problem}`);
      const orders = book.sent.size;
      tell(
        `round ${round}: ${orders} orders, ${ledger.size()} entries, ${failures.length} failures`,
      );
      if (isLast || failures.length > 0) break;
    }
    await traffic.close();
    await measure(system, ledger.size());
    for (const problem of book.failures.splice(0)) failures.push(`at the end: ${problem}`);
  } finally {
    writeFileSync(join(folder, 'postgres.log'), await tailOf(system.postgres.logPath));
    await system.close();
  }
  writeFileSync(join(folder, 'failures.txt'), failures.join('\n'));
  if (failures.length === 0) rmSync(folder, { recursive: true, force: true });
  return {
    ...{ seed, faults, failures, counts: book.counts },
    kills: [...faults].reduce((sum, [kind, times]) => sum + (isKillKind(kind) ? times : 0), 0),
    durationMs: performance.now() - startedMs,
    diskSkipped: disk.isSmall ? null : disk.why,
    folder: failures.length === 0 ? null : folder,
  };
}

const isKillKind = (kind: string) => isKill({ kind } as Fault);

function roundsOf({ kills, killsPerRound, round }: RunOptions) {
  const rounds = Math.max(1, Math.ceil(kills / killsPerRound));
  const all = Array.from({ length: rounds }, (_, at) => ({
    round: at,
    kills: Math.min(killsPerRound, kills - at * killsPerRound),
  }));
  return round === null ? all : all.slice(round, round + 1);
}

interface Play {
  options: RunOptions;
  system: System;
  traffic: Traffic;
  faults: Map<string, number>;
  folder: string;
}

/** Orders flow while the faults of one round happen. */
async function playRound(play: Play, round: number, kills: number): Promise<void> {
  const { options, system, traffic } = play;
  const { slots, postgres, calm } = system;
  const withDisk = postgres.disk.isSmall;
  const plan = planRound({ seed: options.seed, round, kills, slots: slots.length, withDisk });
  calm.is = false;
  traffic.startOrders();
  await trouble(play, plan);
  await mend(system);
  // Orders still flow when all are back, and their consignees are still moody.
  await allReady(system, readyMsMax);
  await pause(aftermathMs);
  await traffic.stopOrders();
  calm.is = true;
}

async function trouble({ system, faults, folder }: Play, plan: Round): Promise<void> {
  const note = async (where: string, fault: Fault, deed: () => Promise<string>) => {
    const begunAt = new Date().toISOString();
    const outcome = await deed().catch((error: unknown) => String(error));
    if (outcome !== missed) faults.set(fault.kind, (faults.get(fault.kind) ?? 0) + 1);
    const line = JSON.stringify({
      begunAt,
      endedAt: new Date().toISOString(),
      where,
      fault,
      outcome,
    });
    appendFileSync(join(folder, 'journal.ndjson'), `${line}\n`);
  };
  const lanes = plan.gateways.map(async (list, at) => {
    const slot = system.slots[at];
    if (!slot) return;
    for (const fault of list)
      await note(slot.name, fault, () => troubleGateway(system, slot, fault));
  });
  const ground = async () => {
    for (const { restMs, fault } of plan.ground) {
      await pause(restMs);
      await note('ground', fault, () => troubleGround(system, fault));
    }
  };
  await Promise.all([...lanes, ground()]);
}

/** The figures of the verdict. */
async function measure({ book, world }: System, entries: number): Promise<void> {
  const { rows } = await world.db.query<{ status: string; count: number }>(
    'SELECT status, count(*) AS count FROM transfers GROUP BY status',
  );
  for (const { status, count: times } of rows) count(book, `ended ${status}`, times);
  // A verdict over nothing is none.
  if (book.arrivals.length === 0) fail(book, 'nothing ever arrived anywhere');
  const requests = [...book.sent.values()].reduce((sum, one) => sum + one.requests, 0);
  const ids = new Set(book.arrivals.map(({ envelope }) => envelope.transfer));
  count(book, 'orders', book.sent.size);
  count(book, 'requests of orders', requests);
  count(book, 'accepted', [...book.sent.values()].filter(({ promised }) => promised).length);
  count(book, 'arrivals', book.arrivals.length);
  count(book, 'duplicates on the wire', book.arrivals.length - ids.size);
  count(book, 'results returned', [...book.returned.values()].filter(({ id }) => id).length);
  count(book, 'results collected', book.collected.size);
  count(book, 'checkpoints seen', book.checkpoints.size);
  count(book, 'entries', entries);
}

/** `npm run faults`: real processes, real faults from a seed, and a verdict. */
import { parseArgs } from 'node:util';
import { runFaults, type RunOptions, type RunVerdict } from './run.ts';

const usage = `usage: npm run faults -- [--seed N] [--kills 300] [--processes 2] [--minutes M]
                      [--round R]  only this round of the seed, on a system of its own
`;

const killsPerRound = 20;

function readOptions(args: readonly string[]): RunOptions | null {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      args: [...args],
      options: { seed: text, kills: text, processes: text, minutes: text, round: text },
    });
    const whole = (name: keyof typeof values, fallback: number, least: number) => {
      const value = Number(values[name] ?? fallback);
      if (!Number.isSafeInteger(value) || value < least) throw new Error(name);
      return value;
    };
    const rounds = Math.ceil(whole('kills', 300, 1) / killsPerRound);
    if (Number(values.round ?? 0) >= rounds) throw new Error('there is no such round');
    return {
      seed: whole('seed', Date.now() % 1_000_000, 0),
      kills: whole('kills', 300, 1),
      processes: whole('processes', 2, 1),
      minutesMax: whole('minutes', 60, 1),
      round: values.round === undefined ? null : whole('round', 0, 0),
      ...{ smallDisk: true, killsPerRound, patient: true },
    };
  } catch {
    return null;
  }
}

function report(verdict: RunVerdict, asked: number): string {
  const { seed, kills, faults, counts, failures, folder, diskSkipped, durationMs } = verdict;
  const table = (of: ReadonlyMap<string, number>) =>
    [...of].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, times]) => `  ${times} ${what}`);
  const disk = diskSkipped === null ? [] : [`  disk full: skipped, no small disk (${diskSkipped})`];
  const replays = (problem: string) => {
    const round = /^round (\d+):/.exec(problem)?.[1];
    const again = `npm run faults -- --seed ${seed} --kills ${asked} --round ${round}`;
    return round === undefined ? '' : `\n    ${again}`;
  };
  return [
    `seed ${seed}, ${kills} kills, ${Math.round(durationMs / 1000)} s`,
    'faults:',
    ...table(faults),
    ...disk,
    'seen:',
    ...table(counts),
    ...failures.map((problem) => `FAILED ${problem}${replays(problem)}`),
    ...(folder === null ? [] : [`logs: ${folder}`]),
    failures.length === 0 ? 'verdict: everything held' : `verdict: ${failures.length} FAILURES`,
    '',
  ].join('\n');
}

const options = readOptions(process.argv.slice(2));
if (!options) {
  process.stderr.write(usage);
  process.exit(2);
}
process.stderr.write(`seed ${options.seed}\n`);
const onStarted = (close: () => Promise<void>) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void close().finally(() => process.exit(130)));
  }
};
const tell = (line: string) => process.stderr.write(`${line}\n`);
const verdict = await runFaults({ ...options, onStarted }, tell);
process.stdout.write(report(verdict, options.kills));
process.exit(verdict.failures.length === 0 ? 0 : 1);

/** The tables of docs/scale.md, made of the last results by the model: nobody types a number. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { rootDir } from '#src/bin/settings.ts';
import type { Figures } from './measure.ts';
import { readResults, type Result } from './results.ts';
import { assumptions, limitsOf, peakOf, simulate, stepsOf, type Units } from './scale-model.ts';

const path = join(rootDir, 'docs/scale.md');
const marks = ['<!-- scale:begin -->', '<!-- scale:end -->'] as const;

/** The page as it should be by the last results. */
async function expectedPage(): Promise<string> {
  const text = readFileSync(path, 'utf8');
  const [from, to] = marks.map((mark) => text.indexOf(mark));
  if (from === undefined || to === undefined || from < 0 || to < from) {
    throw new Error(`docs/scale.md has no ${marks.join(' … ')}`);
  }
  const options = { ...(await resolveConfig(path)), filepath: path };
  const block = await format(blockOf(), options);
  return `${text.slice(0, from + marks[0].length)}\n\n${block}\n${text.slice(to)}`;
}

export async function writeScalePage(): Promise<void> {
  writeFileSync(path, await expectedPage());
}

/** @returns true where docs/scale.md says what the last results say */
export async function scalePageAgrees(): Promise<boolean> {
  return (await expectedPage()) === readFileSync(path, 'utf8');
}

function blockOf(): string {
  const { scale, ledger } = readResults();
  if (!scale || !ledger) return 'Nothing was measured yet.\n';
  const units = unitsOf(scale.figures, ledger.figures);
  return [
    '### What one transfer costs, measured\n',
    measured(scale, ledger),
    '### What is assumed\n',
    assumed(),
    '### What ends first on one primary\n',
    limits(units),
    '### From one clinic to a country\n',
    steps(units),
    ledgers(units, scale.figures),
  ].join('\n');
}

function middleOf(figures: Figures, name: string): number {
  const value = figures[name];
  if (value === undefined) throw new Error(`bench/results has no "${name}": measure it again`);
  return typeof value === 'object' ? value.median : Number(value);
}

function unitsOf(scale: Figures, ledger: Figures): Units {
  const of = (name: string) => middleOf(scale, name);
  return {
    entries: of('entries per transfer'),
    logBytes: of('log, bytes per transfer'),
    flushes: of('log flushes per transfer'),
    postgresCpuSeconds: of('PostgreSQL CPU s per 1,000') / 1_000,
    gatewayPerSecond: of('delivered and settled/s'),
    sequencedPerSecond: middleOf(ledger, 'sequenced, entries/s'),
    commitsPerSecond: of('commits/s, 1 connection, standby, too'),
    sharedCommitsPerSecond: of('commits/s, 32 connections, standby, too'),
    payloadBytes: of('on disk, sealed payload, bytes per transfer'),
    replyBytes: of('on disk, reply kept for a repetition, bytes per transfer'),
    keptBytes: of('the same, packed, bytes per transfer'),
  };
}

function measured(scale: Result, ledger: Result): string {
  const sequenced = ledger.figures['sequenced, entries/s'] ?? '–';
  const rows = [
    ...Object.entries(scale.figures),
    ['ledger: sequenced, entries/s (`--only ledger`)', sequenced] as const,
  ].map(([what, value]) => [what, spreadOf(value)]);
  const { processor, cores, system, postgres } = scale.machine;
  return [
    table(['unit', 'measured'], rows),
    `\`npm run bench -- --only scale${scale.quick ? ' --quick' : ''}\`: median (least … most) of`,
    `one run on ${processor}, ${cores} cores shared by gateway, PostgreSQL and load, ${system},`,
    `PostgreSQL ${postgres}, on ${scale.at.slice(0, 10)}, at a load of ${told(scale.loadBefore)}`,
    'by other things.\n',
  ].join('\n');
}

function assumed(): string {
  const a = assumptions;
  const percent = (part: number) => `${told(part * 100)} %`;
  return table(
    ['assumption', 'value'],
    [
      ['transfers of one clinic on a working day', told(a.transfersPerDay)],
      [
        'crossings per transfer (a result comes back, and costs as much)',
        told(a.crossingsPerTransfer),
      ],
      ['working days a year', told(a.daysPerYear)],
      ['of a day’s transfers, those of its busiest hour', percent(a.busiestHourShare)],
      ['the busiest minute of that hour ÷ its mean', told(a.busiestMinute)],
      ['of any limit, as much is used', percent(a.usedShare)],
      ['cores of the primary', told(a.primaryCores)],
      ['from primary to standby, MB/s', told(a.streamBytesPerSecond / 1e6)],
      ['volume of the primary, TB', told(a.volumeBytes / 1e12)],
      ['pages of a month that passes ÷ packed ones', told(a.roomForReplaced)],
      ['years that rows stay before their month is archived', told(a.yearsKept)],
      ['clinics and hospitals of a country (HIRA, 2022: 34,958 and 3,363)', whole(a.nation)],
    ],
  );
}

function limits(units: Units): string {
  const rows = limitsOf(units).map(({ what, formula, perSecond, clinics }) => [
    ...[what, formula, perSecond === null ? '–' : told(perSecond), whole(clinics)],
  ]);
  return [
    `One clinic crosses ${told(peakOf(1))} times a second in its busiest minute`,
    '(transfers × crossings × share of the hour ÷ 3,600 × burst). Clinics = limit × share used ÷ that.\n',
    table(['limit', 'made of', 'crossings/s', 'clinics'], rows),
  ].join('\n');
}

function steps(units: Units): string {
  const rows = stepsOf(units).map((step) => [
    ...[whole(step.clinics), told(step.perYear / 1e6), told(step.peakPerSecond)],
    ...[whole(step.gateways), whole(step.primaries), told(step.logBytesPerDay / 1e9)],
    told(step.storedBytes / 1e12),
    step.wait.fallsBehind
      ? `falls behind: ${whole(step.wait.left)} wait after a minute`
      : `${told(step.wait.p50Ms)} / ${told(step.wait.p99Ms)}`,
  ]);
  const head = ['clinics', 'crossings a year, millions', 'at the peak, /s', 'gateway processes'];
  return table(
    [...head, 'primaries', 'log, GB a day', 'kept, TB', 'one ledger for all: wait, p50 / p99 ms'],
    rows,
  );
}

function ledgers(units: Units, figures: Figures): string {
  const alone = simulate(units, 1);
  const { commitsPerSecond, sharedCommitsPerSecond } = units;
  const idle = middleOf(figures, 'idle gateway: log flushes/s');
  const houses = Math.floor((sharedCommitsPerSecond * assumptions.usedShare) / (2 * idle));
  return [
    'The wait is simulated (`bench/scale-model.ts`): from submission to a signed checkpoint in the',
    'busiest minute, arrivals by chance, rounds as the sequencer makes them. A clinic alone on a',
    `ledger of its own waits ${told(alone.p50Ms)} / ${told(alone.p99Ms)} ms. Many connections share`,
    `a flush: ${told(sharedCommitsPerSecond / commitsPerSecond)} times as many commits a second as`,
    'one of them alone, with the standby waited for. Where each clinic has a database and two gateways',
    `of its own on one server, what these do while idle (${told(idle)} flushes a second each) leaves`,
    `room for ${whole(houses)} of them (commits shared × share used ÷ 2 gateways ÷ idle flushes).\n`,
  ].join('\n');
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('');
}

function spreadOf(value: Figures[string]): string {
  if (typeof value !== 'object') return typeof value === 'number' ? told(value) : value;
  return `${told(value.median)} (${told(value.min)} … ${told(value.max)})`;
}

const told = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
const whole = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 0 });

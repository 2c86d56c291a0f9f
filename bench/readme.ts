/** README's tables of figures, made from the last results: nobody types a number. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { rootDir } from '#src/bin/settings.ts';
import { goals, type Goal } from './goals.ts';
import type { Figures } from './measure.ts';
import { readResults, type Result, type Results } from './results.ts';
import { stages } from './stages.ts';

const path = join(rootDir, 'README.md');
const marks = ['<!-- bench:begin -->', '<!-- bench:end -->'] as const;

/** README as it should be by the last results. */
export async function expectedReadme(): Promise<string> {
  const text = readFileSync(path, 'utf8');
  const [from, to] = marks.map((mark) => text.indexOf(mark));
  if (from === undefined || to === undefined || from < 0 || to < from) {
    throw new Error(`README.md has no ${marks.join(' … ')}`);
  }
  const options = { ...(await resolveConfig(path)), filepath: path };
  const block = await format(blockOf(readResults()), options);
  return `${text.slice(0, from + marks[0].length)}\n\n${block}\n${text.slice(to)}`;
}

export async function writeReadme(): Promise<void> {
  writeFileSync(path, await expectedReadme());
}

/** @returns true where README says what the last results say */
export async function readmeAgrees(): Promise<boolean> {
  return (await expectedReadme()) === readFileSync(path, 'utf8');
}

function blockOf(results: Results): string {
  const met = goals.flatMap((goal) => {
    const result = results[goal.benchmark];
    const value = result?.figures[goal.figure];
    return result === undefined || value === undefined ? [] : [goalRow(goal, result, value)];
  });
  return [
    table(['what', 'measured', 'goal', '', 'by'], met),
    sideBySide(results['accept']),
    whereTimeGoes(results['profile']),
    growthOf(results['growth']),
    provenance(results),
  ].join('\n');
}

function goalRow(goal: Goal, result: Result, value: Figures[string]): string[] {
  const { what, atLeast = -Infinity, atMost = Infinity, benchmark } = goal;
  const middle = typeof value === 'object' ? value.median : Number(value);
  const limit = goal.atLeast === undefined ? `≤ ${told(atMost)}` : `≥ ${told(atLeast)}`;
  const isMet = middle >= atLeast && middle <= atMost;
  const by = `\`--only ${benchmark}${result.quick ? ' --quick' : ''}\``;
  return [what, spreadOf(value), limit, isMet ? 'reached' : '**missed**', by];
}

const columns = ['gateway', 'baseline', 'ceiling'] as const;
const rows: readonly (readonly [string, string])[] = [
  ['accepted a second', 'accepted/s'],
  ['p50, ms', 'p50 ms'],
  ['p99, ms', 'p99 ms'],
  ['its CPU seconds per 1,000', 'its CPU s per 1,000'],
  ['CPU seconds of PostgreSQL per 1,000', 'PostgreSQL CPU s per 1,000'],
  ['resident, MB', 'resident MB'],
];

/** Accepting: the gateway, the baseline and the web framework alone. */
function sideBySide(result: Result | undefined): string {
  if (!result) return '';
  const { figures } = result;
  const head = ['accepting one order at a time', 'the gateway', 'the baseline', 'Express alone'];
  return table(
    head,
    rows.map(([what, figure]) => [
      what,
      ...columns.map((column) => spreadOf(figures[`${column}, ${figure}`] ?? '–')),
    ]),
  );
}

/** What the gateway’s main thread does while it accepts, under the sampling of V8, and why. */
function whereTimeGoes(result: Result | undefined): string {
  if (!result) return '';
  const whyOf = new Map(stages.map(({ name, why }) => [name, why]));
  const times = Object.entries(result.figures);
  return table(
    ['where the time of one order goes (main thread)', 'µs', 'why it is there'],
    times.map(([stage, us]) => [stage, spreadOf(us), whyOf.get(stage) ?? '']),
  );
}

/** The cost of the same work with more and more stored. */
function growthOf(result: Result | undefined): string {
  if (!result) return '';
  const { figures } = result;
  const [[sizes, stored] = ['', '']] = Object.entries(figures);
  const costs = Object.keys(figures).filter((name) => /, m?s /.test(name));
  return table(
    [`cost of one more by ${sizes}`, spreadOf(stored), 'most ÷ fewest'],
    costs.map((name) => {
      const ratio = figures[`${name.split(',')[0]}, most / fewest stored`] ?? '–';
      return [name, spreadOf(figures[name] ?? '–'), spreadOf(ratio)];
    }),
  );
}

function provenance(results: Results): string {
  const all = Object.values(results);
  const [first] = all;
  if (!first) return 'Nothing was measured yet.\n';
  const { processor, cores, memoryGb, system, node, postgres } = first.machine;
  const days = all.map(({ at }) => at.slice(0, 10)).sort();
  const when = [...new Set([days[0], days.at(-1)])].join(' to ');
  const loads = all.map(({ loadBefore }) => loadBefore);
  const busy = [...new Set([Math.min(...loads), Math.max(...loads)])].map(told).join(' to ');
  return [
    `Median (least … most) of the rounds of one run. ${processor}, ${cores} cores, ${memoryGb} GB,`,
    `${system}, Node.js ${node}, PostgreSQL ${postgres}, on ${when}; what else ran on the machine`,
    `when the runs began: a load of ${busy}.\n`,
  ].join(' ');
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return [line(head), line(head.map(() => '---')), ...body.map(line), '\n'].join('');
}

function spreadOf(value: Figures[string]): string {
  if (typeof value !== 'object') return typeof value === 'number' ? told(value) : value;
  return `${told(value.median)} (${told(value.min)} … ${told(value.max)})`;
}

const told = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 3 });

/**
 * Runs the benchmarks: every figure that README or a comment gives comes from here.
 *
 *     npm run bench -- [--only NAME] [--quick] [--json]
 *     npm run bench -- --only accept --against DIR    beside another working copy
 *     npm run bench -- --profile [--quick]    where the time of accepting goes
 *     npm run bench -- --readme              README's and docs/scale.md's tables from the last
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { accept } from './accept.ts';
import { bulk } from './bulk.ts';
import { endToEnd } from './end-to-end.ts';
import { growth } from './growth.ts';
import { flood } from './flood.ts';
import { ledger } from './ledger.ts';
import { describeMachine, load } from './machine.ts';
import type { Benchmark, Figures } from './measure.ts';
import { neighbours } from './neighbours.ts';
import { profileAccept, tellProfile } from './profile.ts';
import { writeReadme } from './readme.ts';
import { pull } from './pull.ts';
import { keepResult } from './results.ts';
import { writeScalePage } from './scale-page.ts';
import { scale } from './scale.ts';
import { search } from './search.ts';
import { start } from './start.ts';
import { textGuard } from './text-guard.ts';
import { verify } from './verify.ts';

const benchmarks: readonly Benchmark[] = [
  ...[accept, bulk, endToEnd, pull, ledger, start],
  ...[neighbours, flood, textGuard, verify, growth, search, scale],
];

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    against: { type: 'string' },
    profile: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
  },
});
const say = (line: string) => void process.stderr.write(`${line}\n`);
const tell = (text: string) => void process.stdout.write(text);

if (options.readme) {
  await writeReadme();
  await writeScalePage();
} else if (options.profile) await profile(options);
else await measure(options);

interface Wish {
  only?: string | undefined;
  quick: boolean;
  json: boolean;
  against?: string | undefined;
}

async function measure({ only, quick, json, against }: Wish) {
  const chosen = benchmarks.filter(({ name }) => only === undefined || name === only);
  if (chosen.length === 0) {
    say(`there is no such benchmark; there are: ${benchmarks.map(({ name }) => name).join(', ')}`);
    process.exitCode = 2;
  }
  for (const { name, run } of chosen) {
    const about = { at: new Date().toISOString(), quick, machine: describeMachine() };
    const result = { ...about, loadBefore: load(), figures: await run({ quick, say, against }) };
    // what was compared with some other copy says nothing to whoever has not got it
    if (against === undefined) await keepResult(name, result);
    tell(json ? `${JSON.stringify({ benchmark: name, ...result })}\n` : table(name, result));
  }
}

async function profile({ quick, json }: { quick: boolean; json: boolean }) {
  const file = join(tmpdir(), 'waybill-accept.cpuprofile');
  const about = { at: new Date().toISOString(), quick, machine: describeMachine() };
  const loadBefore = load();
  const report = await profileAccept({ quick, file });
  await keepResult('profile', { ...about, loadBefore, figures: report.stages });
  say(`the whole profile, for a viewer: ${file}`);
  tell(json ? `${JSON.stringify(report)}\n` : tellProfile(report));
}

function table(name: string, { figures, loadBefore }: { figures: Figures; loadBefore: number }) {
  const width = Math.max(...Object.keys(figures).map(({ length }) => length));
  const lines = Object.entries(figures).map(
    ([what, value]) => `  ${what.padEnd(width)}  ${told(value)}\n`,
  );
  return `${name} (load before: ${loadBefore})\n${lines.join('')}`;
}

function told(value: Figures[string]): string {
  if (typeof value !== 'object') return String(value);
  const { median, min, max, rounds } = value;
  return `${median} (${min} … ${max} in ${rounds} rounds)`;
}

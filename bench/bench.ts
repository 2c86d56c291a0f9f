/**
 * Runs the benchmarks: every figure that README or a comment gives comes from here.
 *
 *     npm run bench -- [--only NAME] [--quick] [--json]
 */
import { parseArgs } from 'node:util';
import type { Benchmark, Figures } from './measure.ts';
import { bulk } from './bulk.ts';
import { neighbours } from './neighbours.ts';
import { search } from './search.ts';
import { textGuard } from './text-guard.ts';
import { verify } from './verify.ts';

const benchmarks: readonly Benchmark[] = [textGuard, neighbours, bulk, search, verify];

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const chosen = benchmarks.filter(({ name }) => options.only === undefined || name === options.only);
if (chosen.length === 0) {
  const names = benchmarks.map(({ name }) => name).join(', ');
  process.stderr.write(`there is no such benchmark; there are: ${names}\n`);
  process.exitCode = 2;
}
for (const { name, run } of chosen) {
  const figures = await run({
    quick: options.quick,
    say: (line) => void process.stderr.write(`${line}\n`),
  });
  process.stdout.write(
    options.json ? `${JSON.stringify({ benchmark: name, figures })}\n` : table(name, figures),
  );
}

function table(name: string, figures: Figures): string {
  const width = Math.max(...Object.keys(figures).map(({ length }) => length));
  const lines = Object.entries(figures).map(
    ([what, value]) => `  ${what.padEnd(width)}  ${value}\n`,
  );
  return `${name}\n${lines.join('')}`;
}

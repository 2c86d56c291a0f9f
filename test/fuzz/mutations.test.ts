/** The fuzzer is worth what it notices: each check of the minimiser, taken out, makes it fail. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { MutantFuzzed, MutantToFuzz } from '#test/fuzz/mutants.ts';
import { MUTATIONS, type Mutation } from '#test/fuzz/mutations.ts';

const root = join(import.meta.dirname, '../..');
const folders = ['src/base', 'src/minimise', 'src/agreements', 'contracts/dictionary', 'test/fuzz'];
/** Contracts of every kind: a run of all seventeen would take twice as long to start. */
const consignees = ['mediage', 'samkwang', 'bml', 'tnc-pathology', 'lctech', 's1', 'infonet'];
const copies = mkdtempSync(join(tmpdir(), 'waybill-mutations-'));
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill();
  rmSync(copies, { recursive: true, force: true });
});

/** A copy of what decides and of what tests it, with a mutation. */
function copyWith({ edits }: Pick<Mutation, 'edits'>): string {
  const copy = mkdtempSync(join(copies, 'copy-'));
  const agreed = consignees.flatMap((one) => [`contracts/${one}`, `consignees/${one}.yaml`]);
  const schemas = ['contracts', 'consignees'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.schema.json'))
      .map((name) => `${folder}/${name}`),
  );
  const filter = (path: string) => !basename(path).endsWith('.test.ts');
  for (const path of [...folders, ...agreed, ...schemas]) {
    cpSync(join(root, path), join(copy, path), { recursive: true, filter });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    imports: unknown;
  };
  writeFileSync(join(copy, 'package.json'), JSON.stringify({ type: 'module', imports }));
  for (const { file, text, by } of edits) {
    const path = join(copy, file);
    const parts = readFileSync(path, 'utf8').split(text);
    if (parts.length !== 2) throw new Error(`${file}: not there exactly once: ${text}`);
    writeFileSync(path, parts.join(by));
  }
  return copy;
}

/** One process, which takes one mutant after the other. */
let runner: { child: ChildProcess; gone: Promise<never> } | undefined;
let free: Promise<unknown> = Promise.resolve();

function newRunner() {
  const child = fork(join(root, 'test/fuzz/mutants.ts'));
  children.add(child);
  const gone = once(child, 'exit').then(() => Promise.reject(new Error('a run has crashed')));
  return { child, gone };
}

function fuzz({ edits, noticed }: Mutation): Promise<readonly string[]> {
  const run = free.then(async () => {
    const { child, gone } = (runner ??= newRunner());
    const input: MutantToFuzz = { edits, consignees, seed: 3, records: 300, noticed };
    child.send(input);
    const [fuzzed] = (await Promise.race([once(child, 'message'), gone])) as [MutantFuzzed];
    if ('failed' in fuzzed) throw new Error(fuzzed.failed);
    return fuzzed.kinds;
  });
  // the next one is not to wait for a process that is gone
  free = run.catch(() => (runner = undefined));
  return run;
}

async function fuzzByCommand(edits: Mutation['edits']) {
  const copy = copyWith({ edits });
  const command = [join(copy, 'test/fuzz/minimise.ts'), '--state', join(copy, 'state.json')];
  const child = spawn(
    process.execPath,
    [...command, '--records', '60', '--workers', '1', '--seed', '3', '--first'],
    // nobody runs this copy again
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_COMPILE_CACHE: '' } },
  );
  let told = '';
  child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, told };
}

describe.concurrent('a fuzz run', { timeout: 60_000 }, () => {
  test('of the minimiser as it is finds nothing', async () => {
    const { status, told } = await fuzzByCommand([]);
    expect(told).toMatch(/0 uncontracted values, 0 findings; [\d.]+ s\n$/);
    expect(status).toBe(0);
  });

  test('that finds something says where, and fails', async () => {
    const [{ edits, noticed } = { edits: [], noticed: '' }] = MUTATIONS;
    const { status, told } = await fuzzByCommand(edits);
    const found = told.matchAll(/^found ([A-Z_]+) at .*; .+, seed 3, record \d+; npm run/gm);
    expect(
      [...found].map(([, kind]) => kind),
      told,
    ).toContain(noticed);
    expect(status).toBe(1);
  });

  test.each(MUTATIONS)('of one without $without notices', async (mutation) => {
    expect(await fuzz(mutation)).toContain(mutation.noticed);
  });
});

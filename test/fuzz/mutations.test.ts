/** The fuzzer is worth what it notices: each check of the minimiser, taken out, makes it fail. */
import { spawn } from 'node:child_process';
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
import { MUTATIONS, type Mutation } from '#test/fuzz/mutations.ts';

const root = join(import.meta.dirname, '../..');
const folders = ['src/base', 'src/minimise', 'src/agreements', 'contracts/dictionary', 'test/fuzz'];
/** Contracts of every kind: a run of all seventeen would take twice as long to start. */
const consignees = ['mediage', 'samkwang', 'bml', 'tnc-pathology', 'lctech', 's1', 'infonet'];
const copies = mkdtempSync(join(tmpdir(), 'waybill-mutations-'));
afterAll(() => rmSync(copies, { recursive: true, force: true }));

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

/** Two at a time, whatever vitest starts: each run keeps a thread busy. */
const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
let started = 0;

function fuzz(mutation: Pick<Mutation, 'edits'>): Promise<{ status: number | null; told: string }> {
  const lane = started++ % lanes.length;
  const run = lanes[lane]!.then(() => fuzzCopy(copyWith(mutation)));
  lanes[lane] = run.catch(() => undefined);
  return run;
}

async function fuzzCopy(copy: string): Promise<{ status: number | null; told: string }> {
  const command = [join(copy, 'test/fuzz/minimise.ts'), '--state', join(copy, 'state.json')];
  const child = spawn(
    process.execPath,
    [...command, '--records', '300', '--workers', '1', '--seed', '3', '--first'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let told = '';
  child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, told };
}

describe.concurrent('a fuzz run', { timeout: 60_000 }, () => {
  test('of the minimiser as it is finds nothing', async () => {
    const { status, told } = await fuzz({ edits: [] });
    expect(told).toMatch(/0 uncontracted values, 0 findings; [\d.]+ s\n$/);
    expect(status).toBe(0);
  });

  test.each(MUTATIONS)('of one without $without fails', async (mutation) => {
    const { status, told } = await fuzz(mutation);
    const found = told.matchAll(/^found ([A-Z_]+) at .*; .+, seed 3, record \d+; npm run/gm);
    expect(
      [...found].map(([, kind]) => kind),
      told,
    ).toContain(mutation.noticed);
    expect(status).toBe(1);
  });
});

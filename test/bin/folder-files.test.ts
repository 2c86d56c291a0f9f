/** Files of a kept copy: whole or not there, whatever became of whoever wrote before. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type * as FolderFiles from '#src/bin/folder-files.ts';
import { rootDir } from '#src/bin/settings.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As a process has it that has just begun. */
async function begin(): Promise<typeof FolderFiles> {
  const { href } = pathToFileURL(join(rootDir, 'src/bin/folder-files.ts'));
  return (await import(`${href}?anew`)) as typeof FolderFiles;
}

test('what a killed process of the same number left half written is in the way of none', async () => {
  writeFileSync(join(folder, `.unfinished-${process.pid}-1`), 'half');
  const { writeDurably } = await begin();
  writeDurably(join(folder, 'checkpoint'), 'whole');
  expect(readFileSync(join(folder, 'checkpoint'), 'utf8')).toBe('whole');
});

test('what cannot be written leaves nothing behind', async () => {
  mkdirSync(join(folder, 'checkpoint'));
  const { writeWhole } = await begin();
  expect(() => writeWhole(join(folder, 'checkpoint'), 'whole')).toThrow();
  expect(readdirSync(folder)).toEqual(['checkpoint']);
});

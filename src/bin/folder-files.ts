/**
 * The files of a kept copy, and what is remembered of one: a file is there whole or not at all, and
 * nobody else may read it.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ReadFile } from '#src/ledger/span.ts';

/** Leaves and details say who received whose data, and when: access records, in law. */
const fileMode = 0o600;
const folderMode = 0o700;

/** Beginning of the names of files that were never finished. */
export const unfinished = '.unfinished-';

/** Reads files below a folder. */
export function fileReader(dir: string): ReadFile {
  return (path) => {
    try {
      return readFileSync(join(dir, path));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw error;
    }
  };
}

/** The ledger's keys that stand in a copy, one a line. */
export async function keysIn(readFile: ReadFile): Promise<string[]> {
  const text = Buffer.from((await readFile('key')) ?? '').toString('utf8');
  return text.split('\n').filter((line) => line !== '');
}

/** Makes a folder, and those above it, for its owner alone. */
export function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: folderMode });
}

/**
 * Writes a file so that a crash leaves the old one or the new one: it is durable under another name
 * before it takes its own.
 */
export function writeWhole(path: string, bytes: Uint8Array | string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) makeFolder(folder);
  // Not by the process's number: in a container each process may have the same.
  const rest = join(folder, `${unfinished}${randomUUID()}`);
  try {
    writeFileSync(rest, bytes, { flag: 'wx', mode: fileMode, flush: true });
    renameSync(rest, path);
  } catch (error) {
    rmSync(rest, { force: true });
    throw error;
  }
}

/** The same, and its name is durable, too, when it returns. */
export function writeDurably(path: string, bytes: Uint8Array | string): void {
  writeWhole(path, bytes);
  keepNames(dirname(path));
}

/** Makes the names in a folder durable: what was renamed into it stays there after a crash. */
export function keepNames(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

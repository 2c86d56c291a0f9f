/**
 * The newest checkpoint as a file outside the database, durable before anything that it covers may
 * leave: a database that was put back, or exchanged, cannot take it along.
 *
 * A file for each checkpoint, named by its ledger, size and root, and never written over: several
 * processes may share a folder, and whichever of them dies at whatever moment, the largest of the
 * files is the newest that any of them kept.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '#src/base/sync-folder.ts';
import type { Checkpointed } from './noted-tree.ts';

export interface KeptFile {
  /** Of the file. */
  name: string;
  /** Which ledger: the beginning of the hash of its first leaf, in hex. */
  ledger: string;
  note: string;
}

export interface NotedFiles {
  readonly folder: string;
  /** Every checkpoint that is kept, in no order. What is named like one is taken for one. */
  read(): Promise<KeptFile[]>;
  /** Durable when it returns. The one that this process kept before is removed after that. */
  keep(ledger: string, checkpoint: Checkpointed): Promise<void>;
  /** Removes what was kept of this ledger below this size, by whomever, and what is half. */
  prune(ledger: string, size: number): Promise<void>;
}

const unfinishedPrefix = '.unfinished-';
const unfinishedMsMax = 60_000;
const fileForm = /^([0-9a-f]{16})\.(\d{16})\.[0-9a-f]{16}$/;

/** Where a process keeps its checkpoints; `strict` as `openNoted` has it. */
export interface NotedPlace {
  folder: string;
  strict: boolean;
}

/** Opens the folder, made where it is missing. Throws what the system throws. */
export async function openNotedFiles(folder: string): Promise<NotedFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await syncFolder(dirname(folder));
  // Not by the process's number: processes of two containers may have the same.
  const unfinished = join(folder, `${unfinishedPrefix}${randomUUID()}`);
  let last: string | null = null;
  return {
    folder,
    async read() {
      const names = (await readdir(folder)).filter((name) => fileForm.test(name));
      const found = await Promise.all(names.map((name) => readKept(join(folder, name))));
      return found.filter((one) => one !== null);
    },
    async keep(ledger, { size, root, note }) {
      const sizeText = String(size).padStart(16, '0');
      const path = join(folder, `${ledger}.${sizeText}.${root.toString('hex').slice(0, 16)}`);
      const file = await open(unfinished, 'w', 0o600);
      try {
        await file.writeFile(note);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
      await syncFolder(folder);
      const before = last;
      last = path;
      if (before !== null && before !== path) await remove(before);
    },
    async prune(ledger, size) {
      for (const name of await readdir(folder)) {
        const [, of, digits] = fileForm.exec(name) ?? [];
        if (of === ledger && Number(digits) < size) await remove(join(folder, name));
      }
      if (last) await removeUnfinished(folder, await stat(last));
    },
  };
}

/** Null when another process has removed it since the folder was read: it keeps a later one. */
async function readKept(path: string): Promise<KeptFile | null> {
  try {
    const note = await readFile(path, 'utf8');
    const name = basename(path);
    return { name, ledger: name.slice(0, 16), note };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Removes what was begun, and left for a minute when the newest was written: its writer died. */
async function removeUnfinished(folder: string, newest: { mtimeMs: number }): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(unfinishedPrefix)) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found && found.mtimeMs < newest.mtimeMs - unfinishedMsMax) await remove(path);
  }
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

const isMissing = (error: unknown) => (error as { code?: string }).code === 'ENOENT';

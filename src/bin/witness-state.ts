/** What a witness remembers: the last checkpoint that it let pass, durable before it cosigns. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StartupError } from '#src/base/errors.ts';
import { withLock } from '#src/store/embedded/lock.ts';
import { makeFolder, writeDurably } from './folder-files.ts';

export interface WitnessState {
  /** The note that was kept; null: none yet. */
  kept(): string | null;
  /** Durable when it returns. */
  keep(note: string): void;
  /** Keeps two notes that no one tree holds; the folder that they are in. */
  keepEvidence(notes: { kept: string; offered: string }, at: Date): string;
}

const lockWaitMs = 100;

/**
 * Runs `work` with the state in a file, which nobody else may use meanwhile: two witnesses that do
 * not know of each other could cosign two trees.
 * @throws StartupError when another witness has it
 */
export async function withState<T>(
  file: string,
  work: (state: WitnessState) => Promise<T>,
): Promise<T> {
  makeFolder(dirname(file));
  let isOurs = false;
  const begin = () => {
    isOurs = true;
    return work(openState(file));
  };
  try {
    return await withLock(`${file}.lock`, lockWaitMs, begin);
  } catch (error) {
    if (isOurs || !(error instanceof StartupError)) throw error;
    throw new StartupError([`--state: another witness is at work with ${file}`]);
  }
}

function openState(file: string): WitnessState {
  let kept = readKept(file);
  return {
    kept: () => kept,
    keep(note) {
      writeDurably(file, note);
      kept = note;
    },
    keepEvidence(notes, at) {
      const folder = `${file}.forked-${at.toISOString().replaceAll(/[:.]/g, '-')}`;
      writeDurably(join(folder, 'kept.note'), notes.kept);
      writeDurably(join(folder, 'offered.note'), notes.offered);
      return folder;
    },
  };
}

function readKept(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null;
    throw error;
  }
}

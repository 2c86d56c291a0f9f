/** One process at a time per home: a lock of the operating system, gone when its holder dies. */
import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { StartupError } from '#src/base/errors.ts';

const pollMs = 25;

/**
 * Runs `work` while no other process (nor another call in this one) holds the same lock file.
 *
 * The lock is the exclusive lock of an empty SQLite file, which is an fcntl lock: unlike a file
 * with a process id in it, it cannot outlive its holder, and nobody has to guess whether that one
 * still lives.
 *
 * @param file path of the lock file; made when missing and never removed
 * @param waitMsMax how long to wait for another holder
 * @throws StartupError when it is still held after that
 */
export async function withLock<T>(
  file: string,
  waitMsMax: number,
  work: () => Promise<T>,
): Promise<T> {
  const until = performance.now() + waitMsMax;
  for (;;) {
    const release = tryLock(file);
    if (release !== undefined) {
      try {
        return await work();
      } finally {
        release();
      }
    }
    if (performance.now() > until) {
      throw new StartupError([`another process has held ${file} for ${waitMsMax / 1000} seconds`]);
    }
    await pause(pollMs);
  }
}

function tryLock(file: string): (() => void) | undefined {
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return () => lock.close();
  } catch (error) {
    lock.close();
    const sqliteBusy = 5;
    if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined;
    throw error;
  }
}

/** Waiting for a condition: tests never sleep for a time. */
import { setTimeout as pause } from 'node:timers/promises';

const tickMs = 20;

/** Asks until the answer is neither undefined, null nor false; fails after `limitMs`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T> | T,
  limitMs = 30_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await pause(tickMs);
  }
}

/** Waiting for a condition: tests never sleep for a time. */
import { setTimeout as pause } from 'node:timers/promises';

/** An ask may be a whole request, on a machine that has other work to do. */
const tickMsMin = 20;
const tickMsMax = 100;

/**
 * Asks until the answer is neither undefined, null nor false; fails after `limitMs`. The longer it
 * has waited, the less often it asks: it comes late by a tenth at most.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T> | T,
  limitMs = 30_000,
): Promise<NonNullable<T>> {
  const begun = Date.now();
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    const waitedMs = Date.now() - begun;
    if (waitedMs > limitMs) throw new Error(`waited in vain for ${what}`);
    await pause(Math.min(tickMsMax, Math.max(tickMsMin, waitedMs / 10)));
  }
}

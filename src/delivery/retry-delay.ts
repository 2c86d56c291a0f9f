/** When to try again: a schedule by attempts, spread by jitter. */

/**
 * Seconds until the next attempt, or null when the schedule is used up. A quarter of jitter, so
 * that a receiver that comes back is not met by all its retries at once.
 * @param attempts how many have been made, 1 or more
 * @param random from 0 up to 1
 */
export function retryDelaySeconds(
  schedule: readonly number[],
  attempts: number,
  random: number,
): number | null {
  const seconds = schedule[attempts - 1];
  return seconds === undefined ? null : seconds * (1 + random / 4);
}

/** Fetches several things at once, and no more than a gateway is asked for in good manners. */

/** Requests that are under way at once. */
const parallelMax = 4;

/**
 * Does the same to all, a few at a time; what fails ends it.
 *
 * @param onDone told how many are done
 */
export async function inParallel<T>(
  all: readonly T[],
  work: (one: T) => Promise<void>,
  onDone: (done: number) => void = () => undefined,
): Promise<void> {
  let [next, done] = [0, 0];
  const run = async (): Promise<void> => {
    while (next < all.length) {
      await work(all[next++]!).catch((error: unknown) => {
        next = all.length;
        throw error;
      });
      onDone((done += 1));
    }
  };
  // All of them end with what they are at before a failure is told.
  const ends = await Promise.allSettled(Array.from({ length: parallelMax }, run));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

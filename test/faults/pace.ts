/**
 * Time as the driver plays in it: its faults last as long as its seed says, so that here, and only
 * here, something is waited for by the clock.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits so long, or until the signal. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
}

/** Whatever has not come by then has failed: who asks over a bad line must not wait for ever. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = pause(ms, over.signal).then(() => Promise.reject(new TypeError('no answer')));
  work.catch(() => undefined);
  late.catch(() => undefined);
  return Promise.race([work, late]).finally(() => over.abort());
}

/** Asks until it is so; false when it is not after `limitMs`. Whoever cannot say is asked again. */
export async function came(
  ask: () => Promise<boolean> | boolean,
  limitMs: number,
): Promise<boolean> {
  const begun = performance.now();
  for (;;) {
    const isSo = await Promise.resolve()
      .then(ask)
      .catch(() => false);
    if (isSo) return true;
    const waitedMs = performance.now() - begun;
    if (waitedMs > limitMs) return false;
    await pause(Math.min(100, Math.max(25, waitedMs / 10)));
  }
}

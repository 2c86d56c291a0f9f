/**
 * Keeps the sequencer going: at once when nudged,
 * at a steady pace under load, again after failures.
 */
import type { Sequencer } from './sequencer.ts';

export interface SequencerLoop {
  /** There is something to sequence: does not wait, may be called at any rate. */
  nudge(): void;
  /** Lets the round at work finish and starts no other. Safe to call twice. */
  stop(): Promise<void>;
  /** When a round last succeeded, even with nothing to do: milliseconds since 1970. */
  readonly lastAdvance: number;
}

const retryDelayMsMax = 5_000;

/**
 * @param deps.onError told of each failed round, for the log; the loop goes on
 * @param options.intervalMs from the start of a round to the next while there is work: entries
 *   gather meanwhile, so that one signature and one commit cover many (default 25)
 * @param options.pollMs how often to look without a nudge: other processes submit too (default 250)
 */
export function startSequencer(
  sequencer: Sequencer,
  deps: { onError: (error: unknown) => void; now: () => Date },
  options: { intervalMs?: number; pollMs?: number } = {},
): SequencerLoop {
  const { intervalMs = 25, pollMs = 250 } = options;
  const rest = createRest();
  let lastAdvance = deps.now().getTime();
  let stopped = false;
  let nudged = false;
  let failures = 0;

  /** One round, then a rest: a nudge ends it only where nothing was found to do. */
  const turn = async (): Promise<void> => {
    const startedMs = performance.now();
    nudged = false;
    try {
      const count = await sequencer.sequenceOnce();
      failures = 0;
      lastAdvance = deps.now().getTime();
      if (stopped) return;
      if (count === 0 && !nudged) return await rest.for(pollMs, { nudges: true });
      const spentMs = performance.now() - startedMs;
      await rest.for(Math.max(0, intervalMs - spentMs), { nudges: false });
    } catch (error) {
      deps.onError(error);
      failures += 1;
      if (stopped) return;
      const delayMs = Math.min(100 * 2 ** (failures - 1), retryDelayMsMax);
      await rest.for(delayMs, { nudges: false });
    }
  };

  const running = (async () => {
    while (!stopped) await turn();
  })();

  return {
    nudge() {
      nudged = true;
      rest.nudge();
    },
    async stop() {
      stopped = true;
      rest.end();
      await running;
    },
    get lastAdvance() {
      return lastAdvance;
    },
  };
}

/** A wait that can be ended early. */
function createRest(): {
  for(ms: number, until: { nudges: boolean }): Promise<void>;
  nudge(): void;
  end(): void;
} {
  let end = (): void => undefined;
  let nudge = (): void => undefined;
  return {
    for: (ms, { nudges }) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
        nudge = nudges ? end : () => undefined;
      }),
    nudge: () => nudge(),
    end: () => end(),
  };
}

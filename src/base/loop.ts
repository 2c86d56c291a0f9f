/** A loop that works while there is work, rests while there is none, and outlives every error. */

export interface Loop {
  /** There may be work: do not wait for the end of the rest. */
  nudge(): void;
  /** Finishes the round under way and starts no other. */
  stop(): Promise<void>;
}

const errorDelayMsMax = 5_000;

/**
 * Runs `work` again at once while it answers true, else after `restMs` or a nudge.
 * An error is told to `onError` and followed by a growing pause: the loop itself never ends by one.
 */
export function startLoop(settings: {
  work: () => Promise<boolean>;
  restMs: number;
  onError: (error: unknown) => void;
}): Loop {
  let stopped = false;
  let nudged = false;
  let wake: () => void = () => undefined;
  let end: () => void = () => undefined;
  /** After an error only `stop` ends the pause: nudges would make a hot loop of an outage. */
  const rest = (ms: number, nudges: boolean) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      end = () => {
        clearTimeout(timer);
        resolve();
      };
      wake = nudges ? end : () => undefined;
    });

  async function run(): Promise<void> {
    let errors = 0;
    while (!stopped) {
      nudged = false;
      try {
        const more = await settings.work();
        errors = 0;
        if (!more && !nudged && !stopped) await rest(settings.restMs, true);
      } catch (error) {
        errors += 1;
        settings.onError(error);
        if (!stopped) await rest(Math.min(100 * 2 ** errors, errorDelayMsMax), false);
      }
    }
  }

  const ended = run();
  return {
    nudge() {
      nudged = true;
      wake();
    },
    async stop() {
      stopped = true;
      end();
      await ended;
    },
  };
}

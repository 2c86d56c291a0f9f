/** Failpoints that can be armed: the next one of that name does its harm, once. */
import { GatewayError } from '#src/base/errors.ts';
import type { Failpoint, FailpointName } from '#src/base/failpoint.ts';

/**
 * `error`: nobody expected it. `unavailable`: the database did not answer, as when the connection
 * is lost at COMMIT. `hang`: it goes on when it is disarmed. `kill`: the process is gone.
 */
export type Harm = 'error' | 'unavailable' | 'hang' | 'kill';

export interface Arms {
  failpoint: Failpoint;
  /** Arms one in place of the one before; resolves when it has been reached. */
  arm(name: FailpointName, harm: Harm): Promise<void>;
  /** Nothing does harm any more, and what hangs goes on. */
  disarm(): void;
}

export function createArms(): Arms {
  let armed: { name: FailpointName; harm: Harm; reached: () => void } | undefined;
  let release = Promise.withResolvers<void>();
  return {
    failpoint(name) {
      if (armed?.name !== name) return;
      const { harm, reached } = armed;
      armed = undefined;
      reached();
      if (harm === 'kill') process.kill(process.pid, 'SIGKILL');
      if (harm === 'error') throw new Error(`a trial at ${name}`);
      if (harm === 'unavailable') throw new GatewayError('DATABASE_UNAVAILABLE');
      return release.promise;
    },
    arm: (name, harm) =>
      new Promise((resolve) => {
        armed = { name, harm, reached: resolve };
      }),
    disarm() {
      armed = undefined;
      release.resolve();
      release = Promise.withResolvers();
    },
  };
}

/** Time as PostgreSQL tells it: the gateway works only while its own clock agrees (law 8). */
import { GatewayError } from './errors.ts';
import { seoulDate } from './seoul.ts';

/** The furthest that this machine's clock may stand from PostgreSQL's. */
export const clockSkewMsMax = 5_000;

export interface Clock {
  /** Now, corrected by the last measured offset. */
  now(): Date;
  /** The calendar date in Seoul, which decides what contract is in force: `YYYY-MM-DD`. */
  today(): string;
  /** Asks PostgreSQL for its time; rejects when it cannot be asked. */
  measure(): Promise<void>;
  /** PostgreSQL's time minus this machine's, in milliseconds, or null before the first measure. */
  offsetMs(): number | null;
  /** Throws `CLOCK_SKEWED` unless the last measure was within `clockSkewMsMax`. */
  assertAgrees(): void;
}

/**
 * @param deps.databaseNow PostgreSQL's clock in milliseconds since 1970
 * @param deps.localNow this machine's clock in milliseconds since 1970
 */
export function createClock(deps: {
  databaseNow: () => Promise<number>;
  localNow: () => number;
}): Clock {
  let offset: number | null = null;
  const now = () => new Date(deps.localNow() + (offset ?? 0));
  return {
    now,
    today: () => seoulDate(now().getTime()),
    async measure() {
      const before = deps.localNow();
      const database = await deps.databaseNow();
      const after = deps.localNow();
      // The answer was made somewhere between the two, which is all that one measure says. What was
      // taken so far stays where that does not refute it: a slow answer must not turn time back.
      const known = offset !== null && Number.isFinite(offset) ? offset : 0;
      offset = Math.min(Math.max(known, database - after), database - before);
    },
    offsetMs: () => offset,
    assertAgrees() {
      // Asked this way round, so that an offset that is no number does not agree.
      const agrees = offset !== null && Math.abs(offset) <= clockSkewMsMax;
      if (!agrees) {
        throw new GatewayError('CLOCK_SKEWED', { retryAfterSeconds: 5 });
      }
    },
  };
}

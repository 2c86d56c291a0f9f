/**
 * Tells subscribers what happened, each at its own pace: one that does not answer holds up neither
 * the others nor any delivery, and what it was not told waits for it.
 */
import type { Subscriber } from '#src/agreements/subscriber-file.ts';
import type { Log } from '#src/base/log.ts';
import type { PushSettings } from '#src/base/push-words.ts';
import type { Database } from '#src/store/pool.ts';
import { clearAlerts, raiseAlerts } from '#src/transfers/alerts.ts';
import { eventBody } from '#src/transfers/events.ts';
import { createPushAgent, type PushAgent } from './agent.ts';
import { claimEvents, endEvent, postponeEvent, type EventClaim } from './event-queue.ts';
import { retryDelaySeconds } from './retry-delay.ts';
import type { PushOutcome } from './outcome.ts';
import { pushOnce } from './push.ts';

export interface AnnounceDeps {
  db: Database;
  log: Log;
  clock: { now(): Date };
  subscribers: readonly Subscriber[];
  /** A number from 0 up to 1, for jitter. */
  random: () => number;
  /** Milliseconds on a clock that nobody sets. */
  steadyNow: () => number;
}

export interface Announcer {
  /** Claims what is due for each subscriber and starts telling it. */
  announce(): Promise<number>;
  /** Waits until everything under way has come to its outcome. */
  drain(): Promise<void>;
}

interface Line {
  subscriber: Subscriber;
  push: PushSettings;
  agent: PushAgent;
  busy: number;
  /** In a row. */
  failures: number;
  /** Left alone until then, by `steadyNow`. */
  heldUntilMs: number;
  /** It answered 410: nothing more is sent by this process. */
  isGone: boolean;
  /** When an alert about it was last taken back, whoever raised it. */
  clearedMs: number;
}

const concurrencyMax = 4;
/** A lease outlives the deadline of its push by this much, so that nobody tells it beside us. */
const leaseMarginSeconds = 30;
/** After so many failures in a row one event at a time is tried, with growing pauses. */
const failuresToHold = 3;
const failuresToAlert = 5;
const holdMsMax = 60_000;
/** How long it may ask to be left alone. */
const retryAfterSecondsMax = 3_600;
const clearEveryMs = 5_000;

/** @param onFree told when a push has ended, so that its slot can be used */
export function createAnnouncer(deps: AnnounceDeps, onFree: () => void): Announcer {
  const lines = new Map(
    deps.subscribers.flatMap((subscriber): [string, Line][] => {
      const { client, push } = subscriber;
      if (!push) return [];
      const { timeoutSeconds } = subscriber.retry;
      const agent = createPushAgent({ settings: push, concurrencyMax, timeoutSeconds });
      const fresh = { busy: 0, failures: 0, heldUntilMs: -Infinity, isGone: false };
      return [[client, { subscriber, push, agent, ...fresh, clearedMs: -Infinity }]];
    }),
  );
  const timeouts = deps.subscribers.map(({ retry }) => retry.timeoutSeconds);
  const leaseSeconds = Math.max(0, ...timeouts) + leaseMarginSeconds;
  const underWay = new Set<Promise<void>>();
  const slotsOf = ({ isGone, heldUntilMs, failures, busy }: Line) => {
    if (isGone || deps.steadyNow() < heldUntilMs) return 0;
    return (failures >= failuresToHold ? 1 : concurrencyMax) - busy;
  };

  function begin(line: Line, claim: EventClaim): void {
    line.busy += 1;
    const work = tell(deps, line, claim)
      .catch((error: unknown) => {
        // The lease runs out and the event is claimed again.
        deps.log.error('telling a subscriber was interrupted', { client: claim.client, error });
      })
      .finally(() => {
        line.busy -= 1;
        underWay.delete(work);
        onFree();
      });
    underWay.add(work);
  }

  return {
    async announce() {
      const free = [...lines].map(([client, line]) => [client, slotsOf(line)] as const);
      const slots = new Map(free.filter(([, count]) => count > 0));
      if (slots.size === 0) return 0;
      const claims = await claimEvents(deps.db, { slots, leaseSeconds });
      for (const claim of claims) {
        const line = lines.get(claim.client);
        if (line) begin(line, claim);
      }
      return claims.length;
    },
    async drain() {
      await Promise.all(underWay);
      await Promise.all([...lines.values()].map(({ agent }) => agent.close()));
    },
  };
}

async function tell(deps: AnnounceDeps, line: Line, claim: EventClaim): Promise<void> {
  const { agent, push: settings, subscriber } = line;
  const { timeoutSeconds } = subscriber.retry;
  const outcome = await pushOnce(
    { agent, now: () => deps.clock.now() },
    { id: claim.id, body: JSON.stringify(eventBody(claim)), settings, timeoutSeconds },
  );
  if (outcome.kind === 'accepted') {
    await endEvent(deps.db, claim, outcome.code);
    return isReached(deps, line);
  }
  await conclude(deps, line, claim, outcome);
}

/** Not taken: anything but 2xx is tried again, since an event cannot be refused. */
async function conclude(
  deps: AnnounceDeps,
  line: Line,
  claim: EventClaim,
  outcome: PushOutcome,
): Promise<void> {
  const { client, retry } = line.subscriber;
  const told = { client, attempt: claim.attempts, outcome: outcome.code };
  const delay = retryDelaySeconds(retry.scheduleSeconds, claim.attempts, deps.random());
  if (delay === null) {
    deps.log.warn('an event was given up', told);
    await endEvent(deps.db, claim, outcome.code);
  } else {
    deps.log.info('an event was postponed', told);
    const delaySeconds = Math.max(delay, askedSeconds(outcome));
    await postponeEvent(deps.db, claim, { delaySeconds, outcome: outcome.code });
  }
  await isFailing(deps, line, outcome);
}

function askedSeconds(outcome: PushOutcome): number {
  const asked = outcome.kind === 'retry' ? (outcome.retryAfterSeconds ?? 0) : 0;
  return Math.min(asked, retryAfterSecondsMax);
}

async function isFailing(deps: AnnounceDeps, line: Line, outcome: PushOutcome): Promise<void> {
  line.failures += 1;
  const { client } = line.subscriber;
  const beyond = line.failures - failuresToHold;
  const hold = beyond < 0 ? 0 : Math.min(1000 * 2 ** beyond, holdMsMax) * (1 + deps.random() / 4);
  const heldMs = Math.max(hold, askedSeconds(outcome) * 1000);
  if (heldMs > 0) line.heldUntilMs = deps.steadyNow() + heldMs;
  if (outcome.kind === 'gone' && !line.isGone) {
    line.isGone = true;
    deps.log.warn('a subscriber is gone: nothing is sent to it before a restart', { client });
    await raiseAlerts(alertDeps(deps), [{ name: 'subscriber-unreachable', about: client }]);
  } else if (line.failures === failuresToAlert) {
    await raiseAlerts(alertDeps(deps), [{ name: 'subscriber-unreachable', about: client }]);
  }
}

/** Whoever reaches it says so, since whoever raised the alert may be gone. */
async function isReached(deps: AnnounceDeps, line: Line): Promise<void> {
  line.failures = 0;
  const now = deps.steadyNow();
  if (now < line.clearedMs + clearEveryMs) return;
  line.clearedMs = now;
  const about = line.subscriber.client;
  await clearAlerts(alertDeps(deps), [{ name: 'subscriber-unreachable', about }]);
}

const alertDeps = ({ db, log, subscribers }: AnnounceDeps) => ({
  ...{ db, log, subscriptions: subscribers },
});

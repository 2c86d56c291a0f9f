/**
 * Who waits for its inbox: any number wait on one question to the database, and none holds a
 * connection. Coverage by this process wakes them; a gentle pace finds what others made ready.
 */
import type { Log } from '#src/base/log.ts';
import { startLoop, type Loop } from '#src/base/loop.ts';
import type { Queryable } from '#src/store/pool.ts';

export interface InboxWaits {
  /**
   * Waits until it is this caller's turn to look; false when the time is over, the caller has left,
   * the gateway stops, or too many wait for this consignee already.
   */
  wait(consignee: string, limits: { ms: number; gone: AbortSignal }): Promise<boolean>;
  /** Something was found: whoever waits longest for the same looks, too. */
  passOn(consignee: string): void;
  /** Something became ready: look now. */
  nudge(): void;
}

/** How many may wait for one consignee in one process; one more is answered at once. */
const waitersMax = 64;
/** What other processes make ready, and leases that end, are found at this pace. */
const lookRestMs = 250;

// The first of each consignee's own index range, whoever else has how much. What cannot be claimed
// for another reason costs one fruitless claim a look.
const lookSql = `
  SELECT slot.consignee FROM unnest($1::text[]) AS slot (consignee), LATERAL (
    SELECT FROM transfers
    WHERE transfers.consignee = slot.consignee AND status IN ('ready', 'sending', 'leased')
      AND due_at <= now() AND expires_at > now()
    ORDER BY due_at LIMIT 1
  ) AS due
  WHERE NOT EXISTS (SELECT FROM consignee_states
    WHERE consignee_states.consignee = slot.consignee)`;

/** Those of these consignees for whom something can be claimed. */
async function dueAmong(db: Queryable, consignees: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ consignee: string }>({
    ...{ name: 'inbox-look', text: lookSql, values: [consignees] },
  });
  return rows.map(({ consignee }) => consignee);
}

/** What a waiter is told: to look, or that its wait is over. */
type Wake = (look: boolean) => void;

/**
 * @param deps.isUnlocked false wakes all who wait for a consignee, to be told so
 * @param deps.ending aborted when the gateway stops: ends every wait
 */
export function createInboxWaits(deps: {
  db: Queryable;
  log: Log;
  isUnlocked: (consignee: string) => boolean;
  ending: AbortSignal;
}): InboxWaits {
  /** By consignee, in the order in which they came. */
  const waiters = new Map<string, Set<Wake>>();
  let loop: Loop | null = null;

  const first = (consignee: string) => waiters.get(consignee)?.values().next().value;
  const everyone = () => [...waiters.values()].flatMap((set) => [...set]);
  deps.ending.addEventListener('abort', () => everyone().forEach((wake) => wake(false)));

  async function look(): Promise<boolean> {
    for (const [consignee, set] of waiters) {
      if (!deps.isUnlocked(consignee)) for (const wake of [...set]) wake(true);
    }
    if (waiters.size === 0) {
      void loop?.stop();
      loop = null;
      return false;
    }
    // One each: it claims all that it can, and passes on.
    for (const consignee of await dueAmong(deps.db, [...waiters.keys()])) first(consignee)?.(true);
    return false;
  }

  function add(consignee: string, wake: Wake): void {
    waiters.set(consignee, (waiters.get(consignee) ?? new Set()).add(wake));
    loop ??= startLoop({
      work: look,
      restMs: lookRestMs,
      onError: (error) => deps.log.warn('looking into the inboxes failed', { error }),
    });
  }

  function remove(consignee: string, wake: Wake): void {
    const set = waiters.get(consignee);
    set?.delete(wake);
    if (set?.size === 0) waiters.delete(consignee);
  }

  return {
    wait(consignee, { ms, gone }) {
      const isFull = (waiters.get(consignee)?.size ?? 0) >= waitersMax;
      if (ms <= 0 || gone.aborted || deps.ending.aborted || isFull) return Promise.resolve(false);
      return new Promise((resolve) => {
        const wake: Wake = (mayLook) => {
          clearTimeout(timer);
          gone.removeEventListener('abort', leave);
          remove(consignee, wake);
          resolve(mayLook);
        };
        const leave = () => wake(false);
        const timer = setTimeout(leave, ms);
        gone.addEventListener('abort', leave);
        add(consignee, wake);
      });
    },
    passOn: (consignee) => first(consignee)?.(true),
    nudge: () => loop?.nudge(),
  };
}

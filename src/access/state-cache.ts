/** A short memory for rows that can be revoked: no answer is ever older than 4 seconds. */
import { GatewayError } from '#src/base/errors.ts';

/** With a second for the request itself, a revocation holds everywhere within 5 s. */
export const STATE_AGE_MS_MAX = 4_000;
const ENTRIES_MAX = 1_000;

export interface StateCache<T> {
  /** The state of a key as of at most `STATE_AGE_MS_MAX` ago; concurrent readers share a read. */
  read(key: string): Promise<T>;
  /** Drops what is known of a key, and whatever is being read of it. */
  forget(key: string): void;
}

export interface StateCacheDeps<T> {
  read: (key: string) => Promise<T>;
  /** Milliseconds since 1970 UTC. */
  now: () => number;
}

interface Entry<T> {
  /** Taken before the read began: the row was like this then or later. */
  askedAt: number;
  state: Promise<T>;
}

/**
 * Keeps what `read` answered, failures not at all. An entry's age counts from the moment of asking,
 * and a read that takes longer than an entry may live is refused (`DATABASE_UNAVAILABLE`): a slow
 * database must not stretch the life of a revoked client.
 */
export function createStateCache<T>({ read, now }: StateCacheDeps<T>): StateCache<T> {
  const entries = new Map<string, Entry<T>>();
  const fresh = (entry: Entry<T>): boolean => {
    const age = now() - entry.askedAt;
    // a negative age is a clock that was set back: ask again
    return age >= 0 && age < STATE_AGE_MS_MAX;
  };
  const ask = (key: string): Entry<T> => {
    const entry: Entry<T> = { askedAt: now(), state: read(key) };
    entries.delete(key);
    entries.set(key, entry);
    entry.state.catch(() => {
      if (entries.get(key) === entry) entries.delete(key);
    });
    const oldest = entries.keys().next();
    if (entries.size > ENTRIES_MAX && !oldest.done) entries.delete(oldest.value);
    return entry;
  };
  return {
    read: async (key) => {
      const known = entries.get(key);
      const entry = known && fresh(known) ? known : ask(key);
      const state = await entry.state;
      if (!fresh(entry)) throw new GatewayError('DATABASE_UNAVAILABLE', { retryAfterSeconds: 1 });
      return state;
    },
    forget: (key) => {
      entries.delete(key);
    },
  };
}

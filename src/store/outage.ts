/** Which database failures mean "not now" (law 8: try again) and which are somebody's mistake. */
import { DatabaseError } from 'pg';
import { GatewayError } from '#src/base/errors.ts';

/**
 * SQLSTATEs after which the connection, or the server behind it, is of no use: class 08 connection,
 * 53 resources (disk full, too many connections), 58 system errors, XX corruption. PostgreSQL 18
 * appendix A.
 */
const lostClasses = new Set(['08', '53', '58', 'XX']);

/**
 * The same for single codes: server shut down, crashed or starting; session ended by a timeout;
 * read-only, which is how a primary looks after a failover made it a standby.
 */
const lostCodes = new Set(['57P01', '57P02', '57P03', '57P04', '57P05', '25P03', '25P04', '25006']);

/** statement_timeout, or an administrator's pg_cancel_backend: the connection stays good. */
const cancelled = '57014';

/**
 * Sentences by which node-postgres reports a lost or hung connection: it has no codes for them
 * (pg 8.23 `client.js`, pg-pool 3.14).
 */
const lostSentences = [
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed',
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'Cannot use a pool after calling end',
];

/** True when the connection on which the error happened must not be used again. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof DatabaseError) {
    const state = error.code ?? '';
    return lostCodes.has(state) || lostClasses.has(state.slice(0, 2));
  }
  return (
    'syscall' in error ||
    'errno' in error ||
    lostSentences.some((start) => error.message.startsWith(start))
  );
}

/**
 * The error that a caller of the store sees: `DATABASE_UNAVAILABLE` with the cause for an outage,
 * anything else (a constraint, a lock timeout 55P03, an error of the caller's own work) as it is.
 */
export function asCallerSees(error: unknown): unknown {
  if (error instanceof GatewayError) return error;
  const timedOut = error instanceof DatabaseError && error.code === cancelled;
  return timedOut || isConnectionLost(error) ? unavailable(error) : error;
}

const lockConflicts = new Set(['55P03', '40P01', '40001']);

/**
 * The transaction was rolled back because of another: lock_timeout (55P03), a deadlock, a
 * serialisation failure. Left as it is for whoever knows what the lock stands for; where nobody
 * did, the same request may succeed in a moment.
 */
export function isLockConflict(error: unknown): boolean {
  return error instanceof DatabaseError && lockConflicts.has(error.code ?? '');
}

/** `DATABASE_UNAVAILABLE`: nothing is lost, the caller tries again in a second. */
export function unavailable(cause: unknown): GatewayError {
  return new GatewayError('DATABASE_UNAVAILABLE', { cause, retryAfterSeconds: 1 });
}

/** The one way to PostgreSQL: every wait ends, and a lost server is `DATABASE_UNAVAILABLE`. */
import { Pool, types } from 'pg';
import type { ClientBase, PoolClient } from 'pg';
import { asCallerSees, isConnectionLost, unavailable } from './outage.ts';

/** A statement. One with a name is prepared once per connection and then only bound. */
export interface Statement {
  name?: string;
  text: string;
  values?: unknown[];
}

export interface Rows<R> {
  rows: R[];
  rowCount: number | null;
}

/** What runs statements: the database, or one transaction of it. */
export interface Queryable {
  query<R = Record<string, unknown>>(
    statement: string | Statement,
    values?: unknown[],
  ): Promise<Rows<R>>;
}

export interface Database extends Queryable {
  /** BEGIN, `work`, COMMIT; ROLLBACK when it throws. `tx` is dead once `work` has settled. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  /** Waits for running statements and closes every connection. Safe to call twice. */
  end(): Promise<void>;
}

export interface DatabaseSettings {
  url: string;
  /** Connections at most; default 10. */
  sizeMax?: number;
  /** Told of connections lost while idle, for the log: no caller waits for those. */
  onError?: (error: Error) => void;
  /** Seen in pg_stat_activity, followed by `/` and the process id; starts with `waybill`. */
  applicationName?: string;
  /** How long a row lock is waited for (55P03 after it); default 5000. */
  lockTimeoutMs?: number;
  /**
   * For statements that every order passes, and that find all they need by key: each is planned
   * once for a connection, whatever its arrays hold, and never reads a whole table. Planning one of
   * these anew took longer than running it.
   */
  plansOnce?: boolean;
  /** How long one statement may run (`DATABASE_UNAVAILABLE` after it); default 10000. */
  statementTimeoutMs?: number;
}

const connectTimeoutMs = 3_000;
/** Past the server's own limit: fires only when no answer can come (half-open socket). */
const halfOpenGraceMs = 2_000;

/** Opens a pool; connects on first use, and again by itself after PostgreSQL was away. */
export function openDatabase(settings: DatabaseSettings): Database {
  const statementTimeoutMs = settings.statementTimeoutMs ?? 10_000;
  const pool = new Pool({
    connectionString: settings.url,
    max: settings.sizeMax ?? 10,
    application_name: `${settings.applicationName ?? 'waybill'}/${process.pid}`,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: statementTimeoutMs + halfOpenGraceMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser },
    // Awaited before the connection is handed out. SET, not start-up parameters: poolers such as
    // PgBouncer refuse a connection that asks for parameters they do not know.
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- pg-pool awaits it
    onConnect: (client) =>
      prepareSession(client, {
        ...{ lockTimeoutMs: settings.lockTimeoutMs ?? 5_000, statementTimeoutMs },
        plansOnce: settings.plansOnce ?? false,
      }),
  });
  const onError = settings.onError ?? (() => undefined);
  pool.on('error', onError);
  // A checked-out client has no listener of the pool's; an unheard 'error' would end the process.
  pool.on('connect', (client) => client.on('error', onError));
  let ended: Promise<void> | undefined;
  return {
    query: <R>(statement: string | Statement, values?: unknown[]) =>
      withClient(pool, (client) => run<R>(client, statement, values)),
    transaction: (work) => withClient(pool, (client) => transact(client, work)),
    end: () => (ended ??= pool.end()),
  };
}

async function prepareSession(
  client: ClientBase,
  of: { lockTimeoutMs: number; statementTimeoutMs: number; plansOnce: boolean },
): Promise<void> {
  await client.query(
    `SELECT set_config('synchronous_commit', 'on', false),
            set_config('TimeZone', 'UTC', false),
            set_config('lock_timeout', $1, false),
            set_config('statement_timeout', $2, false),
            set_config('idle_in_transaction_session_timeout', $3, false)`,
    [String(of.lockTimeoutMs), String(of.statementTimeoutMs), '30000'],
  );
  if (!of.plansOnce) return;
  // A plan that was made while a table was small must not read all of it when it has grown: neither
  // as it lies nor into a hash or an order; key by key, each out of its index, and not in the order
  // of the disk: who locks several transfers locks them in the order of their ids, so that no two
  // wait for each other. For partitions see `lookIntoAll`.
  await client.query(
    `SELECT set_config('plan_cache_mode', 'force_generic_plan', false),
            set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
            set_config('enable_mergejoin', 'off', false),
            set_config('enable_bitmapscan', 'off', false),
            set_config('enable_partition_pruning', 'off', false)`,
  );
}

/**
 * Lets the statements of a transaction look into every partition, as those of `plansOnce` do.
 *
 * A statement that locks rows must not leave partitions out while it runs. Where another has
 * changed a row before it is locked, PostgreSQL 18.4 looks at it again by a second copy of the
 * plan, and what that frees the first goes on to use: the backend ends by SIGSEGV in
 * `perform_pruning_base_step`, and every connection with it. Workers of one vendor that claim side
 * by side bring that about within seconds.
 */
export async function lookIntoAll(tx: Queryable): Promise<void> {
  await tx.query("SELECT set_config('enable_partition_pruning', 'off', true)");
}

async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  let client: PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    // Whatever kept us out (no server, bad password, no room): nothing can be done without it.
    throw unavailable(error);
  }
  let broken = false;
  try {
    return await work(client);
  } catch (error) {
    broken = error instanceof BrokenConnection || isConnectionLost(error);
    throw asCallerSees(error instanceof BrokenConnection ? error.cause : error);
  } finally {
    client.release(broken);
  }
}

/** The error of the work, on a connection whose transaction could not be rolled back. */
class BrokenConnection extends Error {}

async function transact<T>(client: PoolClient, work: (tx: Queryable) => Promise<T>): Promise<T> {
  let open = true;
  const tx: Queryable = {
    query: async <R>(statement: string | Statement, values?: unknown[]) => {
      if (!open) throw new Error('a statement was run after its transaction had ended');
      return run<R>(client, statement, values);
    },
  };
  await client.query('BEGIN');
  try {
    const value = await work(tx);
    open = false;
    // COMMIT of a transaction in which a statement failed answers ROLLBACK, without an error.
    const { command } = await client.query('COMMIT');
    if (command !== 'COMMIT') throw new Error('a failed transaction was committed');
    return value;
  } catch (error) {
    open = false;
    if (isConnectionLost(error)) throw error;
    await client.query('ROLLBACK').catch(() => {
      throw new BrokenConnection('rollback failed', { cause: error });
    });
    throw error;
  }
}

function run<R>(
  client: ClientBase,
  statement: string | Statement,
  values?: unknown[],
): Promise<Rows<R>> {
  const answer =
    typeof statement === 'string' ? client.query(statement, values) : client.query(statement);
  return answer;
}

const int8 = 20;
const int8Array = 1016;
const date = 1082;
/** pg's own, whose types know only some of the type numbers. */
const getDefaultParser = types.getTypeParser as typeof getTypeParser;

/** int8 as a safe number, date as its text (it is no instant); the rest as node-postgres does. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: never) => unknown {
  if (format !== 'binary') {
    if (oid === int8) return safeNumber;
    if (oid === date) return (text: string) => text;
    if (oid === int8Array) {
      const parse = getDefaultParser(int8Array) as (text: string) => (string | null)[];
      return (text: string) => parse(text).map((each) => (each === null ? null : safeNumber(each)));
    }
  }
  return getDefaultParser(oid, format);
}

function safeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('a bigint is beyond 2^53');
  return value;
}

/**
 * What must hold while anything is measured: commits reach the disk, whatever is wrong is refused,
 * and nothing leaves before the ledger says so. A run in which one does not hold is no run.
 */
import { orderFor } from '#test/support/orders.ts';
import { openConnection, requestBytes } from './load/connection.ts';
import type { Postgres } from './postgres.ts';

/** @throws Error when a commit could be answered before it is on the disk */
export async function assertDurable(postgres: Pick<Postgres, 'rows' | 'value'>): Promise<void> {
  const wanted = ['fsync', 'full_page_writes', 'synchronous_commit'];
  const rows = await postgres.rows<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name IN ('${wanted.join("', '")}')`,
  );
  const off = rows.filter(({ setting }) => setting !== 'on');
  if (rows.length !== wanted.length || off.length > 0) {
    throw new Error(`not durable: ${JSON.stringify(rows)}`);
  }
  const others = await postgres.value('SELECT count(*) FROM pg_db_role_setting');
  if (others !== 0) throw new Error('a role or database has settings of its own');
}

/** How often the write-ahead log was made durable so far. */
export const countSyncs = (postgres: Postgres) =>
  postgres.value("SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'");

/** What is posted wrong, and the status that says so. */
interface Wrong {
  what: string;
  status: number;
  token?: string;
  body?: string;
  headers?: Readonly<Record<string, string>>;
}

const order = JSON.stringify(orderFor('samkwang'));
const unknownMember = order.replace('{', '{"urgent":true,');
const wrongs: readonly Wrong[] = [
  { what: 'no token', status: 401, token: '' },
  { what: 'a token of nobody', status: 401, token: 'eyJhbGciOiJub25lIn0.e30.' },
  { what: 'a member that the document does not know', status: 400, body: unknownMember },
  { what: 'no consignee', status: 400, body: order.replace('"consignee"', '"consigned"') },
];
const wrongsHere: readonly Wrong[] = [
  { what: 'a member twice', status: 400, body: order.replace('{', '{"consignee":"eone",') },
  { what: 'no idempotency key', status: 400, headers: {} },
  { what: 'another person', status: 422, body: order.replace('"C0048213"', '"C0048214"') },
];

interface Place {
  url: string;
  token: string;
}

/** @throws Error when the baseline takes what it must not: it checks tokens and requests */
export const assertBaselineChecks = (place: Place) => assertRefused(place, wrongs);

/** @throws Error when the gateway takes one request that any guarantee forbids */
export const assertChecks = (place: Place) => assertRefused(place, [...wrongs, ...wrongsHere]);

async function assertRefused(place: Place, all: readonly Wrong[]): Promise<void> {
  for (const wrong of all) {
    const { what, status, token = place.token, body = order } = wrong;
    const { headers = { 'idempotency-key': '"a-wrong-one"' } } = wrong;
    const connection = openConnection(place.url);
    const path = '/v1/transfers';
    const reply = await connection.send(
      requestBytes({ url: place.url, path, token, body, headers }),
    );
    connection.close();
    if (reply.status !== status) {
      throw new Error(`${what}: HTTP ${reply.status} instead of ${status}`);
    }
  }
}

/**
 * @param accepted how many 202 there were
 * @throws Error unless each accepted order is one transfer with one entry of its release under the
 *   newest checkpoint, and none was ready, sent or ended without
 */
export async function assertRecorded(postgres: Postgres, accepted: number): Promise<void> {
  const [found] = await postgres.rows<Record<'transfers' | 'entries' | 'early', string>>(`
    WITH recorded AS (
      SELECT leaf_transfer(leaf) AS transfer FROM entries
      WHERE convert_from(leaf, 'UTF8')::jsonb ->> 'kind' = 'released'
        AND index < (SELECT max(size) FROM checkpoints)
    )
    SELECT (SELECT count(*) FROM transfers) AS transfers,
      (SELECT count(*) FROM recorded) AS entries,
      (SELECT count(*) FROM transfers WHERE status <> 'accepted'
        AND id NOT IN (SELECT transfer FROM recorded)) AS early`);
  const { transfers = 0, entries = 0, early = 0 } = found ?? {};
  const isWhole = [transfers, entries].every((count) => Number(count) === accepted);
  if (!isWhole || Number(early) !== 0) {
    throw new Error(`${accepted} accepted, but ${JSON.stringify(found)}`);
  }
}

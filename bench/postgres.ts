/** The engine of a benchmark's home, looked at as its superuser: beside what is measured. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { until } from '#test/support/wait.ts';
import { assertDurable } from './guarantees.ts';

export interface Postgres {
  /** Of the database `postgres`. */
  superuserUrl: string;
  /** Of the server's first process, from which all others descend. */
  pid: number;
  /** One value of the gateway's database. */
  value: (sql: string) => Promise<number>;
  rows: <Row extends object>(sql: string) => Promise<Row[]>;
  /** Writes back what is dirty, so that no round pays for the one before. */
  flush: () => Promise<void>;
  /** Resolves when nothing waits for the sequencer: all that was accepted is in the ledger. */
  sequenced: () => Promise<void>;
  close: () => Promise<void>;
}

/** @throws Error when its commits could be answered before they are on the disk */
export async function openPostgres(home: string): Promise<Postgres> {
  const url = new URL(readFileSync(join(home, 'database.url'), 'utf8').trim());
  url.username = 'postgres';
  url.password = readFileSync(join(home, 'secrets/database-superuser.password'), 'utf8').trim();
  const client = new Client({ connectionString: url.href, application_name: 'bench' });
  client.on('error', () => undefined);
  await client.connect();
  const rows = async <Row extends object>(sql: string) => (await client.query<Row>(sql)).rows;
  const value = async (sql: string) => Number(Object.values((await rows(sql))[0] ?? {})[0]);
  const superuserUrl = new URL('/postgres', url).href;
  await assertDurable({ value, rows });
  return {
    ...{ superuserUrl, value, rows },
    pid: await value(`SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::integer`),
    flush: async () => void (await rows('CHECKPOINT')),
    sequenced: async () => {
      const none = () => value('SELECT count(*) FROM (SELECT FROM submissions LIMIT 1) AS one');
      await until('the sequencer to catch up', async () => (await none()) === 0, 120_000);
    },
    close: () => client.end(),
  };
}

/** A database of its own for every test file: a copy of the migrated template. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { inject } from 'vitest';
import { grantConnect } from '#src/store/grants.ts';
import type { Queryable } from '#src/store/pool.ts';
import { templateDatabase, withDatabase } from './server.ts';

export interface FreshDatabase {
  /** As the gateway's role. */
  url: string;
  /** As the role that owns the tables. */
  ownerUrl: string;
  superuserUrl: string;
  /** Removes it, whoever is still connected. */
  drop(): Promise<void>;
}

/** Makes an empty database with the schema of this version. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  const superuserUrl = inject('superuserUrl');
  await asSuperuser(superuserUrl, (client) => copyTemplate(client, name));
  const own = withDatabase(superuserUrl, name);
  await asSuperuser(own, (client) =>
    grantConnect(client as unknown as Queryable, 'waybill_gateway'),
  );
  return {
    url: withDatabase(inject('gatewayUrl'), name),
    ownerUrl: withDatabase(inject('ownerUrl'), name),
    superuserUrl: own,
    drop: () =>
      asSuperuser(superuserUrl, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }),
  };
}

/** Every row of every table, as text; bytes in hex. */
export function everyRow({ superuserUrl }: FreshDatabase): Promise<string> {
  return asSuperuser(superuserUrl, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT oid::regclass::text AS name FROM pg_class
       WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
    );
    const contents: string[] = [];
    for (const { name } of tables) {
      const text = `SELECT t::text AS text FROM ${name} t`;
      contents.push(...(await client.query<{ text: string }>(text)).rows.map((row) => row.text));
    }
    return contents.join('\n');
  });
}

async function copyTemplate(client: Client, name: string): Promise<void> {
  const sql = `CREATE DATABASE ${name} TEMPLATE ${templateDatabase} OWNER waybill_owner`;
  for (let tries = 1; ; tries += 1) {
    try {
      await client.query(sql);
      return;
    } catch (error) {
      const busy = error instanceof DatabaseError && error.code === '55006';
      if (!busy || tries === 50) throw error;
      await pause(50);
    }
  }
}

async function asSuperuser<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

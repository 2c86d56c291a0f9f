/** Starts the two baselines on the gateway's own PostgreSQL, in a database beside the gateway's. */
import { fileURLToPath } from 'node:url';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Client } from 'pg';
import { startProgram, type Program } from '../program.ts';

export interface Baselines {
  order: Program;
  ceiling: Program;
  /** Of a client that may post orders to the first. */
  token: string;
  /** How many orders are stored. */
  stored: () => Promise<number>;
  stop: () => Promise<void>;
}

/** Of 10, 20 and 40 the one with which the baseline was quickest here. */
const connections = 20;
const issuer = 'https://baseline.invalid';

/** @param superuserUrl of the server; a database of its own is made there */
export async function startBaselines(superuserUrl: string): Promise<Baselines> {
  const databaseUrl = await makeDatabase(superuserUrl);
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const token = await new SignJWT({ scope: 'transfers:write' })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer(issuer)
    .setAudience(issuer)
    .setSubject('emr')
    .setIssuedAt()
    .setExpirationTime('2h')
    .sign(privateKey);
  const env = {
    NODE_ENV: 'production',
    DATABASE_URL: databaseUrl,
    BASELINE_ISSUER: issuer,
    BASELINE_PUBLIC_JWK: JSON.stringify(await exportJWK(publicKey)),
    BASELINE_CONNECTIONS: process.env['BASELINE_CONNECTIONS'] ?? String(connections),
  };
  const order = await startProgram({ file: programOf('express-order'), env });
  const ceiling = await startProgram({ file: programOf('express-ceiling'), env });
  const db = new Client({ connectionString: databaseUrl });
  await db.connect();
  return {
    ...{ order, ceiling, token },
    async stored() {
      const { rows } = await db.query<{ count: string }>('SELECT count(*) AS count FROM orders');
      return Number(rows[0]?.count);
    },
    async stop() {
      await db.end();
      await Promise.all([order.stop(), ceiling.stop()]);
    },
  };
}

const programOf = (name: string) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));

async function makeDatabase(superuserUrl: string): Promise<string> {
  await asClient(superuserUrl, (client) => client.query('CREATE DATABASE baseline'));
  const url = new URL(superuserUrl);
  url.pathname = '/baseline';
  await asClient(url.href, (client) =>
    client.query(`CREATE TABLE orders (
      id uuid PRIMARY KEY,
      client text NOT NULL,
      consignee text NOT NULL,
      subject_kind text NOT NULL,
      subject_id text NOT NULL,
      reference text,
      record jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )`),
  );
  return url.href;
}

async function asClient(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await work(client).finally(() => client.end());
}

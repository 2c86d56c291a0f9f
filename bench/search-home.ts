/** A gateway whose database is full: built once, kept in a temporary folder, started again. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { Client } from 'pg';
import { createApiClient, type ApiClient } from '#src/bin/api-client.ts';
import { rootDir } from '#src/bin/settings.ts';
import { removeEngineData } from '#src/store/engine.ts';
import { orderFor } from '#test/support/orders.ts';
import { until } from '#test/support/wait.ts';
import { openPostgres, type Postgres } from './postgres.ts';
import { startProgram } from './program.ts';
import { buildTransfers, personOf } from './search-data.ts';

export interface FullGateway {
  url: string;
  /** Of the gateway's process. */
  pid: number;
  home: string;
  postgres: Postgres;
  /** A client of the embedded default, with all scopes of its role. */
  as: (client: string) => Promise<ApiClient>;
  auditor: ApiClient;
  stop: () => Promise<void>;
  /** Takes the database away, too: what was built has changed since. */
  remove: () => Promise<void>;
}

/** Who can be searched for, by the identifier that an EMR would send: from many orders to few. */
export const people = { common: 'person-0', rare: 'person-1' };
const consignee = 'engitech';

/**
 * Opens a gateway with `total` transfers in its database; what must be built takes minutes.
 * @param name those that are kept under one name are the same
 */
export async function openFullGateway(
  total: number,
  say: (line: string) => void,
  name = 'search',
): Promise<FullGateway> {
  const wanted = join(tmpdir(), `waybill-bench-${name}-${total}-${schemaDigest()}`);
  const built = join(wanted, 'built');
  if (existsSync(wanted) && !existsSync(built)) {
    await removeEngineData(wanted);
    rmSync(wanted, { recursive: true });
  }
  const isNew = !existsSync(wanted);
  mkdirSync(wanted, { recursive: true });
  const home = realpathSync(wanted);
  const program = await startProgram({
    ...{ file: join(rootDir, 'src/bin/waybill.ts'), args: ['serve'] },
    env: {
      ...{ WAYBILL_HOME: home, WAYBILL_CONSIGNEES: join(rootDir, 'consignees') },
      ...{ HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'warn' },
    },
  });
  const { url, pid } = program;
  const postgres = await openPostgres(home);
  const stop = async () => {
    await postgres.close();
    await program.stop();
  };
  const as = (clientId: string) => {
    const path = join(home, 'clients', `${clientId}.jwk.json`);
    const clientKey = JSON.parse(readFileSync(path, 'utf8')) as JWK;
    return createApiClient({ url, clientId, clientKey });
  };
  if (isNew) {
    await fill(home, { total, emr: await as('emr'), say });
    writeFileSync(built, '');
  } else if (!(await isFull(home))) {
    await stop();
    rmSync(built);
    say(`${name}: the transfers were lost in a crash; building them again`);
    return openFullGateway(total, say, name);
  }
  const remove = async () => {
    await stop();
    await removeEngineData(home);
    rmSync(home, { recursive: true });
  };
  return { url, pid, home, postgres, as, auditor: await as('auditor'), stop, remove };
}

async function fill(
  home: string,
  of: { total: number; emr: ApiClient; say: (line: string) => void },
): Promise<void> {
  const { total, emr, say } = of;
  const owner = new Client({
    connectionString: readFileSync(join(home, 'owner.url'), 'utf8').trim(),
  });
  await owner.connect();
  try {
    const known = new Map<number, string>();
    for (const [place, id] of Object.values(people).entries()) {
      known.set(personOf(total, place), await subjectOf(owner, emr, id));
    }
    await buildTransfers(owner, { total, now: new Date(), known, say });
  } finally {
    await owner.end();
  }
}

/** PostgreSQL empties what is unlogged after a crash. */
async function isFull(home: string): Promise<boolean> {
  const owner = new Client({
    connectionString: readFileSync(join(home, 'owner.url'), 'utf8').trim(),
  });
  await owner.connect();
  const { rowCount } = await owner.query(
    "SELECT FROM transfers WHERE id < uuid_floor(now() - interval '3 months') LIMIT 1",
  );
  await owner.end();
  return rowCount === 1;
}

/** The random id of a person, who is known from an order of theirs. */
async function subjectOf(owner: Client, emr: ApiClient, id: string): Promise<string> {
  const order = orderFor(consignee);
  const { chartNumber, ...record } = order.record as Record<string, unknown>;
  void chartNumber;
  const release = () =>
    emr.json<{ id: string }>('/v1/transfers', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `"${id}"` },
      body: JSON.stringify({ ...order, subject: { kind: 'patient', id }, record }),
    });
  // a gateway on a busy machine may say 503 in its first moments
  const released = await until('an order', () => release().catch(() => null));
  const { rows } = await owner.query<{ subject: string }>(
    'SELECT subject FROM transfers WHERE id = $1',
    [released.id],
  );
  return rows[0]?.subject ?? '';
}

/** Another schema, or other data, is another folder. */
function schemaDigest(): string {
  const hash = createHash('sha256');
  const migrations = join(rootDir, 'src/store/migrations');
  for (const name of readdirSync(migrations).sort())
    hash.update(readFileSync(join(migrations, name)));
  for (const name of ['search-data.ts', 'search-shapes.ts']) {
    hash.update(readFileSync(join(rootDir, 'bench', name)));
  }
  return hash.digest('hex').slice(0, 12);
}

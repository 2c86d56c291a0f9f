/**
 * The drill of backup and restoration: a base backup under load, log up to a moment, everything
 * killed, everything put back elsewhere; and an old backup alone, which must be refused.
 */
import { chown, mkdir, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { verifyGateway } from '#src/bin/verify.ts';
import { readPasswords, urlOf } from '#src/store/embedded/cluster.ts';
import { makePlace } from '#src/store/embedded/place.ts';
import { findPostmaster } from '#src/store/embedded/postmaster.ts';
import { removeEngineData, startEngine } from '#src/store/engine.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import { until } from '#test/support/wait.ts';
import { archiveLog, archiveNow, copyFolder, putBack, takeBase } from './base-backup.ts';
import { keyOf, killAll, startGatewayOf, type DrillGateway } from './gateway-process.ts';

export interface Drill {
  /** Everything is made in it. */
  folder: string;
  /** Sent before the base backup begins, and again after it has ended; more meanwhile. */
  orders: number;
  tell: (line: string) => void;
}

export interface Figures {
  acknowledged: number;
  restored: number;
  entries: number;
  faults: number;
  /** Whether a request of before was answered as it was then. */
  repeated: boolean;
  /** What the gateway said to a backup without the log after it. */
  refusal: string;
}

/** Does all of it, and removes what it made. */
export async function runDrill(drill: Drill): Promise<Figures> {
  const homes = ['home', 'restored', 'old'].map((name) => join(drill.folder, name));
  await Promise.all(homes.map((home) => mkdir(home, { recursive: true, mode: 0o700 })));
  try {
    return await run(drill, homes as [string, string, string]);
  } finally {
    killAll();
    for (const home of homes) await removeEngineData(home);
    await rm(drill.folder, { recursive: true, force: true });
  }
}

async function run(drill: Drill, [home, restored, old]: [string, string, string]) {
  const step = stepper(drill.tell);
  const [base, whole, early] = ['base', 'log', 'log-of-base'].map((name) =>
    join(drill.folder, name),
  ) as [string, string, string];
  const archive = await prepareEngine(home);
  const gateway = await startGatewayOf(home);
  step('a gateway on an engine that archives its log');
  const acknowledged: Acknowledged[] = [];
  await send(gateway, acknowledged, drill.orders);
  step(`${acknowledged.length} orders acknowledged`);
  const engine = await engineOf(home);
  let copied = false;
  const meanwhile = sendUntil(gateway, acknowledged, () => copied);
  await takeBase(engine.superuserUrl, engine.data, base);
  copied = true;
  await meanwhile;
  await copyFolder(archive, early, undefined);
  step(`base backup under load; ${acknowledged.length} orders acknowledged`);
  await send(gateway, acknowledged, drill.orders);
  const state = join(drill.folder, 'auditor.checkpoint');
  const before = await verify(gateway, home, state);
  await archiveNow(engine.superuserUrl);
  step(`${acknowledged.length} orders acknowledged, ${before.size} entries, log archived`);
  await gateway.kill();
  process.kill(engine.pid, 'SIGKILL');
  await copyFolder(archive, whole, undefined);
  step('gateway and database killed');
  const back = await putBackAt(restored, { home, base, log: whole });
  step(`restored with ${back.segments} segments of log, and started`);
  const after = await verify(back.gateway, home, state);
  const kept = await countOf(restored, acknowledged);
  const repeated = await isRepeated(back.gateway, acknowledged);
  await back.gateway.kill();
  step(`${kept} of ${acknowledged.length} orders are there; ${after.size} entries verified`);
  const refusal = await putBackAt(old, { home, base, log: early }).then(
    async ({ gateway: started }) => started.kill().then(() => ''),
    (error: unknown) => String(error),
  );
  step(`the backup without the log after it: ${refusal === '' ? 'STARTED' : 'refused'}`);
  return {
    ...{ acknowledged: acknowledged.length, restored: kept, entries: after.size },
    ...{ faults: after.faults.length, repeated, refusal },
  };
}

/** As every client does: a gateway that says 503 on a loaded machine is asked again. */
const patiently = <T extends object>(what: string, ask: () => Promise<T>) =>
  until(what, () => ask().catch(() => null), 120_000);

interface Acknowledged {
  key: string;
  id: string;
}

/** Where the engine archives its log: a folder that its user may write. */
async function prepareEngine(home: string): Promise<string> {
  const engine = await startEngine({ home, log: () => undefined });
  const place = await makePlace(await realpath(home));
  const archive = join(place.folder, 'archive');
  await mkdir(archive, { recursive: true, mode: 0o700 });
  if (place.user) await chown(archive, place.user.uid, place.user.gid);
  await archiveLog(engine.superuserUrl, archive);
  await engine.stop({ force: true });
  return archive;
}

async function engineOf(home: string) {
  const { data } = await makePlace(await realpath(home));
  const running = await findPostmaster(data);
  if (!running) throw new Error('the engine does not run');
  const superuserUrl = urlOf('superuser', await readPasswords(home), running.port, 'postgres');
  return { data, pid: running.pid, superuserUrl };
}

async function send(gateway: DrillGateway, acknowledged: Acknowledged[], count: number) {
  const goal = acknowledged.length + count;
  await sendUntil(gateway, acknowledged, () => acknowledged.length >= goal);
}

async function sendUntil(
  gateway: DrillGateway,
  acknowledged: Acknowledged[],
  isOver: () => boolean,
): Promise<void> {
  const emr = await patiently('a token', () => gateway.as('emr'));
  const lane = async () => {
    while (!isOver()) {
      const key = `drill-${crypto.randomUUID()}`;
      const order = posted(orderFor('engitech'), key);
      const { id } = await patiently('an order', () =>
        emr.json<{ id: string }>('/v1/transfers', order),
      );
      acknowledged.push({ key, id });
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
}

async function verify(gateway: DrillGateway, home: string, stateFile: string) {
  const vkey = (await readFile(join(home, 'ledger.vkey'), 'utf8')).trim();
  const clientKey = keyOf(home, 'auditor');
  const asked = { url: gateway.url, clientId: 'auditor', clientKey, vkey, stateFile };
  return patiently('the ledger', () => verifyGateway(asked));
}

/** Keys, clients and the kept checkpoint come from the old home, the data from the backup. */
async function putBackAt(to: string, from: { home: string; base: string; log: string }) {
  for (const name of await readdir(from.home)) {
    if (!/^(secrets|clients|consignees|contracts|ledger-checkpoint)$/.test(name)) continue;
    await copyFolder(join(from.home, name), join(to, name), undefined);
  }
  const place = await makePlace(await realpath(to));
  await putBack(from, place);
  const gateway = await startGatewayOf(to);
  return { gateway, segments: (await readdir(from.log)).length };
}

async function countOf(home: string, acknowledged: readonly Acknowledged[]): Promise<number> {
  const client = new Client({
    connectionString: (await readFile(join(home, 'database.url'), 'utf8')).trim(),
  });
  await client.connect();
  const { rows } = await client.query<{ count: number }>(
    'SELECT count(*)::integer FROM transfers WHERE id = ANY($1)',
    [acknowledged.map(({ id }) => id)],
  );
  await client.end();
  return rows[0]?.count ?? 0;
}

async function isRepeated(gateway: DrillGateway, acknowledged: readonly Acknowledged[]) {
  const last = acknowledged.at(-1);
  const emr = await gateway.as('emr');
  const again = posted(orderFor('engitech'), last?.key ?? '');
  const reply = await patiently('the repetition', () =>
    emr.json<{ id: string }>('/v1/transfers', again),
  );
  return reply.id === last?.id;
}

/** Tells what was done, and how long it took. */
function stepper(tell: Drill['tell']): (line: string) => void {
  let last = performance.now();
  return (line) => {
    const now = performance.now();
    tell(`${((now - last) / 1000).toFixed(1).padStart(6)} s  ${line}`);
    last = now;
  };
}

/**
 * The drill of a failover: gateways take orders on a primary whose every commit waits for a
 * synchronous standby; the primary is killed in mid-load, the standby is promoted, and everything
 * that anybody was told before must be true of it.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyGateway } from '#src/bin/verify.ts';
import { createBook } from '#test/faults/book.ts';
import { came, pause } from '#test/faults/pace.ts';
import { startProxy } from '#test/faults/proxy.ts';
import { watchLedger } from '#test/faults/watcher.ts';
import { startConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, spawnGateway, type GatewayProcess, type World } from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import { until } from '#test/support/wait.ts';
import { repeatAll, startLoad, type Acknowledged, type Load } from './failover-load.ts';
import { startServerPair, whyNoStandby, type PairedServer } from './server-pair.ts';

export interface Drill {
  /** Everything is made in it. */
  folder: string;
  /** Acknowledged before the kill, and again after it. */
  orders: number;
  lanes: number;
  /** Processes. */
  gateways: number;
  /** Between two looks at the primary: three in vain, and it is held for dead. */
  lookMs: number;
  tell: (line: string) => void;
}

export interface FailoverFigures {
  acknowledged: number;
  /** Requests that got no 202 at first. */
  repeated: number;
  refused: readonly string[];
  /** Acknowledged, and not in the database, not in the ledger, never delivered. */
  lost: { rows: number; entries: number; deliveries: number };
  /** Sent again with the same key, and answered byte by byte as before. */
  same: number;
  /** More transfers than were acknowledged: one order taken twice. */
  surplus: number;
  entries: number;
  faults: readonly string[];
  /** Checkpoints that an auditor saw, each of which continued the one before. */
  watched: number;
  /** What the old primary did with a write when it came back: it must not have committed. */
  zombieCommits: boolean;
  /** What a gateway says to an order once it is led to the old primary. */
  zombieAnswer: string;
  /** From the kill, in ms. */
  detectedMs: number;
  promotedMs: number;
  recoveredMs: number;
}

/** Does all of it, and removes what it made. A sentence: why it could not be done here. */
export async function runFailover(drill: Drill): Promise<FailoverFigures | string> {
  const opened: (() => Promise<unknown>)[] = [];
  await mkdir(drill.folder, { recursive: true });
  try {
    const why = await whyNoStandby(join(drill.folder, 'one'));
    return why ?? (await run(drill, (end) => opened.push(end)));
  } finally {
    for (const end of opened.toReversed()) await end();
    await rm(drill.folder, { recursive: true, force: true });
  }
}

async function run(drill: Drill, later: (end: () => Promise<unknown>) => void) {
  const step = stepper(drill.tell);
  const pair = await startServerPair(drill.folder);
  later(() => pair.close());
  const { primary, standby } = pair;
  const front = { leadsTo: primary };
  // Stands for the virtual address, or the HAProxy, of an installation: gateways know this alone.
  const address = await startProxy(() => front.leadsTo.port);
  later(() => address.close());
  const lab = await startConsigneeServer();
  later(() => lab.close());
  const world = await worldOf(primary, address.port, lab.url);
  later(() => world.close());
  const gateways = await startGateways(drill, world);
  later(() => Promise.all(gateways.map((gateway) => gateway.kill('SIGKILL'))));
  step(`a primary, its synchronous standby, gateways: ${gateways.length}`);

  const book = createBook();
  const auditing = await auditorOf(world, gateways.at(-1) ?? gateways[0]);
  const watch = new AbortController();
  const watching = watchLedger({ book, ...auditing }, watch.signal);
  const load = startLoad(gateways, drill);
  await taken(load, drill.orders);
  const stateFile = join(drill.folder, 'auditor.checkpoint');
  const before = await verify(world, gateways[0], auditing.vkey, stateFile);
  step(`${load.acknowledged.length} orders acknowledged, ${before.size} entries verified`);

  const leadTo = (to: PairedServer) => void (front.leadsTo = to);
  const times = await failOver({ ...drill, primary, standby, load, leadTo });
  step('primary killed, standby promoted, orders are taken again');
  await taken(load, load.acknowledged.length + drill.orders);
  await load.stop();
  const { acknowledged } = load;
  step(`${acknowledged.length} orders acknowledged, ${load.repeated} requests repeated meanwhile`);

  const lost = await lostOf(standby, acknowledged, () => lab.received);
  const same = await repeatAll(gateways[0], acknowledged);
  watch.abort();
  await watching;
  const after = await verify(world, gateways[0], auditing.vkey, stateFile);
  const transfers = (await standby.value<string>('SELECT count(*) FROM transfers')) ?? 0;
  step(`${same} of ${acknowledged.length} repeated as before; ${after.size} entries verified`);
  const zombieCommits = await comesBack(primary);
  step(`the old primary came back alone: ${zombieCommits ? 'IT COMMITTED' : 'commits nothing'}`);
  leadTo(primary);
  address.behave({ kind: 'refuse' });
  address.behave({ kind: 'pass' });
  const zombieAnswer = await until('a gateway to notice', () => doubtOf(gateways[0]), 60_000);
  step(`a gateway that is led to it: ${zombieAnswer}`);
  return {
    ...{ acknowledged: acknowledged.length, repeated: load.repeated, refused: load.refused },
    ...{ lost, same, surplus: Number(transfers) - acknowledged.length, entries: after.size },
    faults: [...before.faults, ...after.faults]
      .map(({ index, problem }) => `${index}: ${problem}`)
      .concat(book.failures),
    watched: book.counts.get('checkpoints watched') ?? 0,
    ...{ zombieCommits, zombieAnswer, ...times },
  };
}

function worldOf(primary: PairedServer, port: number, pushUrl: string): Promise<World> {
  return makeWorld({
    database: {
      url: primary.url('gateway', port),
      ownerUrl: primary.url('owner', port),
      superuserUrl: '',
      drop: async () => undefined,
    },
    pushUrls: { samkwang: pushUrl },
    env: { LOG_LEVEL: 'warn' },
  });
}

/** Each keeps its own newest checkpoint outside the database, as on machines of their own. */
async function startGateways({ folder, gateways }: Drill, world: World) {
  const started = Array.from({ length: gateways }, (_, at) =>
    spawnGateway(world, { WAYBILL_LEDGER_CHECKPOINT: join(folder, `checkpoint-${at}`) }),
  );
  return Promise.all(started) as Promise<[GatewayProcess, ...GatewayProcess[]]>;
}

async function auditorOf(world: World, gateway: GatewayProcess) {
  const auditor = await gateway.as('auditor');
  const { vkey } = await auditor.json<{ vkey: string }>('/v1/ledger/key');
  return { auditor, vkey };
}

function verify(world: World, { url }: GatewayProcess, vkey: string, stateFile: string) {
  const clientKey = world.keys.get('auditor') ?? {};
  const asked = { url, clientId: 'auditor', clientKey, vkey, stateFile };
  return until('the ledger', () => verifyGateway(asked).catch(() => null), 120_000);
}

const taken = (load: Load, count: number) =>
  until(`${count} orders`, () => load.acknowledged.length >= count, 300_000);

const looks = 3;
const lookMsMax = 1_000;

/** What Patroni does by itself: sees that the primary is gone, promotes, and moves the address. */
async function failOver(of: {
  primary: PairedServer;
  standby: PairedServer;
  load: Load;
  lookMs: number;
  leadTo: (server: PairedServer) => void;
}) {
  const { primary, standby, load, lookMs } = of;
  const killedAt = await primary.kill();
  load.mark(killedAt);
  const since = () => performance.now() - killedAt;
  for (let missed = 0; missed < looks;) {
    await pause(lookMs);
    const answer = await primary.value('SELECT true', lookMsMax).catch(() => false);
    missed = answer ? 0 : missed + 1;
  }
  const detectedMs = since();
  await standby.value('SELECT pg_promote()');
  of.leadTo(standby);
  const promotedMs = since();
  await until('an order after the kill', () => load.firstAfter !== null, 120_000);
  return { detectedMs, promotedMs, recoveredMs: (load.firstAfter ?? Infinity) - killedAt };
}

/** Asked of the new primary, and of the consignee, once all has had time to get there. */
async function lostOf(
  server: PairedServer,
  acknowledged: readonly Acknowledged[],
  received: () => readonly { body: { transfer: string } }[],
) {
  const ids = acknowledged.map(({ id }) => id);
  const list = `'{${ids.join(',')}}'::uuid[]`;
  const missing = async (sql: string) => ids.length - Number(await server.value<string>(sql));
  const entered = () =>
    missing(`SELECT count(*) FROM transfers WHERE id = ANY (${list}) AND entry IS NOT NULL`);
  const undelivered = () => {
    const arrived = new Set(received().map(({ body }) => body.transfer));
    return ids.filter((id) => !arrived.has(id)).length;
  };
  // The end of a lease that died with its push is not waited for: the database's time decides it.
  await server.value(`UPDATE transfers SET due_at = now() WHERE status = 'sending'`);
  await came(async () => (await entered()) === 0 && undelivered() === 0, 120_000);
  return {
    rows: await missing(`SELECT count(*) FROM transfers WHERE id = ANY (${list})`),
    entries: await entered(),
    deliveries: undelivered(),
  };
}

const zombieMsMax = 3_000;

/** Nobody has fenced it: its commits wait for a standby that follows it no more. */
async function comesBack(old: PairedServer): Promise<boolean> {
  await old.startAgain();
  return old.value('CREATE TABLE written_by_a_zombie ()', zombieMsMax).then(
    () => true,
    () => false,
  );
}

/** Why it takes no orders, where it says more than that the database is away. */
async function doubtOf(gateway: GatewayProcess): Promise<string | null> {
  const emr = await gateway.as('emr');
  const sent = emr.fetch('/v1/transfers', posted(orderFor('samkwang'), crypto.randomUUID()));
  const reply = await sent
    .then((one) => one.json() as Promise<{ code?: string }>)
    .catch(() => null);
  return reply?.code === undefined || reply.code === 'DATABASE_UNAVAILABLE' ? null : reply.code;
}

/** Tells what was done, and how long it took. */
function stepper(tell: Drill['tell']): (line: string) => void {
  let last = performance.now();
  return (line) => {
    const now = performance.now();
    tell(`${((now - last) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
    last = now;
  };
}

/** All that runs in a trial: PostgreSQL, gateways, consignees, the lines between, clients. */
import { readdirSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seoulDate } from '#src/base/seoul.ts';
import { createApiClient, type ApiClient } from '#src/bin/api-client.ts';
import { signedTree, type Envelope } from '#src/bin/demo/verifier.ts';
import { pick, randomOf } from '#test/fuzz/random.ts';
import { makeWorld, type World } from '#test/support/gateway.ts';
import { createBook, fail, noteCheckpoint, type Book } from './book.ts';
import { createCareful, type Careful } from './careful.ts';
import { startSlot, type Slot } from './gateways.ts';
import { pause, within } from './pace.ts';
import { absent, castParties, everybody, hurry, pulling, pushed, type Party } from './parties.ts';
import { startPostgres, type Postgres } from './postgres.ts';
import { startProxy, type FaultProxy } from './proxy.ts';
import { startPushServer, type PushServer } from './push-servers.ts';

export interface System {
  folder: string;
  book: Book;
  postgres: Postgres;
  world: World;
  slots: Slot[];
  pushServers: PushServer[];
  /** The door of the gateways: each connection leads to one that is ready. */
  front: FaultProxy;
  url: string;
  vkey: string;
  parties: ReadonlyMap<string, Party>;
  auditor: ApiClient;
  emr: ApiClient;
  calls: ReadonlyMap<string, Careful>;
  today: string;
  /** Between faults everybody behaves. */
  calm: { is: boolean };
  isCovered: (envelope: Envelope) => Promise<void>;
  close(): Promise<void>;
}

export interface SystemSettings {
  seed: number;
  /** Where logs go. */
  folder: string;
  processes: number;
  smallDisk: boolean;
}

const readyMsMax = 60_000;

/** Starts all of it, whole or not at all. */
export async function startSystem(settings: SystemSettings): Promise<System> {
  const { folder, smallDisk } = settings;
  const opened: (() => Promise<void>)[] = [];
  const keep = <T extends { close(): Promise<void> }>(one: T): T => {
    opened.push(() => one.close());
    return one;
  };
  const close = async () => {
    for (const end of opened.toReversed()) await end();
  };
  try {
    await mkdir(folder, { recursive: true });
    const postgres = keep(await startPostgres(join(folder, 'engine'), { smallDisk }));
    return { ...(await raise(settings, postgres, keep)), folder, postgres, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function raise(
  { seed, folder, processes }: SystemSettings,
  postgres: Postgres,
  keep: <T extends { close(): Promise<void> }>(one: T) => T,
) {
  const book = createBook();
  const calm = { is: true };
  const random = randomOf(seed, 1_000_000);
  // The driver's own way to the database, which never fails by itself.
  const direct = keep(await startProxy(postgres.port));
  const slots: Slot[] = [];
  const ready = () => slots.map((slot) => slot.port()).filter((port) => port !== null);
  const front = keep(await startProxy(() => (ready().length > 0 ? pick(random, ready()) : null)));
  const url = `http://127.0.0.1:${front.port}`;
  const looking: { world?: World } = {};
  const isCovered = (envelope: Envelope) => cover(book, looking.world, envelope);
  const pushServers: PushServer[] = [];
  for (const [at, consignee] of pushed.entries()) {
    const deps = { book, isCovered, isCalm: () => calm.is, random: randomOf(seed, 2_000_000 + at) };
    pushServers.push(keep(await startPushServer(deps, consignee)));
  }
  const world = keep(
    await makeWorld({
      database: {
        url: postgres.url('gateway', direct.port),
        ownerUrl: postgres.url('owner', direct.port),
        superuserUrl: '',
        drop: async () => undefined,
      },
      pushUrls: Object.fromEntries(pushServers.map((one) => [one.consignee, one.url])),
      editConsignee: hurry,
      env: {
        PUBLIC_URL: url,
        LOG_LEVEL: 'info',
        // Hundreds of starts: they need not strip and compile the same files each time.
        NODE_COMPILE_CACHE:
          process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'waybill-faults-compiled'),
      },
    }),
  );
  looking.world = world;
  leaveOut(world);
  for (let at = 0; at < processes; at += 1) {
    const slot = {
      ...{ name: `gateway-${at}`, env: world.env, folder, postgresPort: postgres.port },
      databaseUrl: (port: number) => postgres.url('gateway', port),
      onFault: (problem: string) => fail(book, problem),
    };
    slots.push(keep(await startSlot(slot)));
  }
  for (const slot of slots) {
    if (!(await slot.ready(readyMsMax))) throw new Error(`${slot.name} does not start: ${folder}`);
  }
  const signIn = (clientId: string) =>
    createApiClient({ url, clientId, clientKey: world.keys.get(clientId) ?? {} });
  const auditor = await signIn('auditor');
  const { vkey } = await auditor.json<{ vkey: string }>('/v1/ledger/key');
  return {
    ...{ book, world, slots, pushServers, front, url, auditor, vkey, calm, isCovered },
    emr: await signIn('emr'),
    parties: castParties(world, vkey),
    calls: await careful(book, world, url),
    today: seoulDate(Date.now()),
  };
}

/** Who does not play is not read at each start. */
function leaveOut({ consigneesDir, contractsDir }: World): void {
  for (const file of readdirSync(consigneesDir)) {
    const id = /^(.*)\.yaml$/.exec(file)?.[1];
    if (id === undefined || everybody.includes(id)) continue;
    rmSync(join(consigneesDir, file));
    rmSync(join(contractsDir, id), { recursive: true, force: true });
  }
}

/** Everybody's own way to the door, and what each may be told for good. */
async function careful(book: Book, world: World, url: string) {
  const who: [string, string, readonly string[]][] = [
    ['emr', 'emr', []],
    ...everybody
      .filter((id) => id !== absent)
      .map((id): [string, string, string[]] => [
        id,
        id,
        pulling.includes(id) ? ['LEASE_LOST'] : [],
      ]),
    ['snoop', 'samkwang', ['NOT_FOUND']],
  ];
  const made = who.map(async ([name, clientId, refusals]): Promise<[string, Careful]> => {
    const clientKey = world.keys.get(clientId) ?? {};
    return [name, await createCareful(book, { url, clientId, clientKey, refusals })];
  });
  return new Map(await Promise.all(made));
}

const lookMsMax = 400;

/** At the moment in which bytes are here, the checkpoint that covers them is durable. */
async function cover(
  book: Book,
  world: World | undefined,
  { transfer, proof }: Envelope,
): Promise<void> {
  const [, size = ''] = proof.checkpoint.split('\n');
  const ask = world?.db.query('SELECT FROM checkpoints WHERE size = $1 AND size > $2', [
    size,
    proof.index,
  ]);
  const found = ask && (await within(lookMsMax, ask).catch(() => null));
  if (found && found.rows.length !== 1) {
    fail(book, `bytes of ${transfer} were here before a checkpoint covered them`);
  }
}

/** Also what a proof shows of the ledger has to be the one ledger. */
export function noteProof(book: Book, vkey: string, { proof }: Envelope): void {
  const { size, root } = signedTree(vkey, proof.checkpoint);
  noteCheckpoint(book, { size, root: root.toString('hex') });
}

/** Waits until all gateways serve; false when they do not come. */
export async function allReady(system: System, limitMs: number): Promise<boolean> {
  await pause(10);
  const came = await Promise.all(system.slots.map((slot) => slot.ready(limitMs)));
  return came.every(Boolean);
}

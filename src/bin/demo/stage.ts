/**
 * Everything that a play needs: a home, seventeen simulated consignees, and a gateway between them.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readSecret } from '#src/base/secrets.ts';
import { seoulDate } from '#src/base/seoul.ts';
import type { ApiClient } from '../api-client.ts';
import { rootDir } from '../settings.ts';
import { enrol, noteArrived, openBook, type Book } from './book.ts';
import { call, signIn, type Schemas } from './calls.ts';
import { pullUntil, type PullClient } from './consignee-pull.ts';
import { startPushServer, type PushServer } from './consignee-push.ts';
import { createConsignee, openDesk, type Consignee } from './consignee.ts';
import { ledgerSize } from './ledger.ts';
import type { DemoOptions } from './options.ts';
import { castParts, openHome, writeConsignees, type Home } from './place.ts';
import { freePort, startGateway } from './process.ts';
import type { Progress } from './progress.ts';
import type { SubjectKind } from './records.ts';

export interface StageDeps {
  options: DemoOptions;
  progress: Progress;
  /** Aborted when the play ends, for whatever reason. */
  end: AbortController;
  /** Run in reverse order when it has. */
  closers: (() => Promise<void>)[];
}

export interface Stage {
  home: Home;
  url: string;
  book: Book;
  vkey: string;
  /** The names of this run's requests begin with it. */
  run: string;
  emr: ApiClient;
  auditor: ApiClient;
  /** Whom each consignee's contract is about. */
  subjects: ReadonlyMap<string, SubjectKind>;
  consignees: Consignee[];
  servers: PushServer[];
  pullers: PullClient[];
  /** Entries of the ledger before the play. */
  entriesBefore: number;
  today: () => string;
  /** Lets a loop run beside the play; if it fails, the play ends. */
  beside: (loop: Promise<void>) => void;
}

const portDefault = 8080;

/** Sets everything up; what was begun is in `closers`, also when this throws. */
export async function setStage(deps: StageDeps): Promise<Stage> {
  const { options, progress, end, closers } = deps;
  const today = () => seoulDate(Date.now());
  progress.say('preparing a home, and an address on loopback for every consignee');
  const home = await openHome(options.once, process.env['WAYBILL_HOME']);
  if (options.once) closers.push(() => home.remove());
  const address = await chooseAddress(deps, home);
  const parts = castParts(home, join(rootDir, 'consignees'));
  const beside = (loop: Promise<void>) => {
    const ended = loop.catch((error: unknown) => end.abort(error));
    closers.push(() => ended);
  };

  const book = openBook();
  const consignees = parts.map((part) =>
    createConsignee(part, {
      ...{ today, signal: end.signal },
      accepted: (id, transfer, accepted) => noteArrived(book, id, transfer, accepted),
      failed: (error) => end.abort(error),
    }),
  );
  const pushed = consignees.filter(({ part }) => part.channel === 'push');
  const servers = await Promise.all(pushed.map(startPushServer));
  closers.push(async () => void (await Promise.all(servers.map((server) => server.close()))));
  const urls = new Map(servers.map(({ consignee, url }) => [consignee.id, url]));
  writeConsignees(home, parts, (id) => urls.get(id) ?? '');

  const url = await openGateway(deps, home, address);
  const vkey = readSecret(join(home.path, 'ledger.vkey')) ?? '';
  const at = { home: home.path, url };
  const [emr, auditor] = await Promise.all([signIn(at, 'emr'), signIn(at, 'auditor')]);
  const entriesBefore = await ledgerSize({ auditor, vkey });
  const subjects = await openDesks({ ...deps, at, book, auditor, vkey }, consignees);
  const pullers = consignees
    .filter(({ part }) => part.channel === 'pull')
    .map((consignee): PullClient => ({ consignee, firstItem: null }));
  for (const puller of pullers) {
    if (puller.consignee.desk) beside(pullUntil(puller, puller.consignee.desk, end.signal));
  }
  return {
    ...{ home, url, book, vkey, emr, auditor, subjects, consignees, servers, pullers },
    ...{ run: randomBytes(6).toString('hex'), entriesBefore, today, beside },
  };
}

/** Every consignee signs in and reads its contract; nothing is taken over before that. */
async function openDesks(
  deps: {
    at: { home: string; url: string };
    book: Book;
    auditor: ApiClient;
    vkey: string;
    end: AbortController;
  },
  consignees: readonly Consignee[],
): Promise<ReadonlyMap<string, SubjectKind>> {
  const { at, book, auditor, vkey, end } = deps;
  const opened = await Promise.all(
    consignees.map(async ({ id, part }) => {
      const desk = await openDesk(part, await signIn(at, id), vkey);
      return { desk, subject: await subjectOf(auditor, desk.contract.contract, end.signal) };
    }),
  );
  for (const [index, consignee] of consignees.entries()) {
    const { desk } = opened[index]!;
    const { contract, items } = desk.contract;
    const codes = items.map(({ item }) => item);
    const { id, channel } = consignee.part;
    enrol(book, { consignee: id, channel, contract, items: codes });
    consignee.desk = desk;
  }
  return new Map(consignees.map(({ id }, index) => [id, opened[index]!.subject]));
}

interface Address {
  host: string;
  port: number;
}

/**
 * Loopback and any free port for one play; else HOST and PORT, or a free one where it is in use.
 */
async function chooseAddress({ options, progress }: StageDeps, home: Home): Promise<Address> {
  if (options.once) return { host: '127.0.0.1', port: 0 };
  const host = process.env['HOST'] || '127.0.0.1';
  const wanted = Number(process.env['PORT'] || portDefault);
  if (!(wanted >= 0 && wanted <= 65_535)) throw new Error('PORT: must be from 0 to 65535');
  const port = await freePort(wanted, host);
  if (wanted !== 0 && port === 0) {
    await assertNotOurs(home, `http://127.0.0.1:${wanted}`);
    progress.say(`port ${wanted} is in use: taking a free one`);
  }
  return { host, port };
}

async function openGateway(deps: StageDeps, home: Home, address: Address): Promise<string> {
  const { progress, end, closers } = deps;
  end.signal.throwIfAborted();
  progress.say('starting the gateway, a process of its own, on an embedded PostgreSQL');
  const gateway = startGateway({
    ...{ home: home.path, consigneesDir: home.consigneesDir, ...address },
    onLine: (line) => progress.say(`gateway: ${line}`),
  });
  closers.push(() => gateway.stop());
  gateway.lost.catch((error: unknown) => end.abort(error));
  const ended = new Promise<never>((_, reject) => {
    end.signal.addEventListener('abort', () => reject(end.signal.reason as Error), { once: true });
  });
  ended.catch(() => undefined);
  return Promise.race([gateway.ready, ended]);
}

/** A gateway that serves the same home would push to the shipped addresses, where nobody is. */
async function assertNotOurs({ path }: Home, url: string): Promise<void> {
  const reply = await signIn({ home: path, url }, 'emr')
    .then((api) => api.fetch('/v1/transfers?limit=1'))
    .catch(() => null);
  if (reply?.ok) {
    throw new Error(
      `a gateway of ${path} runs at ${url}: stop it first, or name another home by WAYBILL_HOME`,
    );
  }
}

async function subjectOf(auditor: ApiClient, contract: string, signal: AbortSignal) {
  const path = `/v1/contracts/${contract.replace('.v', '/versions/')}`;
  const { text } = await call<Schemas['ContractVersion']>(auditor, { path, signal });
  return text['subject'] as SubjectKind;
}

/**
 * What one transfer costs PostgreSQL in its whole life, in units that can be multiplied: log,
 * flushes, commits, rows on disk, processor time. docs/scale.md is made of these figures.
 */
import { until } from '#test/support/wait.ts';
import { commitRates } from './commit-rate.ts';
import { shippedConsignees, withGateway } from './gateway.ts';
import { assertRecorded, countSyncs } from './guarantees.ts';
import { startGenerator } from './load/start.ts';
import { rounded, spread, type Benchmark, type Figures } from './measure.ts';
import type { Postgres } from './postgres.ts';
import { cpuSecondsOf } from './processes.ts';

const lanes = 128;

export const scale: Benchmark = {
  name: 'scale',
  async run({ quick, say }): Promise<Figures> {
    const units = await unitsOf(
      quick ? { warm: 5, idle: 5, busy: 12 } : { warm: 10, idle: 20, busy: 40 },
    );
    say('scale: one transfer is measured; now one commit');
    return { ...units, ...(await commitRates({ rounds: quick ? 1 : 5, seconds: quick ? 1 : 4 })) };
  },
};

/** How long rows stay, by table; every other table is kept for years. */
const passing: Readonly<Record<string, 'payload' | 'reply' | 'other'>> = {
  ...{ payloads: 'payload', idempotency_keys: 'reply' },
  ...{ submissions: 'other', events: 'other', assertion_replays: 'other', processes: 'other' },
};

/** Everything that only grows, at one moment. */
interface Reading {
  wal: number;
  images: number;
  flushes: number;
  commits: number;
  entries: number;
  gatewayCpu: number;
  postgresCpu: number;
  bytes: Readonly<Record<'payload' | 'reply' | 'kept', number>>;
}

async function unitsOf(seconds: { warm: number; idle: number; busy: number }): Promise<Figures> {
  const generator = startGenerator();
  try {
    const { url: consignee } = await generator.run({ kind: 'listen' });
    const urls = new Map(shippedConsignees.map((id) => [id, `${consignee}/${id}`]));
    return await withGateway({ urls }, async ({ url, pid, postgres, as }) => {
      const emr = await as('emr');
      let accepted = 0;
      const go = async (run: number, of: { seconds: number; windows: number }) => {
        const token = await emr.bearer();
        const job = { url, token, consignees: shippedConsignees, run, lanes, restMs: 0, ...of };
        const flowed = await generator.run({ kind: 'flow', ...job });
        accepted += flowed.accepted;
        await until('every transfer to be settled', () => isSettled(postgres), 120_000);
        await postgres.sequenced();
        return flowed;
      };
      const look = () => read(postgres, pid);
      await go(1, { seconds: seconds.warm, windows: 1 });
      await makeDue(postgres);
      await purged(postgres);
      await postgres.rows('VACUUM FULL');
      const quiet = await look();
      await rest(seconds.idle);
      const before = await look();
      const { accepted: count, perSecond } = await go(2, { seconds: seconds.busy, windows: 4 });
      const taken = await look();
      await assertRecorded(postgres, accepted);
      await makeDue(postgres);
      const due = await look();
      await purged(postgres);
      const ended = await look();
      await postgres.rows('VACUUM FULL');
      const packed = await look();
      return {
        ...{ transfers: count, consignees: shippedConsignees.length },
        'delivered and settled/s': spread(perSecond),
        ...idleFigures(quiet, before, seconds.idle),
        ...lifeFigures({ before, taken, due, ended }, count),
        ...diskFigures({ before, taken, ended, packed }, count),
      };
    });
  } finally {
    generator.stop();
  }
}

const isSettled = async (postgres: Postgres) =>
  (await postgres.value(`SELECT count(*) FROM transfers WHERE status <> 'delivered'`)) === 0;

/** What a gateway costs that has nothing to do. */
function idleFigures(from: Reading, to: Reading, seconds: number): Figures {
  return {
    'idle gateway: commits/s': rounded((to.commits - from.commits) / seconds),
    'idle gateway: log flushes/s': rounded((to.flushes - from.flushes) / seconds),
    'idle gateway: log, bytes/s': rounded((to.wal - from.wal) / seconds),
  };
}

function lifeFigures(
  { before, taken, due, ended }: Record<'before' | 'taken' | 'due' | 'ended', Reading>,
  count: number,
): Figures {
  type Counted = Exclude<keyof Reading, 'bytes'>;
  const end = (key: Counted) => (ended[key] - due[key]) / count;
  const whole = (key: Counted) => (taken[key] - before[key]) / count + end(key);
  return {
    'entries per transfer': rounded(whole('entries')),
    'log, bytes per transfer': rounded(whole('wal')),
    'of these to destroy it': rounded(end('wal')),
    'full-page images per transfer': rounded(whole('images')),
    'log flushes per transfer': rounded(whole('flushes')),
    'commits per transfer': rounded(whole('commits')),
    'gateway CPU s per 1,000': rounded(whole('gatewayCpu') * 1_000),
    'PostgreSQL CPU s per 1,000': rounded(whole('postgresCpu') * 1_000),
  };
}

function diskFigures(
  { before, taken, ended, packed }: Record<'before' | 'taken' | 'ended' | 'packed', Reading>,
  count: number,
): Figures {
  const per = (kind: keyof Reading['bytes'], at: Reading) =>
    rounded((at.bytes[kind] - before.bytes[kind]) / count);
  return {
    'on disk, sealed payload, bytes per transfer': per('payload', taken),
    'on disk, reply kept for a repetition, bytes per transfer': per('reply', taken),
    'on disk, kept for years, as it grew, bytes per transfer': per('kept', ended),
    'the same, packed, bytes per transfer': per('kept', packed),
  };
}

const sizes = `SELECT coalesce(parent.relname, own.relname) AS name,
    sum(pg_total_relation_size(own.oid))::float8 AS bytes
  FROM pg_class AS own LEFT JOIN pg_inherits ON inhrelid = own.oid
    LEFT JOIN pg_class AS parent ON parent.oid = inhparent
  WHERE own.relkind = 'r' AND own.relnamespace = 'public'::regnamespace GROUP BY 1`;

async function read(postgres: Postgres, gatewayPid: number): Promise<Reading> {
  const bytes = { payload: 0, reply: 0, kept: 0, other: 0 };
  for (const table of await postgres.rows<{ name: string; bytes: number }>(sizes)) {
    bytes[passing[table.name] ?? 'kept'] += table.bytes;
  }
  const counted = `FROM pg_stat_database WHERE datname = current_database()`;
  return {
    wal: await postgres.value(`SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn`),
    images: await postgres.value('SELECT wal_fpi FROM pg_stat_wal'),
    flushes: await countSyncs(postgres),
    commits: await postgres.value(`SELECT xact_commit ${counted}`),
    entries: await postgres.value('SELECT size FROM tree_head'),
    gatewayCpu: cpuSecondsOf(gatewayPid),
    postgresCpu: cpuSecondsOf(postgres.pid),
    bytes,
  };
}

/** As seven days later. */
const makeDue = (postgres: Postgres) =>
  postgres.rows('UPDATE transfers SET purge_at = now() WHERE purge_at IS NOT NULL');

/** Everything that has ended loses its payload, each by an entry of its own. */
async function purged(postgres: Postgres): Promise<void> {
  const none = async () => (await postgres.value('SELECT count(*) FROM payloads')) === 0;
  await until('every payload to be destroyed', none, 600_000);
  await postgres.sequenced();
}

const rest = (seconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, seconds * 1_000));

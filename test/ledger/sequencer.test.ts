import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { signCheckpoint } from '#src/ledger/note.ts';
import { openLedger } from '#src/ledger/open.ts';
import { provenRoot } from '#src/ledger/proofs.ts';
import type { Covered, SequencerStep } from '#src/ledger/sequencer.ts';
import { submit } from '#src/ledger/submit.ts';
import { append, frontier, leafHash, rootOf } from '#src/ledger/tree.ts';
import type { Edge } from '#src/ledger/tree.ts';
import { openDatabase } from '#src/store/pool.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { allEntries, now, openTestLedger } from './fixture.ts';
import type { TestLedger } from './fixture.ts';
import { ledgerKey, released } from './support.ts';

let ledger: TestLedger;
const open = async (): Promise<void> => {
  ledger = await openTestLedger();
};
const close = (): Promise<void> => ledger.close();

describe('a round', () => {
  beforeEach(open);
  afterEach(close);

  test('numbers what was submitted, in its order, under one signed checkpoint', async () => {
    const ids = await ledger.submitMany(5);
    expect(await ledger.sequencerOf().sequenceOnce()).toBe(5);
    await ledger.expectWhole(5);
    const transfers = (await allEntries(ledger.reader)).map(
      ({ leaf }) => (JSON.parse(leaf.toString()) as { transfer: string }).transfer,
    );
    expect(transfers).toEqual(ids);
    expect((await ledger.db.query('SELECT id FROM submissions')).rows).toEqual([]);
  });

  test('with nothing to do signs nothing', async () => {
    expect(await ledger.sequencerOf().sequenceOnce()).toBe(0);
    expect((await ledger.reader.latestCheckpoint()).size).toBe(0);
    await ledger.expectWhole(0);
  });

  test('takes no more than it may, and goes on where it stopped', async () => {
    await ledger.submitMany(700);
    const sequencer = ledger.sequencerOf({}, { batchMax: 300 });
    const counts = [];
    for (let count = -1; count !== 0;) counts.push((count = await sequencer.sequenceOnce()));
    expect(counts).toEqual([300, 300, 100, 0]);
    await ledger.expectWhole(700);
  });

  test('is quick also where statistics were made while nothing waited', async () => {
    const fill = (count: number) => `INSERT INTO submissions (kind, leaf, detail)
      SELECT 'purged', decode(repeat('ab', 300), 'hex'), '' FROM generate_series(1, ${count})`;
    await ledger.asOwner(async (owner) => {
      await owner.query(fill(100));
      await owner.query('DELETE FROM submissions');
      await owner.query('ANALYZE submissions');
      await owner.query(fill(10_000));
    });
    const sequencer = ledger.sequencerOf({}, { batchMax: 2_000 });
    // Pair by pair it would end with the time of a statement.
    expect(await sequencer.sequenceOnce()).toBe(2_000);
  });

  test('tells what it covered, in the same transaction', async () => {
    const ids = await ledger.submitMany(3);
    const told: Covered[] = [];
    const onCovered = async (_: unknown, covered: readonly Covered[]): Promise<void> => {
      told.push(...covered);
      expect((await ledger.reader.latestCheckpoint()).size).toBe(0);
    };
    await ledger.sequencerOf({ onCovered }).sequenceOnce();
    expect(told).toEqual(ids.map((owner, index) => ({ kind: 'released', owner, index })));
  });

  test('leaves alone what another transaction is still submitting', async () => {
    const late = randomUUID();
    await ledger.db.transaction(async (tx) => {
      await submit(tx, [{ entry: released(late), owner: late }]);
      await ledger.submitMany(2);
      expect(await ledger.sequencerOf().sequenceOnce()).toBe(2);
    });
    expect(await ledger.sequencerOf().sequenceOnce()).toBe(1);
    expect(await ledger.reader.trail(late)).toMatchObject([{ index: 2 }]);
    await ledger.expectWhole(3);
  });

  test('goes on over the end of a partition, and makes the one after the next', async () => {
    const size = 4_194_303;
    const some = (count: number): Buffer[] => Array.from({ length: count }, () => randomBytes(32));
    const edge: Edge = { size, levels: [some(255), some(255), some(63)] };
    const tree = { size, root: rootOf(frontier(edge)) };
    await ledger.asOwner(async (owner) => {
      await owner.query('DELETE FROM checkpoints');
      await owner.query('UPDATE tree_head SET size = $1, frontier = $2', [
        size,
        Buffer.concat(frontier(edge)),
      ]);
      await owner.query(
        'INSERT INTO checkpoints (size, root, note, hashes) VALUES ($1, $2, $3, $4)',
        [size, tree.root, signCheckpoint(ledgerKey, tree), Buffer.concat(edge.levels[0]!)],
      );
      for (const [level, first] of [
        [0, 16_383 - 255],
        [1, 0],
      ] as const) {
        const roots = edge.levels[level + 1]!;
        await owner.query(
          `INSERT INTO tiles SELECT $1, $2 + place - 1, $3, root
           FROM unnest($4::bytea[]) WITH ORDINALITY AS r (root, place)`,
          [level, first, Buffer.alloc(8192), roots],
        );
      }
    });
    await openLedger({ db: ledger.db, key: ledgerKey, now });
    await ledger.submitMany(3);
    expect(await ledger.sequencerOf().sequenceOnce()).toBe(3);
    const { rows } = await ledger.db.query<{ leaf: Buffer }>(
      'SELECT leaf FROM entries ORDER BY index',
    );
    const leaves = rows.map(({ leaf }) => leafHash(leaf));
    const grown = append(edge, leaves);
    expect(grown.tiles.map(({ level, index }) => [level, index])).toEqual([
      [0, 16_383],
      [1, 63],
    ]);
    const latest = await ledger.reader.latestCheckpoint();
    expect(latest).toMatchObject({ size: size + 3, root: rootOf(frontier(grown.edge)) });
    const { hashes } = await ledger.reader.inclusion({ index: size + 2 });
    expect(provenRoot(latest.size, size + 2, leaves[2]!, hashes)).toEqual(latest.root);
    const partitions = await ledger.db.query('SELECT to_regclass($1) IS NOT NULL AS there', [
      'entries_2',
    ]);
    expect(partitions.rows).toEqual([{ there: true }]);
  });
});

describe('two sequencers on one database', () => {
  beforeEach(open);
  afterEach(close);

  test('racing give one consistent tree and lose nothing', async () => {
    const other = openDatabase({ url: ledger.fresh.url });
    const batchMax = { batchMax: 40 };
    const pair = [ledger.sequencerOf({}, batchMax), ledger.sequencerOf({ db: other }, batchMax)];
    let submitted = 0;
    const submitting = (async () => {
      for (; submitted < 600; submitted += 30) await ledger.submitMany(30);
    })();
    let sequenced = 0;
    const race = pair.map(async (sequencer) => {
      while (sequenced < 600) {
        const count = await sequencer.sequenceOnce();
        sequenced += count;
      }
    });
    await Promise.all([submitting, ...race]);
    await other.end();
    expect(sequenced).toBe(600);
    await ledger.expectWhole(600);
  });

  test('wait for one that stands still in its round for seconds only', async () => {
    await ledger.submitMany(1);
    let idle: unknown;
    const onCovered = async (tx: Queryable): Promise<void> => {
      const { rows } = await tx.query('SHOW idle_in_transaction_session_timeout');
      idle = rows[0];
    };
    await ledger.sequencerOf({ onCovered }).sequenceOnce();
    expect(idle).toEqual({ idle_in_transaction_session_timeout: '5s' });
  });

  test('that both read the same head: the second to come takes nothing', async () => {
    // The advisory lock only spares contention; without it the row must decide.
    const unlocked = (before: (statement: string) => void | Promise<void>): Database => ({
      ...ledger.db,
      transaction: (work) =>
        ledger.db.transaction((tx) =>
          work({
            query: async (statement, values) => {
              const text = typeof statement === 'string' ? statement : statement.text;
              await before(text);
              if (text.includes('pg_try_advisory')) return tx.query('SELECT true AS got');
              return tx.query(statement, values);
            },
          }),
        ),
    });
    await ledger.submitMany(2);
    let other: Promise<number> | undefined;
    const rival = async () => {
      const count = await quick.sequenceOnce();
      await ledger.submitMany(1);
      return count;
    };
    const quick = ledger.sequencerOf({ db: unlocked(() => undefined) });
    const late = ledger.sequencerOf(
      {
        db: unlocked(async (statement) => {
          // It has read the head; before it takes anything, the other takes all and commits.
          if (statement.includes('DELETE FROM submissions')) await (other ??= rival());
        }),
      },
      { batchMax: 1 },
    );
    // What has come since would get numbers that are taken.
    expect(await late.sequenceOnce()).toBe(0);
    expect(await other).toBe(2);
    await ledger.expectWhole(2);
    await ledger.sequenceAll();
    await ledger.expectWhole(3);
  });
});

describe('a crash', () => {
  beforeAll(open);
  afterAll(close);

  let size = 0;
  beforeEach(async () => {
    // So that the rounds below complete a tile.
    await ledger.submitMany(200);
    await ledger.sequenceAll();
    ({ size } = await ledger.reader.latestCheckpoint());
  });

  const steps: SequencerStep[] = [
    ...(['taken', 'moved', 'entered', 'signed', 'covered', 'committed', 'noted'] as const),
  ];
  test.each(steps)('at "%s" loses nothing and leaves a consistent tree', async (step) => {
    await ledger.submitMany(60);
    let crashes = 0;
    const failing = ledger.sequencerOf({
      failpoint: (at) => {
        if (at === step && crashes++ === 0) throw new Error('crash');
      },
    });
    await expect(failing.sequenceOnce()).rejects.toThrow('crash');
    // What is committed and not noted is shown to nobody yet.
    await ledger.expectWhole(step === 'noted' ? size + 60 : size);
    await ledger.submitMany(5);
    while ((await failing.sequenceOnce()) > 0);
    await ledger.expectWhole(size + 65);
  });

  test('of what waits for coverage undoes the round', async () => {
    await ledger.submitMany(1);
    const failing = ledger.sequencerOf({ onCovered: () => Promise.reject(new Error('crash')) });
    await expect(failing.sequenceOnce()).rejects.toThrow('crash');
    await ledger.expectWhole(size);
  });
});

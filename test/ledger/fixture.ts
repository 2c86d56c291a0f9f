/** A ledger in a database of its own, and what every test does with one. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { expect } from 'vitest';
import { encodeVkey } from '#src/ledger/note.ts';
import { openLedger } from '#src/ledger/open.ts';
import { createLedgerReader } from '#src/ledger/read.ts';
import type { LedgerEntry, LedgerReader } from '#src/ledger/read.ts';
import { createSequencer } from '#src/ledger/sequencer.ts';
import type { Sequencer } from '#src/ledger/sequencer.ts';
import { submit } from '#src/ledger/submit.ts';
import { verifyCheckpoint, verifyConsistency } from '#src/ledger/verify.ts';
import { openDatabase } from '#src/store/pool.ts';
import type { Database } from '#src/store/pool.ts';
import { freshDatabase } from '#test/support/database.ts';
import type { FreshDatabase } from '#test/support/database.ts';
import { ledgerKey, naiveRoot, nodeCrypto, openSealed, released } from './support.ts';

export const vkey = encodeVkey(ledgerKey);
export const now = (): Date => new Date('2026-03-02T01:02:03.004Z');

export interface TestLedger {
  fresh: FreshDatabase;
  db: Database;
  reader: LedgerReader;
  sequencerOf(
    more?: Partial<Parameters<typeof createSequencer>[0]>,
    options?: { batchMax?: number },
  ): Sequencer;
  /** Submits `released` entries; returns their transfers. */
  submitMany(count: number): Promise<string[]>;
  sequenceAll(batchMax?: number): Promise<void>;
  asOwner(work: (owner: Client) => Promise<unknown>): Promise<void>;
  /** The last checkpoint is signed and of the stored leaves, and every earlier one is a prefix. */
  expectWhole(size: number): Promise<void>;
  close(): Promise<void>;
}

export async function openTestLedger(): Promise<TestLedger> {
  const fresh = await freshDatabase();
  const db = openDatabase({ url: fresh.url });
  await openLedger({ db, key: ledgerKey, now });
  const reader = createLedgerReader({ db, openDetail: openSealed });
  const onCovered = async (): Promise<void> => undefined;
  const sequencerOf: TestLedger['sequencerOf'] = (more, options) =>
    createSequencer({ db, key: ledgerKey, onCovered, now, ...more }, options);
  return {
    fresh,
    db,
    reader,
    sequencerOf,
    async submitMany(count) {
      const ids = Array.from({ length: count }, () => randomUUID());
      await submit(
        db,
        ids.map((id) => ({ entry: released(id), owner: id })),
      );
      return ids;
    },
    async sequenceAll(batchMax = 2_000) {
      const sequencer = sequencerOf({}, { batchMax });
      while ((await sequencer.sequenceOnce()) > 0);
    },
    async asOwner(work) {
      const owner = new Client({ connectionString: fresh.ownerUrl });
      await owner.connect();
      await work(owner).finally(() => owner.end());
    },
    expectWhole: (size) => expectWhole(db, reader, size),
    async close() {
      await db.end();
      await fresh.drop();
    },
  };
}

export async function allEntries(reader: LedgerReader): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for (;;) {
    const page = await reader.entries({ start: entries.length, limit: 1000, withDetail: false });
    if (page.length === 0) return entries;
    entries.push(...page);
  }
}

async function expectWhole(db: Database, reader: LedgerReader, size: number): Promise<void> {
  const entries = await allEntries(reader);
  expect(entries.map(({ index }) => index)).toEqual(Array.from({ length: size }, (_, at) => at));
  const { note } = await reader.latestCheckpoint();
  const checkpoint = await verifyCheckpoint(nodeCrypto, vkey, note);
  expect(checkpoint.size).toBe(size);
  expect(Buffer.from(checkpoint.root)).toEqual(naiveRoot(entries.map(({ leaf }) => leaf)));
  const { rows } = await db.query<{ note: string }>(
    'SELECT note FROM checkpoints WHERE size <= (SELECT size FROM noted)',
  );
  for (const row of rows) {
    const earlier = await verifyCheckpoint(nodeCrypto, vkey, row.note);
    const { hashes } = await reader.consistency({ from: earlier.size });
    expect(await verifyConsistency(nodeCrypto, earlier, checkpoint, hashes)).toBe(true);
  }
}

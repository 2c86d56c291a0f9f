import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StartupError } from '#src/base/errors.ts';
import { ledgerKeyFromSeed } from '#src/ledger/note.ts';
import { openLedger } from '#src/ledger/open.ts';
import { openDatabase } from '#src/store/pool.ts';
import { now, openTestLedger } from './fixture.ts';
import type { TestLedger } from './fixture.ts';
import { ledgerKey } from './support.ts';

let ledger: TestLedger;

describe('opening', () => {
  beforeEach(async () => {
    ledger = await openTestLedger();
  });
  afterEach(() => ledger.close());

  test('twice, and after growth, changes nothing', async () => {
    await ledger.submitMany(2);
    await ledger.sequencerOf().sequenceOnce();
    await openLedger({ db: ledger.db, key: ledgerKey, now });
    await ledger.expectWhole(2);
  });

  test('refuses the role that owns the tables', async () => {
    const owner = openDatabase({ url: ledger.fresh.ownerUrl });
    await expect(openLedger({ db: owner, key: ledgerKey, now })).rejects.toThrow(StartupError);
    await owner.end();
  });

  test('refuses another key than the one that signed', async () => {
    const key = ledgerKeyFromSeed(ledgerKey.origin, Buffer.alloc(32, 8));
    await expect(openLedger({ db: ledger.db, key, now })).rejects.toThrow(
      'not signed by the ledger key',
    );
  });

  test.each([
    ['a checkpoint was removed', 'DELETE FROM checkpoints WHERE size = 2'],
    ['the head was moved back', `UPDATE tree_head SET size = 0, frontier = ''`],
    ['a root was changed', `UPDATE checkpoints SET root = sha256('x') WHERE size = 2`],
  ])('and sequencing are refused once %s', async (_, sql) => {
    await ledger.submitMany(2);
    const sequencer = ledger.sequencerOf();
    await sequencer.sequenceOnce();
    await ledger.asOwner((owner) => owner.query(sql));
    await ledger.submitMany(1);
    await expect(openLedger({ db: ledger.db, key: ledgerKey, now })).rejects.toThrow(StartupError);
    await expect(sequencer.sequenceOnce()).rejects.toThrow('not that of the tree');
    expect((await ledger.db.query('SELECT id FROM submissions')).rows).toHaveLength(1);
  });
});

describe('the role of the gateway', () => {
  beforeAll(async () => {
    ledger = await openTestLedger();
  });
  afterAll(() => ledger.close());

  test.each([
    'UPDATE entries SET leaf = leaf',
    'DELETE FROM entries',
    'TRUNCATE entries',
    'DELETE FROM entries_0',
    'UPDATE checkpoints SET note = note',
    'DELETE FROM checkpoints',
    'TRUNCATE checkpoints',
    'UPDATE tiles SET root = root',
    'DELETE FROM tiles',
    'ALTER TABLE entries DISABLE TRIGGER ALL',
    'DROP TABLE entries',
  ])('cannot %s', async (sql) => {
    await expect(ledger.db.query(sql)).rejects.toMatchObject({ code: '42501' });
  });
});

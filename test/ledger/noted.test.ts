/** What is kept outside the database gates what leaves, and finds out a database that lost it. */
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '#src/base/log.ts';
import { noteDigest } from '#src/ledger/fork-notes.ts';
import { ledgerKeyFromSeed, ownCheckpoint, signCheckpoint } from '#src/ledger/note.ts';
import { openNotedFiles } from '#src/ledger/noted-files.ts';
import { openNoted, type NotedKeeper } from '#src/ledger/noted.ts';
import { openTestLedger, type TestLedger } from './fixture.ts';
import { ledgerKey } from './support.ts';

let ledger: TestLedger;
let folder: string;

beforeEach(async () => {
  ledger = await openTestLedger();
  folder = mkdtempSync(join(tmpdir(), 'waybill-noted-'));
});

afterEach(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

const log = createLog({ level: 'silent' });
const readOwn = (note: string) => ownCheckpoint(ledgerKey, note);

const openIn = (place: string | undefined, strict = true): Promise<NotedKeeper> =>
  openNoted(
    { db: ledger.db, readOwn, log },
    place === undefined ? undefined : { folder: place, strict },
  );

/** One entry more, and its round by a sequencer that keeps what it signs. */
async function grow(noted: NotedKeeper, count = 1): Promise<void> {
  await ledger.submitMany(count);
  await ledger.sequencerOf({ noted }).sequenceOnce();
}

async function sizes(): Promise<number[]> {
  const kept = await (await openNotedFiles(folder)).read();
  return kept.map(({ note }) => readOwn(note)?.size ?? -1).sort((a, b) => a - b);
}

const notedSize = async () =>
  (await ledger.db.query<{ size: number }>('SELECT size FROM noted')).rows[0]?.size;

/** Takes the newest entries away, as a restored backup lacks them. */
async function restoreEmpty(): Promise<void> {
  await ledger.asOwner(async (owner) => {
    await owner.query('DELETE FROM entries');
    await owner.query('DELETE FROM checkpoints WHERE size > 0');
    await owner.query(`UPDATE tree_head SET size = 0, frontier = ''`);
    await owner.query('UPDATE noted SET size = 0');
  });
}

describe('a checkpoint', () => {
  test('is in a file before what it covers may leave, and only the newest stays', async () => {
    const noted = await openIn(folder);
    await ledger.submitMany(1);
    const seen: unknown[] = [];
    const watching = {
      begin: () => noted.begin(),
      note: async (checkpoint: Parameters<NotedKeeper['note']>[0]) => {
        seen.push([(await ledger.reader.latestCheckpoint()).size, await sizes()]);
        await noted.note(checkpoint);
        seen.push([(await ledger.reader.latestCheckpoint()).size, await sizes()]);
      },
    };
    await ledger.sequencerOf({ noted: watching }).sequenceOnce();
    await grow(noted);
    expect([...seen, await sizes()]).toEqual([[0, []], [1, [1]], [2]]);
    expect(await notedSize()).toBe(2);
  });

  test('that could not be written lets nothing go, and does as soon as it can', async () => {
    const noted = await openIn(folder);
    await grow(noted);
    rmSync(folder, { recursive: true });
    await ledger.submitMany(1);
    const sequencer = ledger.sequencerOf({ noted });
    await expect(sequencer.sequenceOnce()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await notedSize()).toBe(1);
    expect(() => noted.assertWhole()).toThrow(expect.objectContaining({ code: 'LEDGER_STALLED' }));
    expect(noted.fault()).toContain('cannot be written');
    await openNotedFiles(folder);
    expect(await sequencer.sequenceOnce()).toBe(0);
    expect(await notedSize()).toBe(2);
    expect(await sizes()).toEqual([2]);
    noted.assertWhole();
  });

  test('that another process signed and did not note is noted at a second look', async () => {
    const noted = await openIn(folder);
    const dying = { begin: () => noted.begin(), note: () => Promise.reject(new Error('killed')) };
    await ledger.submitMany(1);
    await expect(ledger.sequencerOf({ noted: dying }).sequenceOnce()).rejects.toThrow('killed');
    const survivor = ledger.sequencerOf({ noted });
    await survivor.sequenceOnce();
    expect(await notedSize()).toBe(0);
    await survivor.sequenceOnce();
    expect(await notedSize()).toBe(1);
  });

  test('of another process is followed into the own file, in whatever order both end', async () => {
    const [one, other] = [await openIn(folder), await openIn(folder)];
    await grow(one);
    await grow(one);
    await Promise.all([other.follow(), one.follow(), grow(one), other.follow()]);
    await other.follow();
    expect((await sizes()).at(-1)).toBe(3);
    one.assertWhole();
    other.assertWhole();
  });

  test('is kept at the first start after an upgrade, with a ledger that is there already', async () => {
    await ledger.submitMany(3);
    await ledger.sequenceAll();
    await openIn(folder);
    expect(await sizes()).toEqual([3]);
  });
});

describe('a database that was put back or exchanged', () => {
  test.each([
    ['to nothing', 0],
    ['and went on with as many entries', 2],
    ['and went on with more entries', 300],
  ])('%s is refused at the start, with what to do', async (_, count) => {
    await grow(await openIn(folder), 2);
    await restoreEmpty();
    if (count > 0) await grow(await openIn(undefined), count);
    const opening = openIn(folder);
    await expect(opening).rejects.toThrow(/LEDGER_FORKED.*backup/s);
    await expect(opening).rejects.toThrow(/accept-fork/);
  });

  test('is found while running, by the sequencer before it signs', async () => {
    const noted = await openIn(folder);
    await grow(noted, 2);
    await restoreEmpty();
    await ledger.submitMany(1);
    await expect(ledger.sequencerOf({ noted }).sequenceOnce()).rejects.toThrow('0 entries');
    expect((await ledger.db.query('SELECT FROM checkpoints')).rows).toHaveLength(1);
    expect(() => noted.assertWhole()).toThrow(expect.objectContaining({ code: 'LEDGER_FORKED' }));
    expect(await sizes()).toEqual([2]);
  });

  test('is found while running by looking, and every other process is told', async () => {
    const noted = await openIn(folder);
    await grow(noted, 2);
    await restoreEmpty();
    const stranger = await openIn(undefined);
    await grow(stranger, 3);
    await expect(noted.follow()).rejects.toThrow('not the 2 kept');
    stranger.assertWhole();
    await stranger.follow();
    expect(() => stranger.assertWhole()).toThrow(
      expect.objectContaining({ code: 'LEDGER_FORKED' }),
    );
    // Until a person has accepted exactly this.
    const [kept] = await (await openNotedFiles(folder)).read();
    const values = [noteDigest(kept?.note ?? '')];
    await ledger.db.query('INSERT INTO forks_accepted (sha256) VALUES ($1)', values);
    await stranger.follow();
    stranger.assertWhole();
    await openIn(folder);
  });

  test('another ledger of the same key is a fork where the folder is this one only', async () => {
    await grow(await openIn(folder), 2);
    await restoreEmpty();
    await grow(await openIn(undefined), 4);
    // The folder that several databases may share tells them apart by their first entry.
    await openIn(folder, false);
    await expect(openIn(folder)).rejects.toThrow('LEDGER_FORKED');
  });
});

describe('what is in the folder', () => {
  test('of another key is left alone, and a note that is none of ours is not', async () => {
    await grow(await openIn(folder), 2);
    const [name = ''] = readdirSync(folder);
    const foreign = ledgerKeyFromSeed(ledgerKey.origin, Buffer.alloc(32, 8));
    const note = signCheckpoint(foreign, { size: 9, root: Buffer.alloc(32) });
    writeFileSync(join(folder, `0000000000000000.0000000000000009.${'0'.repeat(16)}`), note);
    await openIn(folder);
    writeFileSync(join(folder, name), note);
    await expect(openIn(folder)).rejects.toThrow('was not signed by the ledger key');
  });

  test('nobody may read it, and where it cannot be made the gateway does not start', async () => {
    const inner = join(folder, 'made');
    await openIn(inner);
    expect(readdirSync(folder)).toEqual(['made']);
    const blocked = join(folder, 'a-file');
    writeFileSync(blocked, '');
    chmodSync(blocked, 0o600);
    await expect(openIn(join(blocked, 'kept'))).rejects.toThrow('WAYBILL_LEDGER_CHECKPOINT');
  });
});

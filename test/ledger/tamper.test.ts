import { randomInt } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signCheckpoint } from '#src/ledger/note.ts';
import { verifyCheckpoint } from '#src/ledger/verify.ts';
import { createLedgerVerifier } from '#src/ledger/walk.ts';
import type { LedgerFault } from '#src/ledger/entry-check.ts';
import { seeded } from '#test/support/ledger-lives.ts';
import { openTestLedger, vkey } from './fixture.ts';
import type { TestLedger } from './fixture.ts';
import { ledgerKey, nodeCrypto } from './support.ts';

/** Two complete tiles and part of a third. */
const size = 560;
let ledger: TestLedger;
let transfers: string[];
let owner: Client;

beforeAll(async () => {
  ledger = await openTestLedger();
  transfers = await ledger.submitMany(size);
  await ledger.sequenceAll(70);
  owner = new Client({ connectionString: ledger.fresh.ownerUrl });
  await owner.connect();
  await owner.query('CREATE TABLE saved (LIKE entries)');
  await owner.query('INSERT INTO saved SELECT * FROM entries');
});

afterAll(async () => {
  await owner.end();
  await ledger.close();
});

/** Verifies from outside, by what the reader answers, as the command line does over HTTP. */
async function faults(): Promise<readonly LedgerFault[]> {
  const { reader } = ledger;
  const { note } = await reader.latestCheckpoint();
  const checkpoint = await verifyCheckpoint(nodeCrypto, vkey, note);
  const verifier = createLedgerVerifier(nodeCrypto, { checkpoint });
  let start = 0;
  for (;;) {
    const page = await reader.entries({ start, limit: 200, withDetail: true });
    if (page.length === 0) break;
    await verifier.add(page);
    start = page.at(-1)!.index + 1;
  }
  return verifier.finish({
    proof: async (index) => (await reader.inclusion({ index, size: checkpoint.size })).hashes,
    leaves: async (from, to) =>
      (await reader.entries({ start: from, limit: to - from, withDetail: false })).map(
        ({ leaf }) => leaf,
      ),
  });
}

/** Runs statements as the owner, looks, and puts everything back. */
async function after(statements: readonly string[]): Promise<readonly LedgerFault[]> {
  try {
    for (const sql of statements) await owner.query(sql);
    return await faults();
  } finally {
    await restore();
  }
}

async function restore(): Promise<void> {
  await owner.query(
    `DELETE FROM entries e WHERE NOT EXISTS (
       SELECT FROM saved s WHERE (s.index, s.leaf, s.detail) = (e.index, e.leaf, e.detail))`,
  );
  await owner.query(
    'INSERT INTO entries SELECT * FROM saved WHERE index NOT IN (SELECT index FROM entries)',
  );
}

const flip = (column: string, index: number, at: string): string =>
  `UPDATE entries SET ${column} = set_byte(${column}, ${at}, get_byte(${column}, ${at}) # 1)
   WHERE index = ${index}`;

test('an untouched ledger has no faults', async () => {
  expect(await faults()).toEqual([]);
});

describe.each([0, 300, size - 1])('entry %i is named', (index) => {
  test.each([
    ['the first byte of its leaf was', flip('leaf', index, '0')],
    ['a byte inside its leaf was', flip('leaf', index, '60')],
    ['the last byte of its leaf was', flip('leaf', index, 'octet_length(leaf) - 1')],
    ['the first byte of its detail was', flip('detail', index, '0')],
    ['a byte inside its detail was', flip('detail', index, '70')],
    ['the last byte of its detail was', flip('detail', index, 'octet_length(detail) - 1')],
    ['all of its leaf was', `UPDATE entries SET leaf = '' WHERE index = ${index}`],
    ['all of its detail was', `UPDATE entries SET detail = '' WHERE index = ${index}`],
    ['its whole row was', `DELETE FROM entries WHERE index = ${index}`],
    ['its number was', `UPDATE entries SET index = 4194303 WHERE index = ${index}`],
  ])('when %s changed or taken away', async (_, sql) => {
    expect((await after([sql])).map((fault) => fault.index)).toEqual([index]);
  });
});

test('the lower of two swapped entries is named', async () => {
  const swap = (column: string): string =>
    `UPDATE entries e SET ${column} = o.${column} FROM saved o
     WHERE (e.index = 520 AND o.index = 541) OR (e.index = 541 AND o.index = 520)`;
  expect((await after([swap('leaf'), swap('detail')]))[0]!.index).toBe(520);
  expect((await after([swap('detail')])).map(({ index }) => index)).toEqual([520, 541]);
});

test('wherever a byte of a row is changed, a row copied over another, or the tail cut', async () => {
  const seed = randomInt(2 ** 31);
  const random = seeded(seed);
  const below = (count: number): number => Math.floor(random() * count);
  for (let round = 0; round < 8; round += 1) {
    const [index, from] = [below(size - 1), below(size)];
    const column = random() < 0.5 ? 'leaf' : 'detail';
    const place = `${below(1_000_000)} % octet_length(${column})`;
    const copied = `UPDATE entries e SET leaf = o.leaf, detail = o.detail FROM saved o
      WHERE e.index = ${index} AND o.index = ${from === index ? size - 1 : from}`;
    const cut = `DELETE FROM entries WHERE index >= ${index}`;
    for (const sql of [flip(column, index, place), copied, cut]) {
      const found = (await after([sql]))[0]?.index;
      expect({ seed, sql, first: found }).toEqual({ seed, sql, first: index });
    }
  }
}, 60_000);

test('another checkpoint than the signed one is none, and a smaller one is seen', async () => {
  const { note } = await ledger.reader.latestCheckpoint();
  const forged = note.replace(`\n${size}\n`, `\n${size - 1}\n`);
  await expect(verifyCheckpoint(nodeCrypto, vkey, forged)).rejects.toThrow(TypeError);
  const tree = { size: 140, root: Buffer.alloc(32, 1) };
  const own = signCheckpoint(ledgerKey, tree);
  const kept = await verifyCheckpoint(nodeCrypto, vkey, own);
  const checkpoint = await verifyCheckpoint(nodeCrypto, vkey, note);
  const verifier = createLedgerVerifier(nodeCrypto, { checkpoint, kept });
  await verifier.add(await ledger.reader.entries({ start: 0, limit: 1_000, withDetail: true }));
  const source = { proof: async () => [], leaves: async () => [] };
  expect(await verifier.finish(source)).toEqual([
    { index: null, problem: 'the ledger does not continue the checkpoint that was kept' },
  ]);
});

test('a changed entry stops nobody from reading the others, nor is it handed out with a proof', async () => {
  const { reader } = ledger;
  await owner.query(flip('leaf', 530, '300'));
  const proofs = await reader.proofsFor([529, 530, 531]);
  expect(proofs.map((proof) => proof?.index)).toEqual([529, undefined, 531]);
  const page = await reader.entries({ start: 529, limit: 3, withDetail: true });
  expect(page.map(({ index }) => index)).toEqual([529, 530, 531]);
  await restore();
  await owner.query('UPDATE entries SET detail = substr(detail, 2) WHERE index = 530');
  expect(await reader.trail(transfers[530]!)).toMatchObject([{ index: 530, detail: null }]);
  await restore();
  expect(await faults()).toEqual([]);
});

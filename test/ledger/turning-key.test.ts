/** A ledger's key may change: who holds either of two can check every checkpoint meanwhile. */
import { expect, test } from 'vitest';
import {
  encodeVkey,
  isCheckpointOf,
  ledgerKeyFromSeed,
  ownCheckpoint,
  parseNote,
  signCheckpoint,
  turningLedgerKey,
} from '#src/ledger/note.ts';
import { verifyCheckpoint } from '#src/ledger/verify.ts';
import { nodeCrypto } from './support.ts';

const origin = 'ledger.test/waybill';
const [old, fresh, stranger] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [
  Buffer,
  Buffer,
  Buffer,
];
const tree = { size: 3, root: Buffer.alloc(32, 9) };
const vkey = (seed: Buffer) => encodeVkey(ledgerKeyFromSeed(origin, seed));

test('before, during and after a change each checkpoint verifies by the keys of its time', async () => {
  let seeds = [old];
  const key = turningLedgerKey(origin, () => seeds);
  const notes: Record<string, string> = {};
  notes['before'] = signCheckpoint(key, tree);
  seeds = [fresh, old];
  notes['during'] = signCheckpoint(key, tree);
  expect(encodeVkey(key)).toBe(vkey(fresh));
  // What was signed before is its own, too: the last checkpoint may be of before.
  expect(isCheckpointOf(key, notes['before'], tree)).toBe(true);
  expect(ownCheckpoint(key, notes['before'])).toEqual(tree);
  seeds = [fresh];
  notes['after'] = signCheckpoint(key, tree);
  const verifies = async (seed: Buffer) => {
    const told = Object.entries(notes).map(async ([when, note]) => {
      const checked = verifyCheckpoint(nodeCrypto, vkey(seed), note);
      return [when, await checked.then(() => true).catch(() => false)];
    });
    return Object.fromEntries(await Promise.all(told)) as Record<string, boolean>;
  };
  expect(await verifies(old)).toEqual({ before: true, during: true, after: false });
  expect(await verifies(fresh)).toEqual({ before: false, during: true, after: true });
  expect(await verifies(stranger)).toEqual({ before: false, during: false, after: false });
  expect(isCheckpointOf(key, notes['before'], tree)).toBe(false);
});

test('a note of two keys has a line each, of the same name, and one good line does not save a bad one', async () => {
  const key = turningLedgerKey(origin, () => [fresh, old]);
  const note = signCheckpoint(key, tree);
  const { signatures } = parseNote(note);
  expect(signatures.map(({ name }) => name)).toEqual([origin, origin]);
  expect(signatures[0]?.keyId).not.toEqual(signatures[1]?.keyId);
  const lines = note.split('\n');
  const last = lines.length - 2;
  lines[last] = (lines[last] ?? '').replace(/.(?==*$)/, (one) => (one === 'A' ? 'Q' : 'A'));
  const twin = lines.join('\n');
  await expect(verifyCheckpoint(nodeCrypto, vkey(old), twin)).rejects.toThrow(TypeError);
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  encodeVkey,
  isCheckpointOf,
  ledgerKeyFromSeed,
  parseNote,
  parseVkey,
  signCheckpoint,
} from '#src/ledger/note.ts';
import { parseVkey as parseVkeyOutside, verifyCheckpoint, verifyNote } from '#src/ledger/verify.ts';
import { ledgerKey, nodeCrypto, webCrypto } from './support.ts';

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/merkle-notes.json', import.meta.url), 'utf8'),
) as { vkey: string; notes: string[] };

const tree = { size: 12, root: Buffer.alloc(32, 3) };
const vkey = encodeVkey(ledgerKey);
const note = signCheckpoint(ledgerKey, tree);

describe('notes of another implementation', () => {
  test.each(vectors.notes)('are taken apart and verified: %j', async (given) => {
    const key = parseVkey(vectors.vkey);
    const { text, signatures } = parseNote(given);
    expect(text.split('\n')).toHaveLength(4);
    expect(signatures).toMatchObject([{ name: 'sum.golang.org', keyId: key.keyId }]);
    expect(await verifyNote(nodeCrypto, vectors.vkey, given)).toBe(text);
    expect(await verifyNote(webCrypto, vectors.vkey, given)).toBe(text);
  });

  test('are not verified once a character was changed', async () => {
    const changed = vectors.notes[0]!.replace('31700353', '31700354');
    await expect(verifyNote(nodeCrypto, vectors.vkey, changed)).rejects.toThrow(
      'the signature is wrong',
    );
  });
});

test('a vkey reads back as the key it was made of', async () => {
  const key = parseVkey(vkey);
  expect(key).toMatchObject({ name: ledgerKey.origin, publicKey: ledgerKey.publicKey });
  const outside = await parseVkeyOutside(nodeCrypto, vkey);
  expect(outside.name).toBe(key.name);
  expect(Buffer.from(outside.publicKey)).toEqual(key.publicKey);
  expect(Buffer.from(outside.keyId)).toEqual(key.keyId);
});

test.each([
  ['another name', vkey.replace('ledger', 'lodger')],
  ['another key id', vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
  [
    'another algorithm',
    vkey.replace(/\+[A-Za-z0-9+/=]+$/, `+${Buffer.alloc(33, 2).toString('base64')}`),
  ],
  ['loose base64', `${vkey} `],
  ['nothing', ''],
])('a vkey with %s is refused', async (_, wrong) => {
  expect(() => parseVkey(wrong)).toThrow(TypeError);
  await expect(parseVkeyOutside(nodeCrypto, wrong)).rejects.toThrow(TypeError);
});

test('a signed checkpoint verifies outside, in node and as a browser would', async () => {
  for (const crypto of [nodeCrypto, webCrypto]) {
    const checkpoint = await verifyCheckpoint(crypto, vkey, note);
    expect(checkpoint).toMatchObject({ origin: ledgerKey.origin, size: 12 });
    expect(Buffer.from(checkpoint.root)).toEqual(tree.root);
  }
  expect(isCheckpointOf(ledgerKey, note, tree)).toBe(true);
  expect(isCheckpointOf(ledgerKey, note, { ...tree, size: 13 })).toBe(false);
});

test('signatures of keys that nobody knows are left alone', async () => {
  const other = signCheckpoint(ledgerKeyFromSeed('witness.test', Buffer.alloc(32, 8)), tree);
  const cosigned = note + other.split('\n\n')[1]!;
  await expect(verifyCheckpoint(nodeCrypto, vkey, cosigned)).resolves.toMatchObject({ size: 12 });
});

const impostor = ledgerKeyFromSeed(ledgerKey.origin, Buffer.alloc(32, 8));
test.each([
  ['another size', note.replace('\n12\n', '\n13\n')],
  ['a carriage return', note.replace('\n12\n', '\r\n12\n')],
  ['no newline at its end', note.slice(0, -1)],
  ['no signature', `${note.split('\n\n')[0]!}\n\n`],
  ['a hyphen for the dash', note.replace('—', '-')],
  ['the signature of another key', signCheckpoint(impostor, tree)],
])('a checkpoint with %s is refused', async (_, wrong) => {
  await expect(verifyCheckpoint(nodeCrypto, vkey, wrong)).rejects.toThrow(TypeError);
});

test('a note that the right key signed but is no checkpoint is refused as one', async () => {
  await expect(verifyCheckpoint(nodeCrypto, vectors.vkey, vectors.notes[0]!)).rejects.toThrow(
    'not a checkpoint of this ledger',
  );
});

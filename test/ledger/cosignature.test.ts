/** Cosignatures are those of C2SP tlog-cosignature, and hold for exactly what was signed. */
import { createHash, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ed25519FromSeed } from '#src/base/ed25519.ts';
import { parseWitnessVkey, verifyCosignature } from '#src/ledger/cosignature.ts';
import { encodeVkey, signCheckpoint } from '#src/ledger/note.ts';
import { verifyCheckpoint } from '#src/ledger/verify.ts';
import { cosign, cosigningKeyFromSeed, encodeWitnessVkey } from '#src/ledger/witness-key.ts';
import { ledgerKey, nodeCrypto, webCrypto } from './support.ts';

const seed = Buffer.alloc(32, 3);
const key = cosigningKeyFromSeed('witness.test/one', seed);
const vkey = encodeWitnessVkey(key);
const note = signCheckpoint(ledgerKey, { size: 5, root: Buffer.alloc(32, 4) });
const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
const cosigned = note + cosign(key, text, 1_700_000_000);

test('a line is made as the specification says, byte by byte', () => {
  const message = `cosignature/v1\ntime 1700000000\n${text}`;
  const signature = sign(null, Buffer.from(message), ed25519FromSeed(seed));
  const hash = createHash('sha256').update('witness.test/one\n').update(Buffer.of(4));
  const keyId = hash.update(key.publicKey).digest().subarray(0, 4);
  const time = Buffer.from('000000006553f100', 'hex');
  const payload = Buffer.concat([keyId, time, signature]).toString('base64');
  expect(cosigned).toBe(`${note}— witness.test/one ${payload}\n`);
  expect(vkey.split('+').slice(0, 2)).toEqual(['witness.test/one', keyId.toString('hex')]);
});

test.each([
  ['node:crypto', nodeCrypto],
  ['WebCrypto', webCrypto],
])('it is verified with %s, beside the ledger and other witnesses', async (_, crypto) => {
  const other = cosigningKeyFromSeed('witness.test/two', Buffer.alloc(32, 5));
  const both = cosigned + cosign(other, text, 1_700_000_100);
  const one = { name: 'witness.test/one', timestampSeconds: 1_700_000_000 };
  expect(await verifyCosignature(crypto, vkey, both)).toEqual(one);
  expect(await verifyCosignature(crypto, encodeWitnessVkey(other), both)).toEqual({
    ...{ name: 'witness.test/two', timestampSeconds: 1_700_000_100 },
  });
  expect(await verifyCheckpoint(crypto, encodeVkey(ledgerKey), both)).toMatchObject({ size: 5 });
});

test('of several the newest counts', async () => {
  const again = cosigned + cosign(key, text, 1_700_000_050) + cosign(key, text, 1_600_000_000);
  expect((await verifyCosignature(nodeCrypto, vkey, again))?.timestampSeconds).toBe(1_700_000_050);
});

describe('it does not hold', () => {
  test('for a note that it is not on', async () => {
    expect(await verifyCosignature(nodeCrypto, vkey, note)).toBeNull();
  });

  test('by another key of the same name', async () => {
    const namesake = cosigningKeyFromSeed('witness.test/one', Buffer.alloc(32, 6));
    const forged = note + cosign(namesake, text, 1_700_000_000);
    expect(await verifyCosignature(nodeCrypto, vkey, forged)).toBeNull();
  });

  test('once any byte of it, or of the checkpoint, is another', async () => {
    const bytes = Buffer.from(cosigned);
    // The ledger's own signature is not signed: it may be another.
    const places = [...bytes.keys()].filter(
      (at) => at < text.length || at >= Buffer.byteLength(note),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...places),
        fc.integer({ min: 1, max: 255 }),
        async (at, by) => {
          const changed = Buffer.from(bytes);
          changed[at] = changed[at]! ^ by;
          const held = await verifyCosignature(nodeCrypto, vkey, changed.toString()).catch(
            () => null,
          );
          expect(held).toBeNull();
        },
      ),
      { numRuns: 150 },
    );
  });
});

test.each([
  ['the key of a ledger', encodeVkey(ledgerKey)],
  ['a key id that is not its own', vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
  ['nothing', ''],
])('a vkey that is %s is refused', async (_, text_) => {
  await expect(parseWitnessVkey(nodeCrypto, text_)).rejects.toThrow(TypeError);
});

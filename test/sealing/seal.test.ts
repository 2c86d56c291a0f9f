/** Encryption at rest: what was sealed opens as it was, for the same purpose, or not at all. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { payloadAad, referenceAad, replyAad } from '#src/sealing/aad.ts';
import { createSealer } from '#src/sealing/seal.ts';

const key = Buffer.alloc(32, 3);
const sealer = createSealer({ key });
const aad = Buffer.from('of this transfer');
const plain = Buffer.from('가나다라 840229-1234567', 'utf8');
const bytes = fc.uint8Array({ maxLength: 300 });

describe('sealed bytes', () => {
  test('open as they were, whatever they are', () => {
    fc.assert(
      fc.property(bytes, bytes, (text, bound) => {
        expect(sealer.open(sealer.seal(text, bound), bound)).toEqual(Buffer.from(text));
      }),
    );
  });

  test('open in another process with the same key', () => {
    const other = createSealer({ key: Buffer.from(key) });
    expect(other.open(sealer.seal(plain, aad), aad)).toEqual(plain);
  });

  test('open from a view into a larger buffer', () => {
    const sealed = sealer.seal(plain, aad);
    const around = Buffer.concat([Buffer.alloc(7, 9), sealed, Buffer.alloc(5, 9)]);
    expect(sealer.open(around.subarray(7, 7 + sealed.length), aad)).toEqual(plain);
    expect(sealer.open(new Uint8Array(sealed), aad)).toEqual(plain);
  });

  test('never look the same twice', () => {
    const seen = Array.from({ length: 50 }, () => sealer.seal(plain, aad));
    const distinct = (from: number, to: number) =>
      new Set(seen.map((one) => one.subarray(from, to).toString('hex'))).size;
    // wrapped key, nonce, text, tag
    expect([distinct(5, 45), distinct(45, 57), distinct(57, -16), distinct(-16, 200)]).toEqual([
      50, 50, 50, 50,
    ]);
  });

  test('hold nothing of the text in clear', () => {
    expect(sealer.seal(plain, aad).includes(plain.subarray(0, 6))).toBe(false);
  });

  test('are refused with any one bit flipped', () => {
    const sealed = sealer.seal(plain, aad);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      expect(() => sealer.open(flipped(sealed, bit), aad), `bit ${bit}`).toThrow();
    }
  });

  test('are refused with any one bit flipped, whatever they are', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.nat(), (text, bound, at) => {
        const sealed = sealer.seal(text, bound);
        expect(() => sealer.open(flipped(sealed, at % (sealed.length * 8)), bound)).toThrow();
      }),
    );
  });

  test('are refused when bound to anything else', () => {
    const sealed = sealer.seal(plain, aad);
    fc.assert(
      fc.property(bytes, (other) => {
        fc.pre(!aad.equals(other));
        expect(() => sealer.open(sealed, other)).toThrow();
      }),
    );
    expect(() => sealer.open(sealed, Buffer.alloc(0))).toThrow();
  });

  test('are refused cut at any length, or longer', () => {
    const sealed = sealer.seal(plain, aad);
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => sealer.open(sealed.subarray(0, length), aad)).toThrow();
    }
    expect(() => sealer.open(Buffer.concat([sealed, Buffer.of(0)]), aad)).toThrow();
  });

  test('are refused under another key, and say so', () => {
    const other = createSealer({ key: Buffer.alloc(32, 4) });
    expect(() => other.open(sealer.seal(plain, aad), aad)).toThrow('sealed under another key');
    // The id of the key in front is a hint only: with ours put there, the key still does not fit.
    const ours = sealer.seal(plain, aad);
    const forged = Buffer.concat([ours.subarray(0, 5), other.seal(plain, aad).subarray(5)]);
    expect(() => sealer.open(forged, aad)).toThrow();
  });

  test('are refused when made of the parts of two', () => {
    const one = sealer.seal(plain, aad);
    const two = sealer.seal(Buffer.from(plain).reverse(), aad);
    for (const cut of [5, 45, 57, one.length - 16]) {
      const mixed = Buffer.concat([one.subarray(0, cut), two.subarray(cut)]);
      if (cut !== 5) expect(() => sealer.open(mixed, aad), `cut at ${cut}`).toThrow();
    }
  });
});

describe('what a sealed thing is bound to', () => {
  const of = {
    owner: '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60',
    consignee: 'samkwang',
    contractDigest: Buffer.alloc(32, 1),
    commitment: Buffer.alloc(32, 2),
  };

  test.each([
    { owner: '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a61' },
    { consignee: 'eone' },
    { contractDigest: Buffer.alloc(32, 2) },
    { commitment: Buffer.alloc(32, 1) },
    { contractDigest: of.commitment, commitment: of.contractDigest },
  ])('differs with %j', (change) => {
    expect(payloadAad({ ...of, ...change }).equals(payloadAad(of))).toBe(false);
  });

  test('is never the same for two uses, also where the words are chosen to be', () => {
    const hmac = Buffer.alloc(32, 5);
    const all = [payloadAad(of), referenceAad(of.owner), replyAad(of.owner, hmac)];
    expect(new Set(all.map((one) => one.toString())).size).toBe(3);
    const slid = replyAad(`emr","key":"${hmac.toString('base64')}`, Buffer.alloc(0));
    expect(slid.equals(replyAad('emr', hmac))).toBe(false);
  });
});

function flipped(sealed: Buffer, bit: number): Buffer {
  const changed = Buffer.from(sealed);
  changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return changed;
}

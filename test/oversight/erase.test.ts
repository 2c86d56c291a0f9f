/** The inner layer of a detail: it opens under its person's key alone, and gives nothing away. */
import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeEntry, unsealDetail, type EntryInput } from '#src/ledger/entry.ts';
import { innerOf, openInner, sealInner } from '#src/ledger/inner.ts';
import { openDetail, openSealed, sealing } from '#test/ledger/support.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const plains = fc.uint8Array({ minLength: 34, maxLength: 400 }).map((some) => Buffer.from(some));
const layers = fc.record({
  plain: plains,
  key: bytes(32).map((some) => Buffer.from(some)),
  detailHash: bytes(32).map((some) => Buffer.from(some)),
  link: fc.option(fc.uuid({ version: 4 })),
});

test('what is sealed opens again under its key, and says by what its person is found', () => {
  fc.assert(
    fc.property(layers, (layer) => {
      const inner = innerOf(sealInner({ randomBytes }, layer));
      expect(inner?.link).toBe(layer.link);
      expect(inner && openInner(inner, layer.key, layer.detailHash)).toEqual(layer.plain);
    }),
  );
});

test('no other key, no other entry and no changed bit opens it', () => {
  fc.assert(
    fc.property(layers, fc.nat(), bytes(32), (layer, at, other) => {
      const sealed = sealInner({ randomBytes }, layer);
      const open = (from: Buffer, key = layer.key, hash = layer.detailHash) => {
        const inner = innerOf(from);
        return inner ? openInner(inner, key, hash) : null;
      };
      fc.pre(!layer.key.equals(other) && !layer.detailHash.equals(other));
      expect(() => open(sealed, Buffer.from(other))).toThrow();
      expect(() => open(sealed, layer.key, Buffer.from(other))).toThrow();
      const changed = Buffer.from(sealed);
      changed[at % (sealed.length - 1)]! ^= 1 << (at % 8);
      expect(() => open(changed)).toThrow();
    }),
  );
});

test('a detail without an inner layer is never taken for one with it', () => {
  fc.assert(
    fc.property(fc.object(), bytes(32), (content, salt) => {
      const plain = Buffer.concat([salt, Buffer.from(JSON.stringify(content))]);
      expect(innerOf(plain)).toBeNull();
    }),
  );
});

const subject = randomUUID();
const person = { id: subject, key: randomBytes(32) };
const actor = { client: 'emr', kind: 'emr' } as const;
const at = new Date('2026-03-02T01:02:03.004Z');
const refused = (more: object = {}): EntryInput => ({
  ...{ kind: 'refused', at, person, ...more },
  detail: { actor, subject, reason: 'SUBJECT_SUSPENDED' },
});

test('an entry opens under the key of its person; without it even the salt is out of reach', () => {
  const entry = makeEntry(sealing, refused());
  const opened = openDetail({ openDetail: openSealed }, entry, person.key);
  expect(opened?.content.toString()).toContain(subject);
  for (const key of [undefined, randomBytes(32)]) {
    expect(openDetail({ openDetail: openSealed }, entry, key)).toBeNull();
  }
  const left = unsealDetail({ openDetail: openSealed }, entry)!.plain;
  for (const secret of [opened!.salt, opened!.content, Buffer.from(subject), person.key]) {
    expect(left.includes(secret)).toBe(false);
  }
});

test('two entries of one person share nothing that is left without the key', () => {
  const unsealed = [refused(), refused()].map((input) => {
    const entry = makeEntry(sealing, input);
    expect(entry.link).toMatchObject({ subject });
    return unsealDetail({ openDetail: openSealed }, entry)!.plain;
  });
  const [one, other] = unsealed as [Buffer, Buffer];
  for (let from = 0; from + 6 <= one.length; from += 1) {
    expect(other.includes(one.subarray(from, from + 6))).toBe(false);
  }
});

test('an entry of a transfer has no link of its own: its transfer says whose it is', () => {
  const entry = makeEntry(sealing, refused({ transfer: randomUUID() }));
  expect(entry.link).toBeUndefined();
  expect(unsealDetail({ openDetail: openSealed }, entry)?.inner?.link).toBeNull();
});

import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { canonicalText, sha256 } from '#src/base/canonical.ts';
import { makeEntry } from '#src/ledger/entry.ts';
import type { EntryInput } from '#src/ledger/entry.ts';
import { entryKinds } from '#src/ledger/kinds.ts';
import schema from '#src/ledger/entry.schema.json' with { type: 'json' };
import { openDetail, openSealed, released, sealDetail } from './support.ts';
import { samples } from './samples.ts';

/** No randomness and no encryption: golden files hold what is inside. */
const plainly = {
  sealDetail: (plain: Buffer) => plain,
  randomBytes: (size: number) => Buffer.alloc(size, 0x5a),
};

const ajv = new Ajv2020({
  strict: true,
  strictRequired: false,
  strictTypes: false,
  allowUnionTypes: true,
});
ajv.addSchema(schema);
const fits = (kind: string, entry: unknown): boolean =>
  ajv.validate(`${schema.$id}#/$defs/${kind}`, entry);

test('there is a sample and a schema for every kind, and no others', () => {
  expect(Object.keys(samples).sort()).toEqual([...entryKinds].sort());
  expect(schema.oneOf.map(({ $ref }) => $ref)).toEqual(entryKinds.map((kind) => `#/$defs/${kind}`));
});

describe.each(entryKinds)('an entry of kind %s', (kind) => {
  const entry = makeEntry(plainly, samples[kind]);
  const leaf = JSON.parse(entry.leaf.toString()) as Record<string, unknown>;
  const detail = JSON.parse(entry.detail.subarray(32).toString()) as Record<string, unknown>;

  test('is what the golden file holds', async () => {
    const shown = `${JSON.stringify({ leaf, detail }, null, 2)}\n`;
    await expect(shown).toMatchFileSnapshot(`../golden/entries/${kind}.json`);
  });

  test('is canonical and of its schema, and of no other kind’s', () => {
    expect(entry.leaf.toString()).toBe(canonicalText(leaf));
    expect(entry.detail.subarray(32).toString()).toBe(canonicalText(detail));
    const fitting = entryKinds.filter((each) => fits(each, { leaf, detail }));
    expect(fitting).toEqual([kind]);
  });

  test('does not fit its schema with a member more, or one that it needs less', () => {
    expect(fits(kind, { leaf: { ...leaf, name: 'x' }, detail })).toBe(false);
    expect(fits(kind, { leaf, detail: { ...detail, extra: 'x' } })).toBe(false);
    expect(fits(kind, { leaf, detail: { ...detail, actor: undefined } })).toBe(false);
  });

  test('commits to its detail', () => {
    expect(leaf.detail).toBe(sha256(entry.detail).toString('base64'));
  });
});

test('a detail opens only with the leaf that it was sealed for', () => {
  const [one, two] = [released(), released()];
  const opened = openDetail({ openDetail: openSealed }, one);
  expect(JSON.parse(opened!.content.toString())).toMatchObject({ actor: { client: 'emr' } });
  expect(openDetail({ openDetail: openSealed }, { ...one, detail: two.detail })).toBeNull();
});

test('a detail that unseals to something else than the leaf says is not opened', () => {
  const one = released();
  const other = sealDetail(Buffer.alloc(40), Buffer.alloc(0));
  const lenient = (sealed: Buffer): Buffer => openSealed(sealed, Buffer.alloc(0));
  expect(openDetail({ openDetail: lenient }, { leaf: one.leaf, detail: other })).toBeNull();
});

test('equal details of two entries do not show in their leaves', () => {
  const hashes = [1, 2].map((salt) => {
    const deps = { sealDetail, randomBytes: (size: number) => Buffer.alloc(size, salt) };
    const leaf = makeEntry(deps, samples.delivered).leaf.toString();
    return (JSON.parse(leaf) as { detail: string }).detail;
  });
  expect(hashes[0]).not.toBe(hashes[1]);
});

describe('nothing that a caller wrote gets into a leaf', () => {
  test.each([
    ['an item with a number', { items: ['900101-1234567'] }],
    ['an item with spaces', { items: ['a name'] }],
    ['an item in Korean', { items: ['홍길동'] }],
    ['a consignee that is no id', { consignee: 'Some "One"' }],
    ['a transfer that is no UUID', { transfer: '900101-1234567' }],
    ['a contract that is no id', { contract: { id: 'x', digest: Buffer.alloc(32) } }],
    ['a digest of another length', { contract: { id: 'a.v1', digest: Buffer.alloc(8) } }],
    ['a commitment of another length', { commitment: Buffer.alloc(31) }],
    ['no commitment where it is needed', { commitment: undefined }],
    ['more items than fit', { items: Array<string>(2000).fill('a'.repeat(40)) }],
  ])('%s is refused', (_, wrong) => {
    expect(() => released(undefined, wrong as Partial<EntryInput>)).toThrow();
  });
});

/** An old key of a ledger leads to the new one by what it has signed, and by nothing else. */
import { describe, expect, test } from 'vitest';
import { makeEntry } from '#src/ledger/entry.ts';
import { followTurns, unknownSigners, type KeyTurn } from '#src/ledger/key-turn.ts';
import { encodeVkey, ledgerKeyFromSeed, signCheckpoint, type LedgerKey } from '#src/ledger/note.ts';
import { naivePath, naiveRoot, nodeCrypto, released, sealing } from './support.ts';
import { sha256 } from '#src/base/canonical.ts';

const origin = 'ledger.test/waybill';
const keyOf = (byte: number) => ledgerKeyFromSeed(origin, Buffer.alloc(32, byte));
const [first, second, third, thief] = [keyOf(1), keyOf(2), keyOf(3), keyOf(4)];
const [old, next, newest, stolen] = [first, second, third, thief].map(encodeVkey) as [
  ...[string, string, string, string],
];

function changed(vkey: string | null, kind: 'key-changed' | 'released' = 'key-changed'): Buffer {
  const commitment = sha256(Buffer.from(vkey ?? '', 'utf8'));
  if (kind === 'released') return released(undefined, { commitment }).leaf;
  const detail = { actor: { client: null, kind: 'system' }, key: 'ledger', keyId: '1' } as const;
  const said = { kind, at: new Date('2026-03-02T01:02:03.004Z'), detail } as const;
  return makeEntry(sealing, { ...said, ...(vkey === null ? {} : { commitment }) }).leaf;
}

/** That the entry after `before` others names this key, in a tree signed by these. */
function turn(
  vkey: string,
  { by, leaf = changed(vkey), before = 3 }: { by: LedgerKey; leaf?: Buffer; before?: number },
): KeyTurn {
  const leaves = [...Array.from({ length: before }, () => released().leaf), leaf];
  leaves.push(released().leaf);
  const proof = naivePath(before, leaves).map((hash) => hash.toString('base64'));
  const checkpoint = signCheckpoint(by, { size: leaves.length, root: naiveRoot(leaves) });
  return { vkey, index: before, leaf: leaf.toString('utf8'), proof, checkpoint };
}

const follow = async (vkeys: string[], turns: KeyTurn[]) =>
  (await followTurns(nodeCrypto, vkeys, turns)).vkeys;
const both = [turn(next, { by: first }), turn(newest, { by: second, before: 9 })];

describe('an old key', () => {
  test('leads to the newest, over every key between them', async () => {
    expect(await follow([old], both)).toEqual([old, next, newest]);
    expect(await follow([old], [])).toEqual([old]);
    const together = { ...second, others: [first] };
    expect(await follow([old], [turn(next, { by: together })])).toEqual([old, next]);
  });

  test('is not asked about what came before a key that is trusted', async () => {
    expect(await follow([next], both)).toEqual([next, newest]);
    expect(await follow([newest], both)).toEqual([newest]);
    expect(await follow([old, newest], both)).toEqual([old, newest]);
  });
});

describe('a chain that does not hold leads nowhere', () => {
  const good = both[0]!;
  const broken: [string, string[], KeyTurn[], RegExp][] = [
    ['a link is missing', [old], both.slice(1), /no key that is trusted says .* at entry 9/],
    ['the links are reversed', [old], both.toReversed(), /no key that is trusted says/],
    ['a stranger signed it', [old], [turn(stolen, { by: thief })], /no key that is trusted says/],
    ['another key is shown', [old], [{ ...good, vkey: stolen }], /names another key than/],
    ['it names none', [old], [turn(stolen, { by: first, leaf: changed(null) })], /another key/],
    [
      'the entry is none of that kind',
      [old],
      [turn(stolen, { by: first, leaf: changed(stolen, 'released') })],
      /names no key/,
    ],
    [
      'the entry is not in the tree',
      [old],
      [{ ...turn(stolen, { by: thief }), checkpoint: good.checkpoint }],
      /is not in the tree/,
    ],
    ['the entry is elsewhere', [old], [{ ...good, index: 2 }], /is not in the tree/],
    ['the entry is not covered', [old], [{ ...good, index: 5 }], /is not in the tree/],
    [
      'the key is of another name',
      [old],
      [turn(stolen.replace(origin, 'other.test'), { by: first })],
      /names another key/,
    ],
    [
      'the signature was changed',
      [old],
      [{ ...good, checkpoint: good.checkpoint.replace(/.{5}(?===?\n$)/, 'AAAAA') }],
      /no key that is trusted says/,
    ],
  ];

  test.each(broken)('%s', async (_, vkeys, turns, why) => {
    await expect(follow(vkeys, turns)).rejects.toThrow(why);
    await expect(follow(vkeys, turns)).rejects.toThrow(TypeError);
  });
});

test('a note tells of keys of the ledger that are not known, and not of its witnesses', () => {
  const { checkpoint } = turn(next, { by: { ...second, others: [first] } });
  const idOf = (vkey: string) => vkey.split('+')[1];
  expect(unknownSigners(checkpoint, [old])).toEqual([idOf(next)]);
  expect(unknownSigners(checkpoint, [old, next])).toEqual([]);
  expect(unknownSigners(checkpoint, ['other.test+00000000+AA=='])).toEqual([]);
});

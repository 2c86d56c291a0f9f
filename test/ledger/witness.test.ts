/** A witness cosigns one growing tree for ever, whatever it is offered. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeVkey, ledgerKeyFromSeed, signCheckpoint } from '#src/ledger/note.ts';
import { leafHash } from '#src/ledger/tree.ts';
import { judgeCheckpoint, type Verdict } from '#src/ledger/witness.ts';
import { ledgerKey, naiveRoot, naiveSubproof, nodeCrypto } from './support.ts';

const vkeys = [encodeVkey(ledgerKey)];

/** The leaves of a history, each named by what came before it. */
const leavesOf = (names: readonly number[]) => names.map((name) => Buffer.of(name));
const noteOf = (leaves: readonly Buffer[], key = ledgerKey) =>
  signCheckpoint(key, { size: leaves.length, root: naiveRoot(leaves) });

const honest = (leaves: readonly Buffer[]) => async (from: number, to: number) =>
  from === to ? [] : naiveSubproof(from, leaves.slice(0, to));

function judge(kept: string | null, offered: readonly Buffer[], proof = honest(offered)) {
  const asked = { vkeys, kept, offered: noteOf(offered), proof };
  return judgeCheckpoint(nodeCrypto, asked);
}

const kinds = async (verdict: Promise<Verdict>) => (await verdict).kind;
const five = leavesOf([1, 2, 3, 4, 5]);

describe('a checkpoint', () => {
  test('is cosigned where it is the first, the same again, or continues the last', async () => {
    expect(await judge(null, five)).toMatchObject({ kind: 'continues', isNew: true });
    expect(await judge(noteOf(five), five)).toMatchObject({ kind: 'continues', isNew: false });
    expect(await judge(noteOf(five.slice(0, 3)), five)).toMatchObject({ isNew: true });
    expect(await judge(noteOf([]), five)).toMatchObject({ kind: 'continues', isNew: true });
  });

  test('is a fork where it is smaller, other, or does not begin with the last', async () => {
    const other = leavesOf([1, 2, 9, 4, 5]);
    expect(await kinds(judge(noteOf(five), five.slice(0, 4)))).toBe('forked');
    expect(await kinds(judge(noteOf(five), other))).toBe('forked');
    expect(await kinds(judge(noteOf(five.slice(0, 3)), other))).toBe('forked');
    expect(await kinds(judge(noteOf(five.slice(0, 3)), five, async () => []))).toBe('forked');
  });

  test('that the ledger did not sign is no fork, and not cosigned', async () => {
    const stranger = ledgerKeyFromSeed(ledgerKey.origin, Buffer.alloc(32, 1));
    const asked = { vkeys, kept: null, offered: noteOf(five, stranger), proof: honest(five) };
    await expect(judgeCheckpoint(nodeCrypto, asked)).rejects.toThrow(TypeError);
  });

  test('continues one that an earlier key of the ledger signed', async () => {
    const earlier = ledgerKeyFromSeed(ledgerKey.origin, Buffer.alloc(32, 1));
    const both = [...vkeys, encodeVkey(earlier)];
    const kept = noteOf(five.slice(0, 2), earlier);
    const asked = { vkeys: both, kept, offered: noteOf(five), proof: honest(five) };
    expect(await kinds(judgeCheckpoint(nodeCrypto, asked))).toBe('continues');
  });
});

test('no two cosigned trees contradict each other, whatever is offered with whatever proof', async () => {
  const history = fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 9 });
  const offer = fc.record({
    names: history,
    // The proof of another history, or of this one.
    proven: fc.option(history, { nil: null }),
    junk: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(offer, { maxLength: 12 }), async (offers) => {
      let kept: string | null = null;
      const cosigned: Buffer[][] = [];
      for (const { names, proven, junk } of offers) {
        const leaves = leavesOf(names);
        const proof = async (from: number, to: number) => {
          const shown = proven ? leavesOf(proven) : leaves;
          if (junk) return [leafHash(Buffer.of(7)), leafHash(Buffer.of(8))];
          return from < shown.length ? honest(shown)(from, Math.min(to, shown.length)) : [];
        };
        const verdict = await judge(kept, leaves, proof);
        if (verdict.kind !== 'continues') continue;
        if (verdict.isNew) kept = noteOf(leaves);
        cosigned.push(leaves);
      }
      for (const [at, later] of cosigned.entries()) {
        for (const earlier of cosigned.slice(0, at)) {
          expect(later.slice(0, earlier.length)).toEqual(earlier);
        }
      }
    }),
    { numRuns: 150 },
  );
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyProof } from '#src/ledger/verify.ts';
import { openTestLedger, vkey } from './fixture.ts';
import type { TestLedger } from './fixture.ts';
import { nodeCrypto } from './support.ts';

let ledger: TestLedger;
let transfers: string[];
beforeAll(async () => {
  ledger = await openTestLedger();
  transfers = await ledger.submitMany(600);
  await ledger.sequenceAll(130);
});
afterAll(() => ledger.close());

describe('proofs', () => {
  test('of many entries against one checkpoint verify outside', async () => {
    const indexes = [599, 0, 255, 256, 511, 512, 600, -1, 300];
    const proofs = await ledger.reader.proofsFor(indexes);
    expect(proofs.map((proof) => proof?.index)).toEqual([
      599,
      0,
      255,
      256,
      511,
      512,
      undefined,
      undefined,
      300,
    ]);
    for (const proof of proofs.filter((each) => each !== null)) {
      const { checkpoint } = await verifyProof(nodeCrypto, vkey, proof);
      expect(checkpoint.size).toBe(600);
    }
    const twin = { ...proofs[0]!, index: 598 };
    await expect(verifyProof(nodeCrypto, vkey, twin)).rejects.toThrow('does not cover');
  });

  test('for an earlier size are those of that tree', async () => {
    const leaves = await ledger.reader.leavesAt([120]);
    for (const size of [130, 260, 390]) {
      const { hashes, checkpoint } = await ledger.reader.inclusion({ index: 120, size });
      const proof = {
        leaf: leaves[0]!.toString('base64'),
        index: 120,
        hashes: hashes.map((hash) => hash.toString('base64')),
        checkpoint: checkpoint!,
      };
      await expect(verifyProof(nodeCrypto, vkey, proof)).resolves.toBeDefined();
    }
    expect((await ledger.reader.inclusion({ index: 120, size: 250 })).checkpoint).toBeNull();
  });

  test.each([
    [{ index: 600 }],
    [{ index: -1 }],
    [{ index: 0.5 }],
    [{ index: 0, size: 601 }],
    [{ index: 2, size: 2 }],
  ])('of inclusion out of range are refused: %j', async (ask) => {
    await expect(ledger.reader.inclusion(ask)).rejects.toMatchObject({
      code: 'INVALID_PROOF_RANGE',
    });
  });

  test.each([[{ from: 601 }], [{ from: 2, to: 1 }], [{ from: -1 }], [{ from: 0, to: 601 }]])(
    'of consistency out of range are refused: %j',
    async (ask) => {
      await expect(ledger.reader.consistency(ask)).rejects.toMatchObject({
        code: 'INVALID_PROOF_RANGE',
      });
    },
  );
});

describe('reading', () => {
  test('entries goes from where it is told to the newest checkpoint, and no further', async () => {
    const page = await ledger.reader.entries({ start: 597, limit: 9, withDetail: false });
    expect(page.map(({ index }) => index)).toEqual([597, 598, 599]);
    expect(page[0]).not.toHaveProperty('detail');
    expect(await ledger.reader.entries({ start: 600, limit: 9, withDetail: true })).toEqual([]);
    await expect(
      ledger.reader.entries({ start: -1, limit: 9, withDetail: true }),
    ).rejects.toMatchObject({ code: 'INVALID_PROOF_RANGE' });
  });

  test('a trail finds the entries of one transfer, with their details', async () => {
    const [entry, ...others] = await ledger.reader.trail(transfers[42]!);
    expect([entry?.index, others]).toEqual([42, []]);
    const detail = JSON.parse(entry!.detail!.content.toString()) as object;
    expect(detail).toMatchObject({ rules: ['age@1'] });
    expect(await ledger.reader.trail(randomUUID())).toEqual([]);
  });

  test('a trail is read through the index of leaves', async () => {
    await ledger.asOwner(async (owner) => {
      await owner.query('SET enable_seqscan = off');
      const { rows } = await owner.query<Record<string, string>>(
        'EXPLAIN SELECT index FROM entries WHERE leaf_transfer(leaf) = $1::uuid',
        [transfers[42]!],
      );
      expect(rows.map((row) => row['QUERY PLAN']).join()).toContain('leaf_transfer_idx');
    });
  });

  test('a checkpoint that was never signed is not found', async () => {
    await expect(ledger.reader.checkpointAt(131)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await ledger.reader.checkpointAt(130)).toMatchObject({ size: 130 });
  });
});

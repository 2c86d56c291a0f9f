import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatProofFile, parseProofFile, verifyProofFile } from '#src/ledger/proof-file.ts';
import { openTestLedger, vkey } from './fixture.ts';
import type { TestLedger } from './fixture.ts';
import { nodeCrypto } from './support.ts';

/** No power of two: the paths have different lengths. */
const size = 11;
let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openTestLedger();
  await ledger.submitMany(size);
  await ledger.sequenceAll(6);
});
afterAll(() => ledger.close());

async function kept(index: number) {
  const { hashes, checkpoint } = await ledger.reader.inclusion({ index });
  const [entry] = await ledger.reader.entries({ start: index, limit: 1, withDetail: false });
  const inBase64 = hashes.map((hash) => hash.toString('base64'));
  return {
    leaf: entry!.leaf,
    file: formatProofFile({ index, hashes: inBase64, checkpoint: checkpoint! }),
  };
}

test('a file proves its own leaf, and no other', async () => {
  for (let index = 0; index < size; index++) {
    const { leaf, file } = await kept(index);
    const proven = await verifyProofFile(nodeCrypto, { vkey, leaf, file });
    expect(proven).toMatchObject({ index, size });
    const other = await kept((index + 1) % size);
    const swapped = { vkey, leaf: other.leaf, file };
    await expect(verifyProofFile(nodeCrypto, swapped)).rejects.toThrow(TypeError);
  }
});

test('a file that was changed in any character proves nothing', async () => {
  const { leaf, file } = await kept(7);
  for (let at = 0; at < file.length; at++) {
    const changed = `${file.slice(0, at)}${file[at] === 'A' ? 'B' : 'A'}${file.slice(at + 1)}`;
    const claim = { vkey, leaf, file: changed };
    await expect(verifyProofFile(nodeCrypto, claim), `character ${at}`).rejects.toThrow();
  }
});

test('a file has its form: header, an extra line at most, index, hashes, checkpoint', async () => {
  const { leaf, file } = await kept(3);
  expect(file).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex 3\n([A-Za-z0-9+/]{43}=\n){4}\n.+\n11\n/);
  const withExtra = file.replace('\nindex', '\nextra aGVsbG8=\nindex');
  await verifyProofFile(nodeCrypto, { vkey, leaf, file: withExtra });
  const broken = [
    '',
    'index 3\n\n',
    file.replace('@v1', '@v2'),
    file.replace('index 3', 'index 03'),
    file.replace('index 3', 'index -3'),
    file.replace('\nindex', '\nextra not base64\nindex'),
    file.replace('\n\n', '\nAAAA\n\n'),
    file.replace('\n\n', '\n'),
    formatProofFile({
      index: 0,
      hashes: Array<string>(64).fill('A'.repeat(43) + '='),
      checkpoint: '',
    }),
  ];
  for (const text of broken) expect(() => parseProofFile(text), text).toThrow(TypeError);
});

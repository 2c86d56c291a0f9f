/** The seventeen shipped contracts, each with one record that holds every item there is. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadAgreements } from '#src/agreements/load.ts';
import { samplePayload } from '#src/agreements/payload.ts';
import { compileContract } from '#src/minimise/compile.ts';
import { minimise } from '#src/minimise/minimise.ts';
import { reopen } from '#src/minimise/reopen.ts';
import { minimiseReturned } from '#src/minimise/returned.ts';
import { wireRecord } from '#src/minimise/wire.ts';
import type { Contract, DictionaryItem } from '#src/base/words.ts';
import { resolveSecret } from '#test/agreements/folders.ts';
import { SALT } from '#test/minimise/dictionary.ts';

const root = join(import.meta.dirname, '../..');
const { contracts } = loadAgreements(
  { resolveSecret },
  { contractsDir: join(root, 'contracts'), consigneesDir: join(root, 'consignees') },
);
const today = '2026-02-01';
const STRANGE = 'STRANGE-VALUE';

/** Every item's first example at its place, and a stranger beside each. */
function everything({ dictionary }: Contract): Record<string, unknown> {
  const at = (place: DictionaryItem['at']) => {
    const own = [...dictionary.items.values()].filter((item) => item.at === place);
    return Object.fromEntries(own.map(({ code, schema }) => [code, example(schema)]));
  };
  const strangers = { password: STRANGE, nickname: STRANGE };
  const tests = [{ ...at('tests'), ...strangers }, strangers];
  return { ...at('record'), ...at('result'), tests, ...strangers };
}

function example(schema: Record<string, unknown>): unknown {
  const [first] = schema['examples'] as unknown[];
  if (typeof first !== 'object' || first === null || Array.isArray(first)) return first;
  return { ...first, nickname: STRANGE };
}

/** The identifier by which a record names the subject of this contract. */
function subjectOf(contract: Contract, record: Record<string, unknown>) {
  const member = record['websiteMemberInformation'] as { memberId: string } | undefined;
  const ids = {
    patient: record['chartNumber'] as string | undefined,
    practitioner: record['licenseNumber'] as string | undefined,
    member: member?.memberId,
    visitor: undefined,
  };
  return { kind: contract.subject, id: ids[contract.subject] ?? 'v-1' };
}

function releaseUnder(contract: Contract, record: Record<string, unknown>) {
  const compiled = compileContract(contract);
  const subject = subjectOf(contract, record);
  const outcome = minimise(compiled, { record, subject, today, salt: SALT });
  if (outcome.outcome === 'refused') throw new Error(JSON.stringify(outcome));
  return { compiled, ...outcome };
}

test('there are seventeen', () => {
  expect(contracts).toHaveLength(17);
});

describe.each(contracts.map((contract) => [contract.id, contract] as const))(
  '%s',
  (_id, contract) => {
    const listed = contract.items.map(({ item }) => item).sort();

    test('takes its own items out of a record of all, and nothing else', async () => {
      const { released, withheld, compiled } = releaseUnder(contract, everything(contract));
      expect([...released.released, ...released.derived].sort()).toEqual(listed);
      expect(released.derived).toEqual(listed.includes('age') ? ['age'] : []);
      const text = released.canonical().toString('utf8');
      expect(text).not.toContain(STRANGE);
      expect(text).not.toContain('nickname');
      const codes = new Set(withheld.map(({ item }) => item));
      for (const item of contract.dictionary.items.keys()) {
        expect(codes.has(item)).toBe(!listed.includes(item));
      }
      const { commitment } = released;
      const sealed = { salt: SALT, canonical: released.canonical(), commitment };
      expect(reopen(compiled, sealed).released).toEqual(contract.items.map(({ item }) => item));

      const wire = await wireRecord(released, () => Promise.resolve('sealed'));
      const number = 'residentRegistrationNumber';
      expect(wire[number]).toBe(listed.includes(number) ? 'sealed' : undefined);
    });

    test('releases its sample payload', () => {
      const sample = samplePayload(contract) as Record<string, unknown>;
      // a sample shows what arrives; what is committed to is the number in clear
      const number = 'residentRegistrationNumber';
      if (number in sample) sample[number] = everything(contract)[number];
      const { released } = releaseUnder(contract, sample);
      expect(JSON.parse(released.canonical().toString('utf8'))).toEqual(sample);
    });

    test('takes back what it may return out of a result of all', () => {
      const compiled = compileContract(contract);
      const outcome = minimiseReturned(compiled, {
        result: everything(contract),
        today,
        salt: SALT,
      });
      const returns = contract.returns.map(({ item }) => item);
      expect(outcome).toMatchObject({ outcome: 'accepted', accepted: returns });
    });
  },
);

/**
 * What the text guard costs, and how many ordinary records it refuses: the typical record must
 * cost 50 µs at most, and ordinary records pass.
 */
import { randomBytes } from 'node:crypto';
import type { Contract } from '#src/base/words.ts';
import { compileContract, CompiledContract } from '#src/minimise/compile.ts';
import { derive, judgeSources, planDerivations } from '#src/minimise/derive.ts';
import { minimise } from '#src/minimise/minimise.ts';
import { payloadOf } from '#src/minimise/payload.ts';
import { take } from '#src/minimise/take.ts';
import { guardText } from '#src/minimise/text-guard.ts';
import { FUZZ_TODAY } from '#test/fuzz/people.ts';
import { randomOf } from '#test/fuzz/random.ts';
import { realisticRecord } from '#test/fuzz/realistic.ts';
import { loadShipped } from '#test/fuzz/shipped.ts';
import { medianUs, rounded, type Benchmark, type Figures } from './measure.ts';

const timed = ['samkwang', 'engitech', 'lctech', 'mediage', 'infonet'];
const records = 200;
const measurementsTypical = 15;
const salt = randomBytes(32);

export const textGuard: Benchmark = {
  name: 'text-guard',
  run: ({ quick, say }) => {
    const contracts = loadShipped().contracts.map(({ compiled }) => contractOf(compiled));
    const figures: Figures = {};
    for (const contract of contracts.filter(({ consignee }) => timed.includes(consignee))) {
      Object.assign(figures, timesOf(contract, quick ? 3 : 15));
    }
    return { ...figures, ...refusals(contracts, quick ? 500 : 10_000, say) };
  },
};

function contractOf(compiled: CompiledContract): Contract {
  return CompiledContract.planOf(compiled).contract;
}

/** The guard alone, and minimising with it and without. */
function timesOf(contract: Contract, rounds: number): Figures {
  const compiled = compileContract(contract);
  const unguarded = compileContract(withoutGuard(contract));
  const { guard } = CompiledContract.planOf(compiled);
  const orders = Array.from({ length: records }, (_, index) => typicalOrder(contract, index));
  const minimisings = orders.map((order) => minimisingOf(compiled, order.record));
  const us = medianUs(
    {
      guard: (call) => guard && guardText(guard, minimisings[call % records]!),
      minimiseWith: (call) => minimise(compiled, orders[call % records]!),
      minimiseWithout: (call) => minimise(unguarded, orders[call % records]!),
    },
    { rounds, calls: 5 * records },
  );
  const { consignee } = contract;
  return {
    [`${consignee}: guard, µs`]: us.guard,
    [`${consignee}: minimise with it, µs`]: us.minimiseWith,
    [`${consignee}: minimise without it, µs`]: us.minimiseWithout,
    [`${consignee}: with / without`]: rounded(us.minimiseWith / us.minimiseWithout),
  };
}

/** The same contract, with a dictionary in which nothing is guarded. */
function withoutGuard(contract: Contract): Contract {
  const items = [...contract.dictionary.items].map(
    ([code, item]) => [code, { ...item, guard: false }] as const,
  );
  return { ...contract, dictionary: { ...contract.dictionary, items: new Map(items) } };
}

/** A whole record with a consultation of about 150 characters and fifteen measurements. */
function typicalOrder(contract: Contract, index: number) {
  const { record, subject } = realisticRecord(randomOf(1, index), contract.subject);
  const checkup = record['checkupRecord'] as { measurements: unknown[] };
  while (checkup.measurements.length < measurementsTypical) {
    checkup.measurements.push(...checkup.measurements.slice(0, 2));
  }
  checkup.measurements.length = measurementsTypical;
  const text = record['consultationInformation'];
  if (typeof text === 'string') record['consultationInformation'] = text.slice(0, 150);
  // as a body is read: the texts that were put together above are of pieces, which read slowly
  const read = JSON.parse(JSON.stringify(record)) as typeof record;
  return { record: read, subject, today: FUZZ_TODAY, salt };
}

function minimisingOf(compiled: CompiledContract, record: Record<string, unknown>) {
  const side = CompiledContract.planOf(compiled).outbound;
  const taken = take(side, record);
  const derivations = judgeSources(taken, planDerivations(taken), FUZZ_TODAY);
  const payload = payloadOf(taken, derive(taken, derivations));
  return { side, found: taken.found, payload, tests: taken.tests };
}

function refusals(contracts: readonly Contract[], count: number, say: (line: string) => void) {
  const compiled = contracts.map((contract) => [contract, compileContract(contract)] as const);
  const refused = new Map<string, number>();
  const others = new Map<string, number>();
  for (let index = 0; index < count; index += 1) {
    if (index % 2_000 === 0) say(`text-guard: ${index} of ${count} records`);
    const made = new Map<string, ReturnType<typeof realisticRecord>>();
    for (const [contract, plan] of compiled) {
      const kind = contract.subject;
      if (!made.has(kind)) made.set(kind, realisticRecord(randomOf(2, index), kind));
      const { record, subject } = made.get(kind)!;
      const outcome = minimise(plan, { record, subject, today: FUZZ_TODAY, salt });
      if (outcome.outcome === 'released') continue;
      const isText = outcome.reason === 'UNCONTRACTED_VALUE_IN_TEXT';
      const counts = isText ? refused : others;
      counts.set(contract.consignee, (counts.get(contract.consignee) ?? 0) + 1);
    }
  }
  const total = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);
  return {
    'records × contracts': `${count} × ${contracts.length}`,
    'refused for a text': total(refused),
    'refused for a text, %': rounded((100 * total(refused)) / (count * contracts.length)),
    'refused for a text, by consignee': JSON.stringify(Object.fromEntries(refused)),
    'refused for another reason': JSON.stringify(Object.fromEntries(others)),
  };
}

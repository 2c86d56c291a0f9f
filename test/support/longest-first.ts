/**
 * The order of the files: those that take longest begin first, so that none of them is left to run
 * alone at the end. vitest knows that of a machine on which it ran before; a fresh clone does not.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest first; a file that is not here takes little. */
const long: readonly string[] = [
  'console/tour',
  'flows/failover',
  'delivery/inbox',
  'console/attacks',
  'faults/faults',
  'flows/accounts',
  'flows/processes',
  'flows/outage',
  'flows/crash',
  'ledger/noted',
  'ledger/sequencer',
  'console/console',
  'flows/bulk',
  'flows/workers',
  'console/officer',
  'flows/access',
  'flows/rotation',
  'flows/secrecy',
  'delivery/tampered',
  'delivery/dispatcher',
  'console/deliveries',
  'console/contracts',
  'flows/demo',
  'store/engine',
  'flows/hostile',
  'flows/forked',
  'faults/failpoints',
  'flows/sign-in',
  'minimise/properties',
  'flows/signatures',
  'ledger/mutations',
  'api/notice',
  'transfers/results',
  'transfers/replay',
];

/** Its place in the order of the long ones; whatever is none comes after these. */
function placeOf({ moduleId }: TestSpecification): number {
  const place = long.indexOf(/\/test\/(.+)\.test\.ts$/.exec(moduleId)?.[1] ?? '');
  return place < 0 ? long.length : place;
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const { cache } = this.ctx;
    const areKnown = files.every((file) => cache.getTestSpecificationResult(file));
    return areKnown ? sorted : sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}

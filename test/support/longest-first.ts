/**
 * The order of the files: those that take longest begin first, so that none of them is left to run
 * alone at the end. vitest knows that of a machine on which it ran before; a fresh clone does not.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Seconds on two quiet cores; a file that is not here takes less than ten. */
const seconds: Readonly<Record<string, number>> = {
  'console/tour': 65,
  'flows/failover': 40,
  'delivery/inbox': 38,
  'console/attacks': 36,
  'faults/faults': 36,
  'flows/accounts': 33,
  'flows/processes': 28,
  'flows/outage': 27,
  'flows/crash': 27,
  'ledger/noted': 25,
  'ledger/sequencer': 24,
  'console/console': 25,
  'flows/bulk': 24,
  'flows/workers': 22,
  'console/officer': 22,
  'flows/access': 22,
  'flows/rotation': 22,
  'flows/secrecy': 20,
  'delivery/tampered': 18,
  'delivery/dispatcher': 16,
  'console/deliveries': 16,
  'console/contracts': 16,
  'flows/demo': 16,
  'store/engine': 15,
  'flows/hostile': 14,
  'flows/forked': 14,
  'faults/failpoints': 14,
  'flows/sign-in': 13,
  'minimise/properties': 13,
  'flows/signatures': 12,
  'ledger/mutations': 12,
  'api/notice': 12,
  'transfers/results': 11,
  'transfers/replay': 10,
};

const secondsOf = ({ moduleId }: TestSpecification): number =>
  seconds[/\/test\/(.+)\.test\.ts$/.exec(moduleId)?.[1] ?? ''] ?? 0;

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const { cache } = this.ctx;
    const areKnown = files.every((file) => cache.getTestSpecificationResult(file));
    return areKnown ? sorted : sorted.toSorted((one, other) => secondsOf(other) - secondsOf(one));
  }
}

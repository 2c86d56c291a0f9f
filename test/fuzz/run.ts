/** One record after the other, under every shipped contract, each judged by the oracle. */
import { minimise, type Minimised } from '#src/minimise/minimise.ts';
import { fuzzRecord, type MadeRecord } from './hostile.ts';
import { judgeOf, type Finding } from './oracle.ts';
import { FUZZ_TODAY } from './people.ts';
import { fillBytes, randomOf } from './random.ts';
import type { Shipped } from './shipped.ts';
import { newTally, noteDecision, type Tally } from './tally.ts';

/** A finding, and all that it takes to have it again. */
export interface Found extends Finding {
  seed: number;
  index: number;
  contract: string;
}

export interface Heard {
  onFinding: (found: Found) => void;
  onDecision?: (contract: string, outcome: Minimised) => void;
}

const OF_BYTES: ReadonlySet<string> = new Set(['UNCONTRACTED', 'CHANGED', 'VALUE_IN_TEXT']);

/** The records from `from` up to `until`, without it. A function of seed and index only. */
export function runRecords(
  deps: { shipped: Shipped; heard: Heard },
  input: { seed: number; from: number; until: number },
): Tally {
  const tally = newTally();
  for (let index = input.from; index < input.until; index += 1) {
    runRecord(deps, { seed: input.seed, index }, tally);
  }
  return tally;
}

function runRecord(
  { shipped, heard }: { shipped: Shipped; heard: Heard },
  { seed, index }: { seed: number; index: number },
  tally: Tally,
): void {
  const random = randomOf(seed, index);
  const made = fuzzRecord(random);
  const salt = new Uint8Array(32);
  fillBytes(random, salt);
  const { isBenign } = made;
  const before = JSON.stringify(made.record);
  // As it comes from an EMR: read from JSON, its strings whole.
  const record = JSON.parse(before) as MadeRecord['record'];
  const judge = judgeOf(shipped.book, { record, today: FUZZ_TODAY, salt, isBenign });
  const find = (contract: string, { kind, path }: Finding) => {
    tally.findings += 1;
    if (OF_BYTES.has(kind)) tally.uncontracted += 1;
    heard.onFinding({ seed, index, contract, kind, path });
  };
  let isGuarded = false;
  // with every fourth record one of the others takes its turn, too
  const variant =
    index % 4 === 0 ? shipped.variants[(index / 4) % shipped.variants.length] : undefined;
  for (const { name, rules, compiled } of [...shipped.contracts, ...(variant ? [variant] : [])]) {
    const subject = made.subjectFor(rules.subject);
    let findings: Finding[];
    try {
      const outcome = minimise(compiled, { record, subject, today: FUZZ_TODAY, salt });
      noteDecision(tally, outcome);
      heard.onDecision?.(name, outcome);
      isGuarded ||= isTextRefusal(outcome);
      findings = judge(rules, subject, outcome);
    } catch (error) {
      // what the minimiser throws is its name; a message might hold a value
      findings = [{ kind: 'THROWN', path: error instanceof Error ? error.name : 'unknown' }];
    }
    for (const finding of findings) find(name, finding);
  }
  if (JSON.stringify(record) !== before) find('any', { kind: 'RECORD_CHANGED', path: '' });
  tally.records += 1;
  noteRealistic(tally, made, isGuarded);
}

function noteRealistic(tally: Tally, made: MadeRecord, isGuarded: boolean): void {
  if (!made.isRealistic) return;
  tally.realistic += 1;
  if (isGuarded) tally.realisticGuarded += 1;
}

function isTextRefusal(outcome: Minimised): boolean {
  return outcome.outcome === 'refused' && outcome.reason === 'UNCONTRACTED_VALUE_IN_TEXT';
}

/** Collects every fault of a set of files, so that one start names them all. */
import { StartupError } from '#src/base/errors.ts';
import { consigneeSentences } from './sentences/of-consignees.ts';
import { contractSentences } from './sentences/of-contracts.ts';
import { fileSentences } from './sentences/of-files.ts';
import { pushSentences } from './sentences/of-pushes.ts';
import { subscriberSentences } from './sentences/of-subscribers.ts';
import { sentenceOf, type Said } from './sentences/said.ts';

const sentences = {
  ...fileSentences,
  ...contractSentences,
  ...consigneeSentences,
  ...pushSentences,
  ...subscriberSentences,
};

/** What makes files unusable, by name. A name stays; its sentences may change. */
export type FaultRule = keyof typeof sentences;

/** What is wrong, by which rule. */
export interface Wrong extends Said {
  rule: FaultRule;
}

export interface Fault extends Wrong {
  file: string;
  /** From 1. */
  line: number;
}

/** The sentences of a rule, with the facts that they name. */
export function wrong<R extends FaultRule>(
  rule: R,
  ...facts: Parameters<(typeof sentences)[R]>
): Wrong {
  // One rule and its own facts, which TypeScript cannot tie together through the union.
  const sayIt = sentences[rule] as (...said: typeof facts) => Said;
  return { rule, ...sayIt(...facts) };
}

/** A list that faults are added to while files are read; nothing stops at the first. */
export interface Faults {
  add(file: string, line: number, wrong: Wrong): void;
  /** All of them by file and line, each once. */
  list(): readonly Fault[];
  /** Throws `StartupError` with all of them, in English, when there is one. */
  throwIfAny(): void;
  readonly count: number;
}

/** One line of a start that is refused: `file:line: what is wrong; what would be right`. */
function lineOf(fault: Fault): string {
  return `${fault.file}:${fault.line}: ${sentenceOf(fault, 'en')}`;
}

export function collectFaults(): Faults {
  const faults: Fault[] = [];
  const list = (): Fault[] => {
    const sorted = faults.toSorted((a, b) =>
      a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1,
    );
    return [...new Map(sorted.map((fault) => [lineOf(fault), fault])).values()];
  };
  return {
    add: (file, line, said) => void faults.push({ file, line, ...said }),
    list,
    throwIfAny() {
      if (faults.length > 0) throw new StartupError(list().map(lineOf));
    },
    get count() {
      return faults.length;
    },
  };
}

/** One thing that the linter says, and of what. */
import type { Contract, Words } from '#src/base/words.ts';
import type { FaultRule } from '../faults.ts';
import type { Said } from '../sentences/said.ts';
import type { Place, YamlFile } from '../yaml-file.ts';
import { itemDoubts, wordsDoubts } from './sentences-of-items.ts';
import { lifeDoubts, partyDoubts } from './sentences-of-life.ts';

const doubtSentences = { ...itemDoubts, ...wordsDoubts, ...lifeDoubts, ...partyDoubts };

/** What makes files doubtful, by name. A name stays; its sentences may change. */
export type DoubtRule = keyof typeof doubtSentences;

/** `error`: a gateway does not start with it, or something is not what it says it is. */
export type Level = 'error' | 'warning';

export interface Finding extends Said {
  level: Level;
  rule: FaultRule | DoubtRule;
  file: string;
  /** From 1. */
  line: number;
  /** Null: about the dictionary, the clinic or a folder. */
  consignee: string | null;
  /** `samkwang.v1`; null: about no single version. */
  contract: string | null;
  /** Dictionary code. */
  item?: string;
}

/** Where a finding stands, before it is said. */
export type Subject = Pick<Finding, 'file' | 'line' | 'consignee' | 'contract' | 'item'>;

/** These are wrong, not only doubtful: what is signed or filed is not what the text says. */
const errors: readonly DoubtRule[] = ['signature.invalid', 'document.differs'];

/** A doubt by its rule, with the facts that its sentences name. */
export function doubt<R extends DoubtRule>(
  subject: Subject,
  rule: R,
  ...facts: Parameters<(typeof doubtSentences)[R]>
): Finding {
  // One rule and its own facts, which TypeScript cannot tie together through the union.
  const sayIt = doubtSentences[rule] as (...said: typeof facts) => Said;
  const level = errors.includes(rule) ? 'error' : 'warning';
  return { ...subject, level, rule, ...sayIt(...facts) };
}

/** A contract version and the file that it was read from. */
export interface Version {
  contract: Contract;
  file: YamlFile;
}

/** A place in the file of a version. */
export function at({ contract, file }: Version, place: Place, item?: string): Subject {
  const { consignee, id } = contract;
  const where = { file: file.path, line: file.lineOf(place), consignee, contract: id };
  return item === undefined ? where : { ...where, item };
}

/** The place of a contracted item. */
export function atItem(version: Version, code: string): Subject {
  const index = version.contract.items.findIndex(({ item }) => item === code);
  return at(version, ['items', index, 'item'], code);
}

/** An item as people know it, with its code. */
export function itemName({ dictionary }: Contract, code: string): Words {
  const label = dictionary.items.get(code)?.label ?? { en: code, ko: code };
  return { en: `${label.en} (${code})`, ko: `${label.ko}(${code})` };
}

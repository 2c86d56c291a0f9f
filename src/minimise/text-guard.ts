/**
 * Nothing hides in text: of what would travel, the texts are searched for what the contract
 * withholds, and the record is refused or the place is masked.
 */
import type { Contract } from '#src/base/words.ts';
import type { Side } from './compile.ts';
import { needlesOf, type SaidTexts, type Withholding } from './needles.ts';
import type { Finding } from './problems.ts';
import { search, type Hit } from './text-search.ts';
import {
  placeWith,
  pointerTo,
  readLeaves,
  readTexts,
  type Holder,
  type Leaf,
  type LeafPlace,
  type Place,
  type Saying,
} from './text-places.ts';
import { withholdingOf } from './withheld-forms.ts';

/**
 * The rule by which texts are masked. What it masks, replays have to mask: it is never changed,
 * and what is to be masked beyond it is a rule of another version, added beside it.
 */
export const TEXT_MASK = 'textMask@1';

/** What a contract looks for, compiled once. */
export interface TextGuard {
  onMatch: Contract['onTextMatch'];
  withholding: Withholding;
  /** Whether a registration number may not stand in a text, whoever's it is. */
  anyNumber: boolean;
  /** Where it is looked for. */
  searched: readonly ItemPlace[];
  /** Where a record says by itself what hides nowhere else. */
  saying: Readonly<Record<Saying, readonly ItemPlace[]>>;
}

/** What is read of one item that travels. */
interface ItemPlace {
  code: string;
  isInTests: boolean;
  place: Place;
}

/** A record as far as it is minimised: what would travel, and all that was found. */
export interface Minimising {
  side: Side;
  /** Values of top-level dictionary items as they came, listed or not. */
  found: ReadonlyMap<string, unknown>;
  /** What would travel. Its texts are masked in place: nobody else may hold them. */
  payload: Record<string, unknown>;
  /** Its `tests`, and where each stood in the record. */
  tests: readonly { index: number; values: Record<string, unknown> }[];
}

export type Guarded = { findings: Finding[] } | { masked: string[] };

const number = 'residentRegistrationNumber';
const roundsMax = 8;

/** Compiles what a contract looks for; undefined where it withholds nothing that is guarded. */
export function textGuardOf(contract: Contract, side: Side): TextGuard | undefined {
  const guarded = [...contract.dictionary.items.values()].filter(({ guard }) => guard);
  const codes = guarded
    .map(({ code }) => code)
    .filter((code) => side.listed.get(code)?.isReleasable !== true);
  if (codes.length === 0) return undefined;
  const saying = (kind: Saying) => placesIn(side, ({ says }) => says === kind);
  return {
    onMatch: contract.onTextMatch,
    withholding: withholdingOf(codes),
    anyNumber: codes.includes(number),
    searched: placesIn(side, ({ reads }) => reads !== 'nothing'),
    saying: {
      day: saying('day'),
      phone: saying('phone'),
      email: saying('email'),
      id: saying('id'),
    },
  };
}

function placesIn(side: Side, isWanted: (leaf: LeafPlace) => boolean): ItemPlace[] {
  return [...side.listed].flatMap(([code, { item, isReleasable }]) => {
    const place = isReleasable && item.places && placeWith(item.places, isWanted);
    return place ? [{ code, isInTests: item.at === 'tests', place }] : [];
  });
}

/**
 * Searches what would travel. Pure, but for the payload that it masks: the same record gives the
 * same answer on every day.
 *
 * @returns the places that hold a withheld value (`holdsWithheldValue`), or the codes whose
 *   texts were masked, in the contract's order: none where nothing was found
 */
export function guardText(guard: TextGuard, minimising: Minimising): Guarded {
  const { withholding, anyNumber, onMatch } = guard;
  const { found } = minimising;
  // a registration number that leaves says the year itself
  const isYearWithheld = withholding.isBirthWithheld && (anyNumber || !found.has(number));
  const needles = needlesOf(withholding, isYearWithheld, found, saidTextsOf(guard, minimising));
  if (!anyNumber && needles.needles.length === 0 && needles.births.length === 0) {
    return { masked: [] };
  }
  const { wordLengthMin } = needles;
  let leaves = leavesOf(guard, minimising, wordLengthMin);
  const masked = new Set<string>();
  for (let round = 0; ; round += 1) {
    const hits = search(leaves, needles, anyNumber);
    if (hits.length === 0) break;
    const kept = onMatch === 'mask' && round < roundsMax ? mask(minimising, hits) : hits;
    if (kept.length > 0) {
      const told = new Set(kept.map(({ leaf }) => leaf));
      return { findings: leaves.filter((leaf) => told.has(leaf)).map(findingOf) };
    }
    for (const { leaf } of hits) masked.add(leaf.code);
    // what stood apart may now stand together
    leaves = leavesOf(guard, minimising, wordLengthMin);
  }
  if (masked.size === 0) return { masked: [] };
  return { masked: [...minimising.side.listed.keys()].filter((code) => masked.has(code)) };
}

function findingOf(leaf: Leaf): Finding {
  return { code: leaf.code, pointer: pointerTo(leaf), rule: 'holdsWithheldValue' };
}

function saidTextsOf({ saying }: TextGuard, { payload, tests }: Minimising): SaidTexts {
  return (kind) => {
    const texts: string[] = [];
    for (const { code, isInTests, place } of saying[kind]) {
      if (!isInTests) readTexts(texts, place, payload[code]);
      else for (const { values } of tests) readTexts(texts, place, values[code]);
    }
    return texts;
  };
}

function leavesOf({ searched }: TextGuard, minimising: Minimising, wordLengthMin: number): Leaf[] {
  const { side, payload, tests } = minimising;
  const leaves: Leaf[] = [];
  const top: Holder = { value: payload, within: undefined, path: `/${side.root}` };
  let elements: Holder[] | undefined;
  for (const { code, isInTests, place } of searched) {
    const reading = { leaves, code, wordLengthMin };
    if (!isInTests) {
      readLeaves(reading, place, top, code, payload[code]);
      continue;
    }
    elements ??= tests.map(({ index, values }): Holder => {
      return { value: values, within: undefined, path: `/${side.root}/tests/${index}` };
    });
    for (const element of elements) readLeaves(reading, place, element, code, element.value[code]);
  }
  return leaves;
}

/**
 * Puts an asterisk for each character of a hit. Returns the hits that this cannot be done to: in
 * numbers and codes, and where the item's schema does not take what would be left.
 */
function mask(minimising: Minimising, hits: readonly Hit[]): Hit[] {
  const kept = hits.filter(({ leaf }) => !isMaskable(leaf));
  if (kept.length > 0) return kept;
  for (const { leaf, from, to } of hits) {
    const { value } = leaf.holder;
    const text = value[leaf.key] as string;
    value[leaf.key] = text.slice(0, from) + '*'.repeat(to - from) + text.slice(to);
  }
  return hits.filter(({ leaf }) => !fits(minimising, leaf.code));
}

function isMaskable({ reads, holder, key }: Leaf): boolean {
  return reads === 'text' && typeof holder.value[key] === 'string';
}

function fits({ side, payload, tests }: Minimising, code: string): boolean {
  const item = side.listed.get(code)?.item;
  if (item === undefined) return false;
  if (item.at !== 'tests') return item.validate(payload[code]);
  return tests.every(({ values }) => !Object.hasOwn(values, code) || item.validate(values[code]));
}

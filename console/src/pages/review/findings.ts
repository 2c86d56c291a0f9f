/** What a reviewer writes: kept by what it is about, and told as the one text that is signed. */
import type { Schemas } from '../../api.ts';

export type Anomaly = Schemas['Anomaly'];

/** Texts by what they are about, so that they stay with it when the numbers are counted anew. */
export interface Draft {
  findings: Readonly<Record<string, string>>;
  conclusion: string;
  measures: string;
}

export const emptyDraft: Draft = { findings: {}, conclusion: '', measures: '' };

export const isEmpty = ({ findings, conclusion, measures }: Draft) =>
  [...Object.values(findings), conclusion, measures].every((text) => text.trim() === '');

/** Whom and what an anomaly is about, without its numbers. */
export function keyOf({ rule, facts, entries }: Anomaly): string {
  const names = Object.entries(facts).filter(([, value]) => typeof value === 'string');
  return JSON.stringify([rule, names.sort(), entries[0] ?? null]);
}

/** Numbers as a text: `1, 3–5`. */
export function rangesOf(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const one of numbers) {
    const run = runs.at(-1);
    if (run && run[1] === one - 1) run[1] = one;
    else runs.push([one, one]);
  }
  return runs.map(([first, last]) => (first === last ? first : `${first}–${last}`)).join(', ');
}

/**
 * The findings as one text: each with the numbers of the anomalies that it is about, as the review
 * lists them; alike ones once; then the conclusion.
 */
export function composed(
  anomalies: readonly Anomaly[],
  { findings, conclusion }: Draft,
  words: { about: (numbers: string) => string; conclusion: string },
): string {
  const numbers = new Map<string, number[]>();
  anomalies.forEach((one, at) => {
    const text = (findings[keyOf(one)] ?? '').trim();
    if (text === '') return;
    numbers.set(text, [...(numbers.get(text) ?? []), at + 1]);
  });
  const lines = [...numbers].map(([text, of]) => `${words.about(rangesOf(of))}: ${text}`);
  return [...lines, `${words.conclusion}: ${conclusion.trim()}`].join('\n\n');
}

/** Finds the word that a mistyped one was probably meant to be. */

/** Distance after which two words are no longer taken for each other. */
const distanceMax = 3;
const lengthMax = 64;

/** Levenshtein distance, one row at a time. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, changed));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}

/** The candidate closest to `word` (case ignored), when one is close enough to be meant. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > lengthMax) return undefined;
  let best: { candidate: string; far: number } | undefined;
  for (const candidate of candidates) {
    // two words that differ in more than half of their letters are two words
    const limit = Math.min(distanceMax, Math.max(candidate.length, word.length) / 2);
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const far = distance(word.toLowerCase(), candidate.toLowerCase());
    if (far <= limit && far < (best?.far ?? Infinity)) best = { candidate, far };
  }
  return best?.candidate;
}

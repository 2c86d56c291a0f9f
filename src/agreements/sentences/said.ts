/** The form of everything that a check can say: what is wrong, what would be right, and the law. */
import type { Words } from '#src/base/words.ts';

/** Each half in two languages; neither ever repeats a secret, a key or a URL. */
export interface Said {
  what: Words;
  right: Words;
  law?: Words;
}

type Halves = readonly [what: string, right: string];

/** The two halves in English and in Korean, and the law where one stands behind it. */
export function say(en: Halves, ko: Halves, law?: Words): Said {
  return {
    what: { en: en[0], ko: ko[0] },
    right: { en: en[1], ko: ko[1] },
    ...(law && { law }),
  };
}

/** The same said of a place or a key, whose name stands before it. */
export function sayOf(name: string, { what, right, law }: Said): Said {
  const named = { en: `${name} ${what.en}`, ko: `${name}: ${what.ko}` };
  return { what: named, right, ...(law && { law }) };
}

/** Both halves as one sentence: "what is wrong; what would be right". */
export function sentenceOf({ what, right }: Said, language: keyof Words): string {
  return `${what[language]}; ${right[language]}`;
}

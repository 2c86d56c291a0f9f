/** The form of what a caller is told about a code, in English and Korean. */
import type { Words } from '#src/base/words.ts';

/** What a code says: in a few words, and as a sentence about what the caller can do. */
export interface Message {
  title: Words;
  /** A `[part with {facts}]` stands only when all its facts are there. */
  detail: Words;
}

/** One message: title and detail in English, then both in Korean. */
export const say = (title: string, detail: string, titleKo: string, detailKo: string): Message => ({
  title: { en: title, ko: titleKo },
  detail: { en: detail, ko: detailKo },
});

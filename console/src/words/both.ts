/** Words in both languages: a sentence that one of them lacks does not compile. */

export type Language = 'en' | 'ko';

export type InBoth<Words> = Readonly<Record<Language, Words>>;

/** A page's own words; they are loaded with the page. */
export const inBoth = <Words>(en: Words, ko: NoInfer<Words>): InBoth<Words> => ({ en, ko });

/** English says what it counts in the plural, except of one: `plural('2', 'transfer')`. */
export const plural = (count: string, one: string) => `${count} ${one}${count === '1' ? '' : 's'}`;

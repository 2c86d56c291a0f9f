/** English or Korean, switchable; and dates as the clinic's wall says them. */
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { I18nProvider } from 'react-aria-components';
import type { InBoth, Language } from './words/both.ts';
import { en, type Sentences } from './words/english.ts';
import { ko } from './words/korean.ts';

const sentences: InBoth<Sentences> = { en, ko };

interface Spoken {
  language: Language;
  /** What every page says. */
  say: Sentences;
  setLanguage: (language: Language) => void;
  /** An instant, in Seoul. */
  time: (iso: string | null | undefined) => string;
  /** A calendar date (`2026-11-23`), which has no time zone. */
  day: (date: string | null | undefined) => string;
  number: (value: number) => string;
}

const kept = 'waybill.language';
const Context = createContext<Spoken | null>(null);

function first(): Language {
  const chosen = localStorage.getItem(kept);
  if (chosen === 'en' || chosen === 'ko') return chosen;
  return navigator.language.startsWith('ko') ? 'ko' : 'en';
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(first);
  useEffect(() => {
    document.documentElement.lang = language;
    localStorage.setItem(kept, language);
  }, [language]);
  const spoken = useMemo(() => {
    const locale = language === 'ko' ? 'ko-KR' : 'en-GB';
    const times = new Intl.DateTimeFormat(locale, {
      ...{ timeZone: 'Asia/Seoul', dateStyle: 'medium', timeStyle: 'medium' },
    });
    const days = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', dateStyle: 'medium' });
    const numbers = new Intl.NumberFormat(locale);
    const said = (format: Intl.DateTimeFormat) => (iso: string | null | undefined) =>
      iso ? format.format(new Date(iso)) : '–';
    return {
      ...{ language, setLanguage, say: sentences[language], time: said(times), day: said(days) },
      number: (value: number) => numbers.format(value),
    };
  }, [language]);
  return (
    <Context value={spoken}>
      <I18nProvider locale={language === 'ko' ? 'ko-KR' : 'en-GB'}>{children}</I18nProvider>
    </Context>
  );
}

export function useLanguage(): Spoken {
  const spoken = useContext(Context);
  if (!spoken) throw new Error('outside of LanguageProvider');
  return spoken;
}

/** A page's own words, in the language that is chosen. */
export function useWords<Words>(words: InBoth<Words>): Words {
  return words[useLanguage().language];
}

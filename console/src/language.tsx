/** English or Korean, switchable; and dates as the clinic's wall says them. */
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { I18nProvider } from 'react-aria-components';
import { en, type Sentences } from './english.ts';
import { ko } from './korean.ts';

export type Language = 'en' | 'ko';

const sentences: Readonly<Record<Language, Sentences>> = { en, ko };

interface Spoken {
  language: Language;
  say: Sentences;
  setLanguage: (language: Language) => void;
  /** An instant, in Seoul. */
  time: (iso: string | null | undefined) => string;
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
    const format = new Intl.DateTimeFormat(locale, {
      ...{ timeZone: 'Asia/Seoul', dateStyle: 'medium', timeStyle: 'medium' },
    });
    const numbers = new Intl.NumberFormat(locale);
    return {
      ...{ language, setLanguage, say: sentences[language] },
      time: (iso: string | null | undefined) => (iso ? format.format(new Date(iso)) : '–'),
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

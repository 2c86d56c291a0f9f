/** What a period is called: `2026-10`, `2026-W41` and `2026-Q3` in words. */
import type { Language } from '../../words/both.ts';

export function periodName(period: string, language: Language): string {
  const [year = '', part = ''] = period.split('-');
  const isKorean = language === 'ko';
  const number = Number(part.replace(/^[WQ]/, ''));
  if (part.startsWith('W')) return isKorean ? `${year}년 ${number}주` : `Week ${number} of ${year}`;
  if (part.startsWith('Q')) {
    return isKorean ? `${year}년 ${number}분기` : `Quarter ${number} of ${year}`;
  }
  const format = new Intl.DateTimeFormat(isKorean ? 'ko-KR' : 'en-GB', {
    ...{ year: 'numeric', month: 'long', timeZone: 'UTC' },
  });
  const month = new Date(`${period}-01T00:00:00Z`);
  return Number.isNaN(month.getTime()) ? period : format.format(month);
}

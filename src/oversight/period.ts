/** The periods that are reviewed: months, weeks or quarters of Seoul days, each with its name. */
import type { ReviewCycle } from '#src/base/reviewing.ts';
import { daysAfter } from '#src/base/seoul.ts';

export interface Period {
  /** `2026-W41` (ISO 8601), `2026-10` or `2026-Q3`. */
  name: string;
  /** Seoul calendar dates, both included. */
  from: string;
  to: string;
}

const pad = (number: number) => String(number).padStart(2, '0');
const yearOf = (day: string) => Number(day.slice(0, 4));
const monthOf = (day: string) => Number(day.slice(5, 7));

/** 1 for Monday to 7 for Sunday. */
function weekdayOf(day: string): number {
  return ((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7) + 1;
}

/** The weeks of a year begin with the one that has its first Thursday (ISO 8601). */
function weekOf(day: string): Period {
  const from = daysAfter(day, 1 - weekdayOf(day));
  const thursday = daysAfter(from, 3);
  const yearDay = (Date.parse(thursday) - Date.parse(`${thursday.slice(0, 4)}-01-01`)) / 86_400_000;
  const name = `${thursday.slice(0, 4)}-W${pad(Math.floor(yearDay / 7) + 1)}`;
  return { name, from, to: daysAfter(from, 6) };
}

/** `count` months from the first day of a month on. */
function monthsFrom(name: string, first: string, count: number): Period {
  const next = monthOf(first) + count;
  const after =
    next > 12 ? `${yearOf(first) + 1}-${pad(next - 12)}` : `${yearOf(first)}-${pad(next)}`;
  return { name, from: first, to: daysAfter(`${after}-01`, -1) };
}

/** The period that a Seoul day (`YYYY-MM-DD`, a real one) lies in. */
export function periodAt(cycle: ReviewCycle, day: string): Period {
  if (cycle === 'weekly') return weekOf(day);
  if (cycle === 'monthly') return monthsFrom(day.slice(0, 7), `${day.slice(0, 7)}-01`, 1);
  const quarter = Math.ceil(monthOf(day) / 3);
  const first = `${day.slice(0, 4)}-${pad(quarter * 3 - 2)}-01`;
  return monthsFrom(`${day.slice(0, 4)}-Q${quarter}`, first, 3);
}

/** Every period from the one of one day to the one of another, oldest first. */
export function periodsBetween(cycle: ReviewCycle, from: string, to: string): Period[] {
  const periods: Period[] = [];
  for (let day = from; day <= to;) {
    const period = periodAt(cycle, day);
    periods.push(period);
    day = daysAfter(period.to, 1);
  }
  return periods;
}

/** The period of this name, of whatever cycle; undefined where there is none, such as `2026-13`. */
export function periodNamed(name: string): Period | undefined {
  const [, year = '', month, week, quarter] =
    /^(\d{4})-(?:(\d{2})|W(\d{2})|Q([1-4]))$/.exec(name) ?? [];
  if (Number(year) < 1970) return undefined;
  const cycle = week ? 'weekly' : quarter ? 'quarterly' : 'monthly';
  const day = week
    ? daysAfter(`${year}-01-04`, 7 * (Number(week) - 1))
    : `${year}-${pad(quarter ? Number(quarter) * 3 : Number(month))}-01`;
  if (!week && !quarter && (Number(month) < 1 || Number(month) > 12)) return undefined;
  const period = periodAt(cycle, day);
  return period.name === name ? period : undefined;
}

/** The cycle of a period, by the form of its name. */
export function cycleOf({ name }: Period): ReviewCycle {
  if (name.includes('W')) return 'weekly';
  return name.includes('Q') ? 'quarterly' : 'monthly';
}

/** True when every day of a period lies in one of the others. */
export function isCovered(period: Period, others: readonly Pick<Period, 'from' | 'to'>[]): boolean {
  for (let day = period.from; day <= period.to;) {
    const one = others.find(({ from, to }) => from <= day && day <= to);
    if (!one) return false;
    day = daysAfter(one.to, 1);
  }
  return true;
}

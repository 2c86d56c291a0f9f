/** How the clinic reviews what was done with people's data, as its settings say. */

/** How often. */
export type ReviewCycle = 'weekly' | 'monthly' | 'quarterly';

export const reviewCycles: readonly ReviewCycle[] = ['weekly', 'monthly', 'quarterly'];

/** Minutes of the day in Seoul between which the clinic works: from inclusive, to exclusive. */
export interface OpenHours {
  from: number;
  to: number;
}

export interface Reviewing {
  cycle: ReviewCycle;
  /** Days after the end of a period until which it is to be signed. */
  overdueDays: number;
  open: OpenHours;
}

const hoursDefault = '07:00-21:00';

/** `07:00-21:00` in minutes; undefined for what is no span of one day. */
function readHours(text: string): OpenHours | undefined {
  const [, ...parts] = /^(\d\d):([0-5]\d)-(\d\d):([0-5]\d)$/.exec(text) ?? [];
  const [fromHour = NaN, fromMinute = NaN, toHour = NaN, toMinute = NaN] = parts.map(Number);
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  return from < to && to <= 24 * 60 ? { from, to } : undefined;
}

/**
 * Reads `WAYBILL_REVIEW_CYCLE` and `WAYBILL_CLINIC_HOURS`; faults are added to `faults`.
 * @param overdueDays days after the end of a period until which it is to be signed
 */
export function readReviewing(
  env: Readonly<Record<string, string | undefined>>,
  overdueDays: number,
  faults: string[],
): Reviewing {
  const asked = env['WAYBILL_REVIEW_CYCLE'] || 'monthly';
  const cycle = reviewCycles.find((one) => one === asked);
  if (!cycle) faults.push(`WAYBILL_REVIEW_CYCLE: must be one of ${reviewCycles.join(', ')}`);
  const open = readHours(env['WAYBILL_CLINIC_HOURS'] || hoursDefault);
  if (!open) faults.push(`WAYBILL_CLINIC_HOURS: must be a span of one day such as ${hoursDefault}`);
  return { cycle: cycle ?? 'monthly', overdueDays, open: open ?? { from: 0, to: 24 * 60 } };
}

/** What a search asks, as its address says it: never whose data it is. */
import type { Schemas } from '../../api.ts';

export type Status = Schemas['AuditTransfer']['status'];

const names = ['consignee', 'status', 'released', 'withheld', 'from', 'to'] as const;

export type Asked = Partial<Record<(typeof names)[number], string>>;

export const askedIn = (params: URLSearchParams): Asked =>
  Object.fromEntries(
    names.map((name) => [name, params.get(name) ?? '']).filter(([, value]) => value !== ''),
  ) as Asked;

/** Days are days in Seoul. */
export function queryOf({ from, to, status, ...others }: Asked, cursor: string | null) {
  // What is no day is sent as it is: the gateway says what is wrong with it.
  const instant = (day: string) => {
    const at = new Date(`${day}T00:00:00+09:00`);
    return Number.isNaN(at.getTime()) ? day : at.toISOString();
  };
  return {
    ...others,
    limit: 50,
    ...(status && { status: status as Status }),
    ...(from && { from: instant(from) }),
    ...(to && { to: instant(to) }),
    ...(cursor && { cursor }),
  };
}

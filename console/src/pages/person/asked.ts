/** Whom and what was asked for: in this page's memory alone, and in the bodies of its requests. */
import type { Schemas } from '../../api.ts';

export type Subject = Schemas['Subject'];

export interface Asked {
  /** Of this visit; tells one look from the next without naming anybody. */
  serial: number;
  subject: Subject;
  reason: string;
  /** RFC 3339; left out where it was not given. */
  from?: string;
  /** Not included. */
  to?: string;
}

/** The fields take no other days than those that there are. */
const midnight = (day: string) => Date.parse(`${day}T00:00:00+09:00`);
const dayMs = 86_400_000;

/** Days are days in Seoul, both included. */
export function askedIn(fields: FormData, serial: number): Asked {
  const said = (name: string) => (fields.get(name) as string | null) ?? '';
  const [from, to] = [said('from'), said('to')];
  return {
    serial,
    subject: { kind: said('kind') as Subject['kind'], id: said('identifier').trim() },
    reason: said('reason'),
    ...(from && { from: new Date(midnight(from)).toISOString() }),
    ...(to && { to: new Date(midnight(to) + dayMs).toISOString() }),
  };
}

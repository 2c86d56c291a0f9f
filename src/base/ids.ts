/** Identifiers: UUIDv7 for what grows by time, so that the newest stands together on disk. */
import { v7 } from 'uuid';
import { randomBytes } from './random-bytes.ts';

/** A new UUIDv7 (RFC 9562 section 5.7): sortable by the millisecond of its making. */
export function newId(at: Date): string {
  return v7({ msecs: at.getTime(), random: randomBytes(16) });
}

/** The smallest UUIDv7 of an instant: a bound for searches by time. None is older than 1970. */
export function idFloor(at: Date): string {
  const hex = Math.max(at.getTime(), 0).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** The instant of a UUIDv7, in milliseconds since 1970 UTC (RFC 9562 section 5.7). */
export function idTime(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

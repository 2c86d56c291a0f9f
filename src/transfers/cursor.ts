/**
 * Cursors that only continue the query they came from: no one can write one, or change its filters.
 */
import { timingSafeEqual } from 'node:crypto';
import { canonicalText } from '#src/base/canonical.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';

/** Who asks for what: a cursor is good for exactly this. */
export interface CursorScope {
  client: string;
  query: Readonly<Record<string, unknown>>;
}

/** Where a list that is ordered by time goes on: after the row of this time and id. */
export interface Place {
  /** Microseconds since 1970 UTC: as exactly as PostgreSQL keeps times. */
  micros: bigint;
  /** UUID. */
  id: string;
}

const macBytes = 16;
const idBytes = 16;

const partsOf = (scope: CursorScope, key: Buffer) =>
  ['cursor', scope.client, canonicalText(scope.query), key] as const;

function macOf(fingerprint: Fingerprint, scope: CursorScope, key: Buffer): Buffer {
  return fingerprint(...partsOf(scope, key)).subarray(0, macBytes);
}

/** Also one that was handed out before the HMAC key was changed. */
function isOurs(fingerprint: Fingerprint, scope: CursorScope, key: Buffer, mac: Buffer): boolean {
  const others = fingerprint.others(...partsOf(scope, key));
  return [macOf(fingerprint, scope, key), ...others].some((one) =>
    timingSafeEqual(mac, one.subarray(0, macBytes)),
  );
}

const write = (fingerprint: Fingerprint, scope: CursorScope, key: Buffer): string =>
  Buffer.concat([key, macOf(fingerprint, scope, key)]).toString('base64url');

/** The key that a cursor was written for, of so many bytes. Throws `INVALID_CURSOR`. */
function read(
  fingerprint: Fingerprint,
  scope: CursorScope,
  { cursor, keyBytes }: { cursor: string; keyBytes: number },
): Buffer {
  const bytes = Buffer.from(cursor, 'base64url');
  const [key, mac] = [bytes.subarray(0, keyBytes), bytes.subarray(keyBytes)];
  // Base64 is read leniently: only the one spelling that we wrote is ours.
  const whole = bytes.length === keyBytes + macBytes && bytes.toString('base64url') === cursor;
  if (!whole || !isOurs(fingerprint, scope, key, mac)) throw new GatewayError('INVALID_CURSOR');
  return key;
}

const idOf = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');
const uuidOf = (id: Buffer): string =>
  id.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');

/** A cursor that continues after the row with this UUID. */
export function cursorAfter(fingerprint: Fingerprint, scope: CursorScope, uuid: string): string {
  return write(fingerprint, scope, idOf(uuid));
}

/** The UUID that a cursor continues after, or null without one. Throws `INVALID_CURSOR`. */
export function readCursor(
  fingerprint: Fingerprint,
  scope: CursorScope,
  cursor: string | undefined,
): string | null {
  if (cursor === undefined) return null;
  return uuidOf(read(fingerprint, scope, { cursor, keyBytes: idBytes }));
}

/** A cursor that continues after a row of a list that is ordered by a time and the id. */
export function cursorAfterPlace(
  fingerprint: Fingerprint,
  scope: CursorScope,
  { micros, id }: Place,
): string {
  const time = Buffer.alloc(8);
  time.writeBigInt64BE(micros);
  return write(fingerprint, scope, Buffer.concat([time, idOf(id)]));
}

/** The place that a cursor continues after, or null without one. Throws `INVALID_CURSOR`. */
export function readPlace(
  fingerprint: Fingerprint,
  scope: CursorScope,
  cursor: string | undefined,
): Place | null {
  if (cursor === undefined) return null;
  const key = read(fingerprint, scope, { cursor, keyBytes: 8 + idBytes });
  return { micros: key.readBigInt64BE(0), id: uuidOf(key.subarray(8)) };
}

/** Cuts one row too many into a page: `rows` were read with `limit + 1`. */
export function pageOf<Row extends { id: string }, Item>(
  deps: { fingerprint: Fingerprint },
  scope: CursorScope,
  page: { rows: readonly Row[]; limit: number; toItem: (row: Row) => Item },
): { items: Item[]; next: string | null } {
  const shown = page.rows.slice(0, page.limit);
  const last = page.rows.length > page.limit ? shown.at(-1) : undefined;
  const next = last ? cursorAfter(deps.fingerprint, scope, last.id) : null;
  return { items: shown.map(page.toItem), next };
}

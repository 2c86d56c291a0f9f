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

const macBytes = 16;

function macOf(fingerprint: Fingerprint, scope: CursorScope, id: Buffer): Buffer {
  return fingerprint(...partsOf(scope, id)).subarray(0, macBytes);
}

const partsOf = (scope: CursorScope, id: Buffer) =>
  ['cursor', scope.client, canonicalText(scope.query), id] as const;

/** Also one that was handed out before the HMAC key was changed. */
function isOurs(fingerprint: Fingerprint, scope: CursorScope, bytes: Buffer): boolean {
  const id = bytes.subarray(0, 16);
  const others = fingerprint.others(...partsOf(scope, id));
  return [macOf(fingerprint, scope, id), ...others].some((mac) =>
    timingSafeEqual(bytes.subarray(16), mac.subarray(0, macBytes)),
  );
}

/** A cursor that continues after the row with this UUID. */
export function cursorAfter(fingerprint: Fingerprint, scope: CursorScope, uuid: string): string {
  const id = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  return Buffer.concat([id, macOf(fingerprint, scope, id)]).toString('base64url');
}

/** The UUID that a cursor continues after, or null without one. Throws `INVALID_CURSOR`. */
export function readCursor(
  fingerprint: Fingerprint,
  scope: CursorScope,
  cursor: string | undefined,
): string | null {
  if (cursor === undefined) return null;
  const bytes = Buffer.from(cursor, 'base64url');
  const id = bytes.subarray(0, 16);
  // Base64 is read leniently: only the one spelling that we wrote is ours.
  const whole = bytes.length === 16 + macBytes && bytes.toString('base64url') === cursor;
  if (!whole || !isOurs(fingerprint, scope, bytes)) {
    throw new GatewayError('INVALID_CURSOR');
  }
  return id.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
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

/** An instant that a caller names: its form is checked before, but not that such a day exists. */
import { GatewayError } from '#src/base/errors.ts';
import { isRealDate } from '#src/base/seoul.ts';

/**
 * Reads RFC 3339 text.
 * @param pointer where it stands: `/since`, `/query/from`
 * @throws GatewayError `INVALID_REQUEST` for 30 February or 25 o'clock
 */
export function instantOf(pointer: string, text: string): Date {
  const at = new Date(text);
  if (isRealDate(text.slice(0, 10)) && !Number.isNaN(at.getTime())) return at;
  throw new GatewayError('INVALID_REQUEST', { problems: [{ pointer, rule: 'notADate' }] });
}

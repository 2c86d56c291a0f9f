/** Lines out of a stream of bytes, one at a time, of which none is ever held beyond its limit. */

/** One line that is not blank. */
export interface Line {
  /** Counted from 1, blank lines too. */
  number: number;
  /** Without its end; null for a line that was too long, which was skipped and not kept. */
  bytes: Buffer | null;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Cuts chunks into lines at LF or CRLF; the last line needs neither. Lines of nothing but white
 * space are counted and left out.
 * @param lineBytesMax a longer line has no `bytes`
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  lineBytesMax: number,
): AsyncGenerator<Line, void, undefined> {
  let number = 0;
  /** The beginning of a line that goes on in the next chunk; null: it is too long already. */
  let begun: Buffer[] | null = [];
  let begunBytes = 0;

  const lineOf = (end: Buffer): Line | undefined => {
    number += 1;
    const whole = begun && withoutReturn(begun.length === 0 ? end : Buffer.concat([...begun, end]));
    begun = [];
    begunBytes = 0;
    if (whole === null || whole.length > lineBytesMax) return { number, bytes: null };
    return isBlank(whole) ? undefined : { number, bytes: whole };
  };

  for await (const chunk of chunks) {
    let start = 0;
    for (let end; (end = chunk.indexOf(LINE_FEED, start)) >= 0; start = end + 1) {
      const line = lineOf(chunk.subarray(start, end));
      if (line) yield line;
    }
    const rest = chunk.subarray(start);
    begunBytes += rest.length;
    // one more for a carriage return
    if (begunBytes > lineBytesMax + 1) begun = null;
    else if (rest.length > 0) begun?.push(rest);
  }
  const last = begunBytes > 0 ? lineOf(Buffer.alloc(0)) : undefined;
  if (last) yield last;
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

/** True for nothing but space, tab and carriage return. */
function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === CARRIAGE_RETURN);
}

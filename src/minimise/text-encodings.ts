/** What stands in a text in another writing: base64, percent-encoding, character references. */
import { isInvisible } from './plain-text.ts';

/** A text decoded, and which span of the text it was decoded from a span of it stands for. */
export interface Decoded {
  text: string;
  spanOf: (from: number, to: number) => readonly [from: number, to: number];
}

/** Shorter runs cannot hold what is looked for, and are words. */
export const runLengthMin = 16;

/** `%38`, `&#56;`, `&#x38;`, `\u0038`, `\x38`. */
const escaped =
  /(?:%[0-9a-f]{2})+|&#(?:[0-9]{1,7}|x[0-9a-f]{1,6});?|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}/gi;

/** What an ASCII character is to an encoding. */
export const encodingRole = { none: 0, base64: 1, escapeStart: 2, lineBreak: 3 } as const;

/** By ASCII character: a letter of one of the two base64 alphabets, the start of an escape. */
export const encodingRoles = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[0-9A-Za-z+/_-]/.test(character)) return encodingRole.base64;
  if (/[%&\\]/.test(character)) return encodingRole.escapeStart;
  return /[\r\n]/.test(character) ? encodingRole.lineBreak : encodingRole.none;
});

/** The text with every escape decoded; undefined where there is none. */
export function unescaped(text: string): Decoded | undefined {
  const starts: number[] = [];
  const ends: number[] = [];
  let decoded = '';
  let done = 0;
  const copy = (until: number) => {
    for (let at = done; at < until; at += 1) {
      starts.push(at);
      ends.push(at + 1);
    }
    decoded += text.slice(done, until);
    done = until;
  };
  for (const match of text.matchAll(escaped)) {
    const [escape] = match;
    copy(match.index);
    done = match.index + escape.length;
    for (const unit of characterOf(escape).split('')) {
      decoded += unit;
      starts.push(match.index);
      ends.push(done);
    }
  }
  if (done === 0) return undefined;
  copy(text.length);
  return { text: decoded, spanOf: (from, to) => [starts[from] ?? 0, ends[to - 1] ?? text.length] };
}

function characterOf(escape: string): string {
  if (escape.startsWith('%')) {
    return Buffer.from(escape.replaceAll('%', ''), 'hex').toString('utf8');
  }
  const digits = escape.replaceAll(/[^0-9a-f]/gi, '');
  const isDecimal = escape.startsWith('&') && !/^&#x/i.test(escape);
  const codePoint = Number.parseInt(digits, isDecimal ? 10 : 16);
  return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : '';
}

/**
 * Each run of base64 letters (either alphabet, line breaks and invisible characters within it
 * left aside) decoded from each of its first four letters, so that what stands before the
 * encoded value does not matter. What was never base64 decodes to noise.
 */
export function decodedRuns(text: string): Decoded[] {
  const decoded: Decoded[] = [];
  for (const { letters, from, to } of runsIn(text)) {
    for (let skip = 0; skip < 4; skip += 1) {
      const bytes = Buffer.from(letters.slice(skip), 'base64');
      decoded.push({ text: bytes.toString('utf8'), spanOf: () => [from, to] });
    }
  }
  return decoded;
}

interface Run {
  letters: string;
  from: number;
  to: number;
}

function runsIn(text: string): Run[] {
  const runs: Run[] = [];
  let run: Run | undefined;
  const close = () => {
    if (run && run.letters.length >= runLengthMin) runs.push(run);
    run = undefined;
  };
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const role = code < 128 ? encodingRoles[code] : encodingRole.none;
    if (role === encodingRole.base64) {
      run ??= { letters: '', from: at, to: at };
      run.letters += text[at];
      run.to = at + 1;
    } else if (role !== encodingRole.lineBreak && !isInvisible(code)) {
      // encoders break lines, and what is not seen does not end a run
      close();
    }
  }
  close();
  return runs;
}

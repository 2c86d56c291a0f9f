/** What stands in a text in another writing: base64, hexadecimal, percent-encoding, markup. */
import { isInvisible } from './plain-text.ts';

/** A text decoded, and which span of the text it was decoded from a span of it stands for. */
export interface Decoded {
  text: string;
  spanOf: (from: number, to: number) => readonly [from: number, to: number];
}

/** Shorter runs, their padding counted, cannot hold what is looked for, and are words. */
export const runLengthMin = 16;

/** `%38`, `%u0038`, `&#56;`, `&#x38;`, `\u0038`, `\u{38}`, `\x38`, `&nbsp;`, `<br>`, tags. */
const escaped = new RegExp(
  [
    ...['(?:%[0-9a-f]{2})+', '%u[0-9a-f]{4}', '&#(?:[0-9]{1,7}|x[0-9a-f]{1,6});?'],
    ...['\\\\u(?:[0-9a-f]{4}|\\{[0-9a-f]{1,6}\\})', '\\\\x[0-9a-f]{2}'],
    ...['&[a-z][0-9a-z]{1,9};', '</?[a-z][^<>]{0,100}>', '\\udb40[\\udc20-\\udc7e]'],
  ].join('|'),
  'gi',
);
/** The named references that can make another escape; every other stands for a separator. */
const named: ReadonlyMap<string, string> = new Map([
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&percnt;', '%'],
  ['&commat;', '@'],
]);
/** ASCII that is not seen: tag characters, by the one that stands for NUL. */
const tagFirst = 0xe0000;
const isHex = /^(?:0x)?(?:[0-9a-f]{2}){8,}[0-9a-f]?$/i;

/** What an ASCII character is to an encoding. */
export const encodingRole = {
  none: 0,
  base64: 1,
  escapeStart: 2,
  lineBreak: 3,
  padding: 4,
} as const;

/** By ASCII character: a letter of one of the two base64 alphabets, the start of an escape. */
export const encodingRoles = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[0-9A-Za-z+/_-]/.test(character)) return encodingRole.base64;
  if (/[%&\\<]/.test(character)) return encodingRole.escapeStart;
  if (character === '=') return encodingRole.padding;
  return /[\r\n]/.test(character) ? encodingRole.lineBreak : encodingRole.none;
});

/** True for a tag character, which stands for one of ASCII. */
export function isTag(codePoint: number): boolean {
  return codePoint >= tagFirst + 32 && codePoint < tagFirst + 127;
}

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
  if (/^(?:<|&[a-z])/i.test(escape)) return named.get(escape.toLowerCase()) ?? '';
  if (/^%[0-9a-f]/i.test(escape)) {
    return Buffer.from(escape.replaceAll('%', ''), 'hex').toString('utf8');
  }
  if (isTag(escape.codePointAt(0)!)) return String.fromCharCode(escape.codePointAt(0)! - tagFirst);
  const digits = escape.replaceAll(/[^0-9a-f]/gi, '');
  const isDecimal = escape.startsWith('&') && !/^&#x/i.test(escape);
  const codePoint = Number.parseInt(digits, isDecimal ? 10 : 16);
  return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : '';
}

/**
 * Each run of base64 letters (either alphabet, line breaks and invisible characters within it
 * left aside) decoded from each of its first four letters, so that what stands before the
 * encoded value does not matter. What was never base64 decodes to noise. A run of hexadecimal
 * digits is decoded as such, too.
 */
export function decodedRuns(text: string): Decoded[] {
  const decoded: Decoded[] = [];
  for (const { letters, from, to } of runsIn(text)) {
    for (let skip = 0; skip < 4; skip += 1) {
      const bytes = Buffer.from(letters.slice(skip), 'base64');
      decoded.push({ text: bytes.toString('utf8'), spanOf: () => [from, to] });
    }
    if (!isHex.test(letters)) continue;
    const digits = letters.replace(/^0x/i, '');
    for (let skip = 0; skip <= digits.length % 2; skip += 1) {
      const bytes = Buffer.from(digits.slice(skip), 'hex');
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
  let padding = 0;
  const close = () => {
    if (run && run.letters.length + padding >= runLengthMin) runs.push(run);
    [run, padding] = [undefined, 0];
  };
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const role = code < 128 ? encodingRoles[code] : encodingRole.none;
    if (role === encodingRole.padding && run) {
      padding += 1;
      run.to = at + 1;
    } else if (role === encodingRole.base64) {
      if (padding > 0) close();
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

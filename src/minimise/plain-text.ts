/** Text as the guard compares it: letters and digits in one form, however they were written. */

/** For each ASCII character its lower-case letter or digit, or 0 for what is left out. */
export const asciiForms = Uint8Array.from({ length: 128 }, (_, code) => {
  const form = String.fromCharCode(code).toLowerCase();
  return /[0-9a-z]/.test(form) ? form.charCodeAt(0) : 0;
});

const hangulFirst = 0xac00;
const hangulLast = 0xd7a3;
const isDecimal = /^\p{Nd}$/u;
const isKept = /^[\p{L}\p{N}]$/u;
const invisible = /^[\p{Default_Ignorable_Code_Point}\p{Cf}\p{M}]$/u;

/** Circled digits that have no compatibility form, by the code point that stands for 1. */
const circledOnes = [0x24f5, 0x2776, 0x2780, 0x278a] as const;

/** True for an ASCII digit, by its code. */
export function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 48 && code <= 57;
}

/** True for a lower-case ASCII letter, by its code. */
export function isLetter(code: number | undefined): boolean {
  return code !== undefined && code >= 97 && code <= 122;
}

/** True for a syllable of Hangul, which is its own plain form. */
export function isHangul(code: number): boolean {
  return code >= hangulFirst && code <= hangulLast;
}

/** True for a character that is not seen: format characters, joiners, combining marks. */
export const isInvisible = remembering(
  (codePoint) => codePoint > 127 && invisible.test(String.fromCodePoint(codePoint)),
);

/**
 * The letters and digits that one character outside ASCII stands for: NFKC, lower case, digits of
 * any script as ASCII. Empty for what is neither.
 */
export const formsOf = remembering(readForms);

function readForms(codePoint: number): string {
  const circled = circledOnes.find((one) => codePoint >= one && codePoint < one + 10);
  if (circled !== undefined) return String(codePoint - circled + 1);
  const character = String.fromCodePoint(codePoint);
  let forms = '';
  for (const form of character.normalize('NFKC').toLowerCase()) {
    const code = form.codePointAt(0)!;
    if (code < 128) forms += asciiForms[code] === 0 ? '' : form;
    else if (isDecimal.test(form)) forms += String(digitValue(code));
    else if (isKept.test(form)) forms += form;
  }
  return forms;
}

/** A whole text in that form. */
export function plain(text: string): string {
  return plainAscii(text) ?? plainOther(text);
}

/** Most values are a few digits between hyphens: slices of them cost a third of a pattern. */
function plainAscii(text: string): string | undefined {
  let [forms, from, hasCapital] = ['', 0, false];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 128) return undefined;
    const form = asciiForms[code]!;
    if (form === 0) {
      forms += text.slice(from, at);
      from = at + 1;
    } else if (form !== code) hasCapital = true;
  }
  forms = from === 0 ? text : forms + text.slice(from);
  return hasCapital ? forms.toLowerCase() : forms;
}

function plainOther(text: string): string {
  let forms = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= 128) forms += formsOf(code);
    else if (asciiForms[code] !== 0) forms += String.fromCharCode(asciiForms[code]!);
  }
  return forms;
}

/** Asked for each character of noise, Unicode's tables are slow: the plane in use is kept. */
function remembering<T>(read: (codePoint: number) => T): (codePoint: number) => T {
  const known = new Map<number, T>();
  return (codePoint) => {
    const first = known.get(codePoint);
    if (first !== undefined) return first;
    const value = read(codePoint);
    if (codePoint < 0x10000) known.set(codePoint, value);
    return value;
  };
}

/** Unicode gives the digits of a script one after the other, zero first. */
function digitValue(codePoint: number): number {
  let value = 0;
  while (value < 9 && isDecimal.test(String.fromCodePoint(codePoint - value - 1))) value += 1;
  return value;
}

/** One test of key names for what may never be shared: contracts are read and records cut by it. */

/** A name this long, in bytes of UTF-8, counts inside a longer key too: `loginPassword2`. */
const partBytesMin = 6;
const isPlain = /^[0-9A-Za-z]*$/;

/**
 * A key is never shared when its letters and digits are one of the names, or hold one of six bytes
 * or more. Shorter names must be the whole key: `pin` is in `shipping`.
 *
 * @param names normalised: lower case, letters and digits only
 */
export function neverSharedTest(names: readonly string[]): (key: string) => boolean {
  const whole = new Set(names);
  const parts = names.filter((name) => Buffer.byteLength(name) >= partBytesMin);
  // one pattern: 0.3 µs a key, against 1.6 to look for each in turn
  const escaped = parts.map((part) => part.replaceAll(/[^\p{L}\p{N}]/gu, '\\$&'));
  const isAround = parts.length > 0 ? new RegExp(escaped.join('|')) : undefined;
  return (key) => {
    // most keys are a plain name, for which the classes of Unicode are slow
    const letters = isPlain.test(key)
      ? key.toLowerCase()
      : key
          .normalize('NFKC')
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N}]/gu, '');
    return whole.has(letters) || isAround?.test(letters) === true;
  };
}

/** One test of key names for what may never be shared: contracts are read and records cut by it. */

/** A name this long, in bytes of UTF-8, counts inside a longer key too: `loginPassword2`. */
const partBytesMin = 6;

/**
 * A key is never shared when its letters and digits are one of the names, or hold one of six bytes
 * or more. Shorter names must be the whole key: `pin` is in `shipping`.
 *
 * @param names normalised: lower case, letters and digits only
 */
export function neverSharedTest(names: readonly string[]): (key: string) => boolean {
  const whole = new Set(names);
  const parts = names.filter((name) => Buffer.byteLength(name) >= partBytesMin);
  return (key) => {
    const letters = key
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]/gu, '');
    return whole.has(letters) || parts.some((part) => letters.includes(part));
  };
}

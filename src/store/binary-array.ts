/** Arrays of bytes as PostgreSQL sends them itself: half the size of hex, and nothing to parse. */

const byteaOid = 17;
const headBytes = 20;

/**
 * A parameter for `$n::bytea[]`, in the binary form of an array (what `array_send` writes): pg
 * sends a Buffer as binary, and the statement says what it is.
 */
export function byteaArray(values: readonly (Uint8Array | null)[]): Buffer {
  let size = headBytes;
  for (const value of values) size += 4 + (value?.length ?? 0);
  const bytes = Buffer.allocUnsafe(size);
  // one dimension that begins at 1, perhaps with NULLs
  let at = bytes.writeInt32BE(1, 0);
  at = bytes.writeInt32BE(values.includes(null) ? 1 : 0, at);
  at = bytes.writeInt32BE(byteaOid, at);
  at = bytes.writeInt32BE(values.length, at);
  at = bytes.writeInt32BE(1, at);
  for (const value of values) {
    at = bytes.writeInt32BE(value === null ? -1 : value.length, at);
    if (value === null) continue;
    bytes.set(value, at);
    at += value.length;
  }
  return bytes;
}

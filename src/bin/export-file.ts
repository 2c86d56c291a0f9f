/** Files that hold access records: for their owner alone, and whole or not there at all. */
import { open, rename, rm } from 'node:fs/promises';
import { StartupError } from '#src/base/errors.ts';

/**
 * Writes pieces to a file of mode 0600, which has its name only once all of it is on the disk. When
 * they break off, nothing is left.
 *
 * @param onBytes told how many there are, after each piece
 */
export async function writePrivately(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<void> {
  const part = `${path}.part`;
  await rm(part, { force: true });
  const file = await open(part, 'wx', 0o600).catch(() => {
    throw new StartupError([`--out: ${path} cannot be written`]);
  });
  try {
    let bytes = 0;
    for await (const piece of pieces) {
      await file.writeFile(piece);
      bytes += piece.length;
      onBytes(bytes);
    }
    await file.sync();
    await file.close();
    await rename(part, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(part, { force: true });
    throw error;
  }
}

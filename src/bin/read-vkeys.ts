/** Keys to check by, as they stand on a command line. */
import { existsSync, readFileSync } from 'node:fs';
import { StartupError } from '#src/base/errors.ts';

/** Keys as they are given: each as its text, or as a file with one a line. */
export function readVkeys(name: string, given: readonly string[]): string[] {
  const keys = given.flatMap((text) =>
    existsSync(text) ? readFileSync(text, 'utf8').split('\n') : [text],
  );
  const found = keys.map((key) => key.trim()).filter((key) => key !== '');
  if (given.length > 0 && found.length === 0) throw new StartupError([`--${name}: holds no key`]);
  return found;
}

/** Keys to check by, as they stand on a command line. */
import { existsSync, readFileSync } from 'node:fs';
import { StartupError } from '#src/base/errors.ts';

/** Keys as they are given: each as its text, or as a file of them. */
export function readVkeys(name: string, given: readonly string[]): string[] {
  const texts = given.map((text) => (existsSync(text) ? readFileSync(text, 'utf8') : text));
  const found = texts.flatMap((text) => text.split(/\s+/)).filter((key) => key !== '');
  if (given.length > 0 && found.length === 0) throw new StartupError([`--${name}: holds no key`]);
  return found;
}

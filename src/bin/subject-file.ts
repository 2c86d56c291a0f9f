/** Whose data a command is about, from a file or standard input: never from its arguments. */
import { readFileSync } from 'node:fs';
import { StartupError } from '#src/base/errors.ts';

/**
 * Reads `{"kind": "patient", "id": "0012345"}`. What others may see of a running command, its
 * arguments, holds the name of a file only.
 *
 * @param path the file, `-` for standard input
 * @throws StartupError that repeats nothing of what it read
 */
export function readSubject(path: string | undefined): { kind: string; id: string } {
  if (!path)
    throw new StartupError(['--subject-file: not given (a file, or - for standard input)']);
  const shape = '{"kind": "patient", "id": "0012345"}';
  try {
    const read = JSON.parse(readFileSync(path === '-' ? 0 : path, 'utf8')) as unknown;
    const { kind, id } = read as { kind?: unknown; id?: unknown };
    if (typeof kind === 'string' && typeof id === 'string') return { kind, id };
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (missing) throw new StartupError([`--subject-file: ${path} does not exist`]);
  }
  throw new StartupError([`--subject-file: ${path} is not of the form ${shape}`]);
}

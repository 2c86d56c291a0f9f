/** The mark of what must still be written: a file that holds one is refused for it. */

const mark = 'TODO';

/** True for text that starts with the mark, as nothing that was written by a person does. */
export function isPlaceholder(value: unknown): boolean {
  return typeof value === 'string' && /^\s*TODO\b/.test(value);
}

/** Text that says what is to be written in its place. */
export function placeholder(wanted: string): string {
  return `${mark}: ${wanted}`;
}

/** What the gateways' logs tell of faults that nobody made. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Book } from './book.ts';

interface Line {
  level?: string;
  msg?: string;
  operation?: string;
  code?: string;
  error?: { name?: string; stack?: string[] };
}

/** Mistakes in a program, and a ledger that contradicts itself: no outage looks like these. */
const ours = /^(TypeError|ReferenceError|RangeError|AssertionError|LedgerBroken)$/;
/** Where an armed failpoint throws. */
const trial = /\/test\/faults\/arms\.ts/;

/** Answers a function that reads what has been written since it was last called. */
export function createLogReading(book: Book, folder: string): (slots: readonly string[]) => void {
  const read = new Map<string, number>();
  return (slots) => {
    for (const slot of slots) {
      const lines = readFileSync(join(folder, `${slot}.log`), 'utf8')
        .split('\n')
        .slice(0, -1);
      for (const text of lines.slice(read.get(slot) ?? 0)) judge(book, slot, text);
      read.set(slot, lines.length);
    }
  };
}

function judge(book: Book, slot: string, text: string): void {
  // Whoever is killed may have written half a line; whoever could not start writes no JSON.
  if (!text.startsWith('{"level":"') || !text.endsWith('}')) return;
  const { level, msg, operation, code, error } = JSON.parse(text) as Line;
  const { name = '', stack = [] } = error ?? {};
  if (stack.some((frame) => trial.test(frame))) return;
  if (level === 'fatal' || code === 'INTERNAL' || ours.test(name)) {
    const where = [operation, name, stack[0]].filter(Boolean).join(' ');
    fail(book, `${slot} says: ${msg} ${where}`);
  }
}

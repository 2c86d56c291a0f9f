/** Collects every fault of a set of files, so that one start names them all. */
import { StartupError } from '#src/base/errors.ts';

/** `text` reads "what is wrong; what would be right" and never repeats a secret. */
interface Fault {
  file: string;
  line: number;
  text: string;
}

/** A list that faults are added to while files are read; nothing stops at the first. */
export interface Faults {
  add(file: string, line: number, text: string): void;
  /** Throws `StartupError` with all of them, by file and line, when there is one. */
  throwIfAny(): void;
  readonly count: number;
}

export function collectFaults(): Faults {
  const faults: Fault[] = [];
  return {
    add: (file, line, text) => void faults.push({ file, line, text }),
    throwIfAny() {
      if (faults.length === 0) return;
      const sorted = faults.toSorted((a, b) =>
        a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1,
      );
      const texts = sorted.map(({ file, line, text }) => `${file}:${line}: ${text}`);
      throw new StartupError([...new Set(texts)]);
    },
    get count() {
      return faults.length;
    },
  };
}

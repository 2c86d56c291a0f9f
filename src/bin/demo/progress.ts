/**
 * What the demo is doing now, on standard error:
 * one line rewritten on a terminal, plain lines elsewhere.
 */

export interface Progress {
  /** A step that begins or has ended: stays. */
  say(line: string): void;
  /** Where a step stands: rewritten on a terminal, now and then a line elsewhere. */
  show(line: string): void;
}

const showMs = 2_000;

export function createProgress(stream: NodeJS.WriteStream, now: () => number): Progress {
  const rewrites = stream.isTTY;
  let shown = now();
  let dirty = false;
  const wipe = () => {
    if (dirty) stream.write('\r\x1b[K');
    dirty = false;
  };
  return {
    say(line) {
      wipe();
      stream.write(`${line}\n`);
      shown = now();
    },
    show(line) {
      if (rewrites) {
        wipe();
        stream.write(line.slice(0, (stream.columns || 80) - 1));
        dirty = true;
      } else if (now() - shown >= showMs) {
        stream.write(`${line}\n`);
        shown = now();
      }
    },
  };
}

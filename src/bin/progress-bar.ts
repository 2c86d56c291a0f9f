/** How far a long count is: a bar on a terminal, elsewhere now and then a line. */

export interface Bar {
  show: (done: number, of: number) => void;
  /** Leaves the terminal on a line of its own. */
  end: () => void;
}

const widthMax = 24;
const showMs = 100;
const lineMs = 5_000;

/**
 * @param what what is being done, in one word: `checked`
 * @param now milliseconds on a clock that nobody sets
 */
export function createBar(
  stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>,
  what: string,
  now: () => number = () => performance.now(),
): Bar {
  let shownMs = -Infinity;
  let isOpen = false;
  const everyMs = stream.isTTY ? showMs : lineMs;
  return {
    show(done, of) {
      if (now() - shownMs < everyMs && done < of) return;
      shownMs = now();
      const part = of === 0 ? 1 : done / of;
      const bar = '#'.repeat(Math.round(part * widthMax)).padEnd(widthMax, '.');
      const text = `${what} ${done} of ${of} entries`;
      stream.write(stream.isTTY ? `\r[${bar}] ${text}` : `${text}\n`);
      isOpen = stream.isTTY;
    },
    end() {
      if (isOpen) stream.write('\n');
      isOpen = false;
    },
  };
}

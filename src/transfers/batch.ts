/**
 * The flow of an upload: many lines under way at a time, each answered as soon as it is durable,
 * and no more of them taken than the client reads answers.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Line } from '#src/base/lines.ts';

/** What an upload may hold at any moment: lines that were taken and whose answers are not read. */
export interface UploadLimits {
  linesMax: number;
  bytesMax: number;
}

export const uploadLimits: UploadLimits = { linesMax: 512, bytesMax: 8 * 1024 * 1024 };

/** Answers go out in pieces of about this size: progress of a slow reader shows in each. */
const pieceCharactersMax = 32_768;
/** Lines that are begun in one turn of the event loop: others are served between. */
const linesPerTurn = 32;

export interface UploadDeps {
  limits: UploadLimits;
  /** Takes one line and answers it, with a line end, once that is durable. Never rejects. */
  answer: (line: Line) => Promise<string>;
  /** The last line of an upload that was ended by us, or whose bytes could not be read. */
  farewell: (reason: unknown) => string;
  /** Aborted with the reason when no further line may be taken. */
  signal: AbortSignal;
}

/**
 * The answers to an upload, in pieces, in the order in which its lines became durable. Whoever
 * takes no further piece stops the reading, once `limits` are reached: memory stays flat.
 *
 * An error that is thrown into it (`CLIENT_STALLED`) ends it at once with what is answered and the
 * farewell. After an abort what was taken is still answered.
 */
export async function* answerLines(
  deps: UploadDeps,
  lines: AsyncIterable<Line>,
): AsyncGenerator<string, void, undefined> {
  const upload = createUpload(deps.limits);
  const { signal } = deps;
  const stop = () => upload.stop(signal.reason);
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  void takeAll(deps, lines, upload).catch((error: unknown) => upload.stop(error));
  try {
    for (;;) {
      const piece = upload.takePiece();
      if (piece !== '') yield piece;
      else if (upload.isOver()) break;
      else {
        await upload.changed();
        // the answers of one statement come together, and go together
        await turn();
      }
    }
    const stopped = upload.stopped();
    if (stopped) yield deps.farewell(stopped.reason);
  } catch (error) {
    yield upload.takeAll() + deps.farewell(error);
  } finally {
    signal.removeEventListener('abort', stop);
    upload.stop(undefined);
  }
}

async function takeAll(
  deps: UploadDeps,
  lines: AsyncIterable<Line>,
  upload: ReturnType<typeof createUpload>,
): Promise<void> {
  let begun = 0;
  for await (const line of lines) {
    while (!upload.stopped() && !upload.hasRoom()) await upload.changed();
    if (upload.stopped()) return;
    const size = line.bytes?.length ?? 0;
    upload.taken(size);
    void deps.answer(line).then((answer) => upload.answered(answer, size));
    begun += 1;
    if (begun % linesPerTurn === 0) await turn();
  }
  upload.end();
}

/**
 * Lets so many run at a time and the others wait their turn: all uploads of a process share what
 * the database is given at once, so that a single order never stands behind more than that.
 */
export function createTurnstile(runningMax: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= runningMax) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/** What is under way, and what is answered and not yet read. */
function createUpload({ linesMax, bytesMax }: UploadLimits) {
  /** Answers with the bytes of their lines, which count until the answer is taken. */
  const ready: { answer: string; size: number }[] = [];
  let underWay = 0;
  let held = 0;
  let ended = false;
  let stopped: { reason: unknown } | undefined;
  let change = Promise.withResolvers<void>();
  const tell = () => {
    change.resolve();
    change = Promise.withResolvers<void>();
  };
  const take = (charactersMax: number): string => {
    let piece = '';
    let count = 0;
    for (const { answer, size } of ready) {
      if (piece.length >= charactersMax) break;
      piece += answer;
      held -= size;
      count += 1;
    }
    ready.splice(0, count);
    if (count > 0) tell();
    return piece;
  };
  return {
    /** Why no more is taken, once that is so; the first reason counts. */
    stopped: () => stopped,
    hasRoom: () => underWay + ready.length < linesMax && held < bytesMax,
    isOver: () => underWay === 0 && ready.length === 0 && (ended || stopped !== undefined),
    changed: () => change.promise,
    taken(size: number) {
      underWay += 1;
      held += size;
    },
    answered(answer: string, size: number) {
      underWay -= 1;
      ready.push({ answer, size });
      tell();
    },
    stop(reason: unknown) {
      stopped ??= { reason };
      tell();
    },
    end() {
      ended = true;
      tell();
    },
    takePiece: () => take(pieceCharactersMax),
    takeAll: () => take(Infinity),
  };
}

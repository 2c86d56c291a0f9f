/** Bodies that are never held whole: read at the sender's pace, written at the reader's. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { GatewayError } from '#src/base/errors.ts';
import type { Pieces } from './handler.ts';

/** A request and the reply to it. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/** How long the other side may stand still. */
export interface Patience {
  /** We have something to write, and it reads nothing. */
  stallMs: number;
  /** We have room for more, and it sends nothing. */
  idleMs: number;
}

/** After a cut, the last words may still be read for so long; then the socket is closed. */
const lastWordsMs = 15_000;
/** The last words are on their way: so long a sender may take to notice. */
const noticeMs = 2_000;
/** So long the rest of a request of ordinary size may take that has begun to come. */
const momentMs = 100;

/**
 * The bytes of a request as they come. Throws `CLIENT_STALLED` when none come for `idleMs` while
 * they are waited for: a reader who does not ask stops the clock. What is not asked for before the
 * end is read and dropped: a sender who is not read cannot read our last words.
 */
export async function* paced(
  stream: Readable,
  { idleMs }: Pick<Patience, 'idleMs'>,
): AsyncGenerator<Buffer, void, undefined> {
  const chunks = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer, void>;
  try {
    for (;;) {
      const next = chunks.next();
      const idle = Promise.withResolvers<never>();
      const timer = setTimeout(() => idle.reject(new GatewayError('CLIENT_STALLED')), idleMs);
      // a stream whose socket was closed after the reply may never say so
      timer.unref();
      const { done, value } = await Promise.race([next, idle.promise]).finally(() => {
        clearTimeout(timer);
        // it may still fail, once nobody waits any more
        next.catch(() => undefined);
      });
      if (done) return;
      yield value;
    }
  } finally {
    void chunks.return?.().catch(() => undefined);
    stream.on('error', () => undefined).on('data', () => undefined);
  }
}

/**
 * Sends pieces, the next only when the reader has taken the one before. For a reader who takes
 * nothing for `stallMs`, `CLIENT_STALLED` is thrown into `pieces`, whose last words are sent if
 * they can be; then the connection is closed. Pieces are ended early when the reader goes away.
 */
export async function sendPieces(
  { request, response }: Exchange,
  pieces: Pieces,
  patience: Pick<Patience, 'stallMs'>,
): Promise<void> {
  response.flushHeaders();
  let next = await pieces.next();
  while (!next.done && !response.destroyed) {
    if (response.write(next.value) || (await drained(response, patience.stallMs))) {
      next = await pieces.next();
      continue;
    }
    next = await pieces.throw(new GatewayError('CLIENT_STALLED'));
    if (!next.done) response.write(next.value);
    break;
  }
  // nobody waits for what it clears up
  void pieces.return().catch(() => undefined);
  response.end();
  closeAfter({ request, response });
}

/**
 * Sends a whole reply, also to a request that nobody reads and that may never end: what comes of it
 * is read and dropped. Where it is not here whole within a moment, the reply is the last on its
 * connection.
 */
export function endReply({ request, response }: Exchange, body: string): void {
  if (request.complete || response.destroyed) return void response.end(body);
  const whole = () => {
    clearTimeout(late);
    response.end(body);
  };
  const late = setTimeout(() => {
    request.off('end', whole).off('close', whole);
    endConnection({ request, response }, body);
  }, momentMs);
  request.once('end', whole).once('close', whole).resume();
}

/**
 * The connection is closed as soon as the request is here whole, or when its sender has had the
 * time to notice. Not at once: a socket with unread bytes would be reset, and the reply with it.
 */
function endConnection({ request, response }: Exchange, body: string): void {
  response.setHeader('connection', 'close').setHeader('content-length', Buffer.byteLength(body));
  response.write(body);
  const end = () => {
    clearTimeout(late);
    response.end();
  };
  const late = setTimeout(end, noticeMs).unref();
  request.once('end', end).once('close', end).resume();
}

/** True once what was written is on its way or the reader is gone; false after `stallMs`. */
function drained(response: ServerResponse, stallMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (outcome: boolean) => () => {
      clearTimeout(timer);
      response.off('drain', onDrain).off('close', onDrain);
      resolve(outcome);
    };
    const onDrain = settle(true);
    const timer = setTimeout(settle(false), stallMs);
    response.once('drain', onDrain).once('close', onDrain);
  });
}

/**
 * Closes the connection of a reply that ended before its request did, or that nobody reads. Not at
 * once: a socket with unread bytes would be reset, and our last words with it.
 */
function closeAfter({ request, response }: Exchange): void {
  const { socket } = request;
  const closeIn = (ms: number, isOver: () => boolean) =>
    setTimeout(() => isOver() || socket.destroy(), ms).unref();
  closeIn(lastWordsMs, () => response.writableFinished);
  response.once('finish', () => {
    if (!request.complete) closeIn(noticeMs, () => request.complete);
  });
}

/**
 * The HTTP server: listens, and stops without losing the reply to any request that it has taken.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { StartupError } from '#src/base/errors.ts';

export interface HttpServer {
  port: number;
  /** Who answers from now on; before that every request is told to come back. */
  answerWith(listener: RequestListener): void;
  /** Lets a request take longer than others may: whoever reads it limits it. */
  unhurried(request: IncomingMessage): void;
  /**
   * Ends every connection after the reply that is under way on it, and resolves when none is left.
   * @param lingerMs how long connections are still taken, so that whoever comes now gets a refusal
   *   to read instead of a reset, of which nobody can tell what became of the request
   */
  close(lingerMs: number): Promise<void>;
}

/** How long a client may take to send its request whole: a slow one holds nothing for longer. */
const requestMsMax = 30_000;
/** Longer than any reply takes while the database does not answer. */
const closeMsMax = 20_000;

/**
 * Listens on an address; port 0 picks a free one. Throws `StartupError` where it cannot.
 * @param wholeMs within how many milliseconds a request has to be here whole
 */
export async function openHttp(
  at: { host: string; port: number },
  wholeMs = requestMsMax,
): Promise<HttpServer> {
  let listener: RequestListener = notYet;
  let closing = false;
  /** Every connection with its replies under way. */
  const connections = new Map<Socket, Set<ServerResponse>>();
  /** What cuts the requests that are not here whole yet. */
  const late = new WeakMap<IncomingMessage, NodeJS.Timeout>();
  const unhurried = (request: IncomingMessage) => clearTimeout(late.get(request));
  // Node's own limit on whole requests knows no exception.
  const limits = { headersTimeout: wholeMs, requestTimeout: 0 };
  const server = createServer(limits, (request, response) => {
    late.set(request, setTimeout(cut, wholeMs, request, response));
    for (const over of ['end', 'close']) request.once(over, () => unhurried(request));
    const replies = connections.get(request.socket);
    replies?.add(response);
    response.once('close', () => replies?.delete(response));
    if (closing) response.setHeader('connection', 'close');
    listener(request, response);
  });
  server.on('connection', (socket) => {
    connections.set(socket, new Set());
    socket.once('close', () => connections.delete(socket));
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is in use; set PORT to another' : error.code;
      reject(new StartupError([`PORT: ${at.port} on ${at.host} ${why ?? 'cannot be used'}`]));
    });
    server.listen(at.port, at.host, () => resolve((server.address() as AddressInfo).port));
  });

  async function close(lingerMs: number): Promise<void> {
    closing = true;
    for (const response of [...connections.values()].flatMap((replies) => [...replies])) {
      if (!response.headersSent) response.setHeader('connection', 'close');
    }
    if (lingerMs > 0) await pause(lingerMs);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Also those that have sent half a request: it was never taken.
    for (const [socket, replies] of connections) if (replies.size === 0) socket.destroy();
    const tooLong = setTimeout(() => server.closeAllConnections(), closeMsMax);
    await closed;
    clearTimeout(tooLong);
  }

  return { port, answerWith: (next) => void (listener = next), unhurried, close };
}

/**
 * Ends the connection of a request that took too long; as Node does it, but for the timing. One
 * that is here whole is left alone, however long its reply takes: nobody reads the body of a GET,
 * so that it never ends.
 */
function cut({ complete, socket }: IncomingMessage, response: ServerResponse): void {
  if (complete) return;
  if (response.headersSent) socket.destroy();
  else
    socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n', () => socket.destroy());
}

const notYet: RequestListener = (_request, response) => {
  response.writeHead(503, { 'retry-after': '1', 'content-type': 'text/plain' });
  response.end('starting\n');
};

/**
 * One keep-alive connection that speaks just enough HTTP/1.1 for replies of known length: whoever
 * makes load must cost far less than whoever bears it.
 */
import { connect } from 'node:net';

export interface Reply {
  status: number;
  body: Buffer;
}

export interface Connection {
  /** Sends a whole request; the bytes must stay as they are until the reply is here. */
  send: (request: Buffer) => Promise<Reply>;
  close: () => void;
}

const headEnd = Buffer.from('\r\n\r\n');

/** @param url whose host and port are connected to */
export function openConnection(url: string): Connection {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  let received: Buffer = Buffer.alloc(0);
  let waiting: PromiseWithResolvers<Reply> | undefined;
  const fail = (error: Error) => {
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the connection was closed before the reply')));
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const reply = readReply(received);
    if (reply === undefined) return;
    received = Buffer.alloc(0);
    const { resolve } = waiting ?? {};
    waiting = undefined;
    if (reply instanceof Error) socket.destroy(reply);
    else resolve?.(reply);
  });
  return {
    send(request) {
      waiting = Promise.withResolvers<Reply>();
      socket.write(request);
      return waiting.promise;
    },
    close: () => void socket.destroy(),
  };
}

/** The whole reply; undefined while there is more to come. One request is under way at a time. */
function readReply(bytes: Buffer): Reply | Error | undefined {
  const end = bytes.indexOf(headEnd);
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined && status !== 204) return new Error('a reply without its length');
  const from = end + headEnd.length;
  const to = from + Number(length ?? 0);
  if (bytes.length < to) return undefined;
  return { status, body: bytes.subarray(from, to) };
}

/** A request with a JSON body, as bytes. */
export function requestBytes(request: {
  url: string;
  path: string;
  token: string;
  body: string;
  headers?: Readonly<Record<string, string>>;
}): Buffer {
  const { url, path, token, body, headers = {} } = request;
  const lines = [
    `POST ${path} HTTP/1.1`,
    `host: ${new URL(url).host}`,
    'content-type: application/json',
    'accept: application/json',
    ...(token === '' ? [] : [`authorization: Bearer ${token}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

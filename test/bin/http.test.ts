/** How long a request and its reply may take: only what is not here whole is cut. */
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHttp, type HttpServer } from '#src/bin/http.ts';

let http: HttpServer;
const replies: ServerResponse[] = [];

beforeAll(async () => {
  http = await openHttp({ host: '127.0.0.1', port: 0 }, 100);
  http.answerWith((request, response) => {
    if (request.method === 'POST') return void request.resume();
    response.writeHead(200).write('begun ');
    replies.push(response);
  });
});

afterAll(() => http?.close(0));

/** Half a request, and what is said to it until the connection ends. */
async function sendHalf(): Promise<string> {
  const socket = connect(http.port, '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
  let told = '';
  for await (const chunk of socket) told += String(chunk);
  return told;
}

test('a request that does not come whole in its time is told so, and cut; a reply is not', async () => {
  const reply = await fetch(`http://127.0.0.1:${http.port}/`);
  // It came later: its time is over later, too.
  expect(await sendHalf()).toMatch(/^HTTP\/1.1 408 /);
  replies[0]?.end('and ended');
  expect(await reply.text()).toBe('begun and ended');
});

/** What reaches the steps behind a body: its bytes, strict JSON of them, one content type. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '#api/contract.ts';
import { leaveBody, readBody } from '#api/body.ts';
import { nothingHere, tellProblem } from '#api/steps.ts';
import { createLog } from '#src/base/log.ts';

const servers: Server[] = [];
const urls = new Map<Operation['body'], string>();

/** An app of this one step, which answers what it left for the next. */
async function serve(body: Operation['body']): Promise<string> {
  const app = express();
  const operation = { id: 'releaseTransfer', method: 'post', path: '/', scopes: [], body } as const;
  app.use(readBody(operation), (request, response) => {
    const { bytes } = response.locals as { bytes: Buffer };
    const type = request.headers['content-type'] ?? null;
    response.json({ type, bytes: bytes.length, body: (request.body as unknown) ?? null });
  });
  app.use(tellProblem({ log: createLog({ level: 'silent' }), known: new Set() }));
  const server = app.listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

beforeAll(async () => {
  for (const body of ['none', 'optional', 'required'] as const) urls.set(body, await serve(body));
});

afterAll(() => {
  for (const server of servers) server.close();
});

async function send(to: Operation['body'], type: string | null, body = '') {
  const headers: Record<string, string> = type === null ? {} : { 'content-type': type };
  const response = await fetch(urls.get(to) ?? '', {
    method: 'POST',
    headers,
    body: Buffer.from(body),
  });
  const reply = (await response.json()) as Record<string, unknown>;
  return response.ok ? reply : `${response.status} ${String(reply['code'])}`;
}

describe('a request that is refused before its body is read', () => {
  /** An app that lets a body come for as long as it likes, and answers 404. */
  const refuse = async () => {
    const app = express();
    const operation = { id: 'releaseBatch', method: 'post', path: '/', scopes: [] } as const;
    const step = { ...operation, body: 'stream', mediaTypes: ['application/x-ndjson'] } as const;
    app.use(leaveBody(step, { unhurried: () => undefined }), nothingHere);
    app.use(tellProblem({ log: createLog({ level: 'silent' }), known: new Set() }));
    const server = app.listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const over = new Promise<string>((resolve) => {
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      socket.once('close', () => resolve('closed'));
    });
    const type = 'content-type: application/x-ndjson';
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${type}\r\ncontent-length: 3000000\r\n\r\n`);
    return { socket, over };
  };

  it('is told so at once, and not read for ever', async () => {
    const { socket, over } = await refuse();
    const [said] = (await once(socket, 'data')) as [Buffer];
    expect(said.toString()).toMatch(/^HTTP\/1.1 404 [^]*\r\nconnection: close\r\n[^]*"NOT_FOUND"/i);
    // drips on for as long as it is let
    const drip = setInterval(() => socket.write('x'), 20);
    expect(['closed', 'EPIPE', 'ECONNRESET']).toContain(await over);
    clearInterval(drip);
  });

  it('can be sent to its end before the reply is read', async () => {
    const { socket, over } = await refuse();
    let said = '';
    socket.write(Buffer.alloc(3_000_000), () =>
      socket.on('data', (more) => (said += String(more))),
    );
    expect(await over).toBe('closed');
    expect(said).toContain('"NOT_FOUND"');
  });
});

describe('the body of a request', () => {
  it('is missing, and no fault of ours, where its sender left before it was read', async () => {
    const app = express();
    const code = new Promise((resolve) => {
      const operation = { id: 'claimInbox', method: 'post', path: '/', scopes: [] } as const;
      app.use((request, _response, next) => void request.socket.once('close', () => next()));
      app.use(readBody({ ...operation, body: 'required' }));
      app.use(((error: { code?: string }, _request, _response, _next) =>
        resolve(error.code)) as express.ErrorRequestHandler);
    });
    const server = app.listen(0, '127.0.0.1');
    servers.push(server);
    await new Promise((resolve) => server.once('listening', resolve));
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    server.once('request', () => socket.destroy());
    const head = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
    socket.write(`${head}content-length: 7\r\n\r\n{"a":1}`);
    expect(await code).toBe('INVALID_REQUEST');
  });

  it('reaches the next step as bytes and as JSON, under one content type', async () => {
    const types = [
      ...['application/json', 'Application/JSON', 'application/json;charset=UTF-8'],
      ...['application/json ; charset="utf-8" ', ' application/json; charset=utf-8'],
    ];
    for (const type of types) {
      for (const to of ['optional', 'required'] as const) {
        const expected = { type: 'application/json', bytes: 7, body: { a: 1 } };
        expect(await send(to, type, '{"a":1}')).toEqual(expected);
      }
    }
  });

  it('has no content type where there is none to read: each would be kept for ever', async () => {
    const nothing = { type: null, bytes: 0, body: null };
    for (const type of ['application/json', 'text/plain; a=1', 'x/y; b=2', null]) {
      expect(await send('none', type)).toEqual(nothing);
      expect(await send('none', type, '{"a":1}')).toEqual(nothing);
      expect(await send('optional', type)).toEqual(nothing);
      expect(await send('required', type)).toBe('400 INVALID_REQUEST');
    }
  });

  it('is refused under every other content type', async () => {
    const types = ['text/plain', 'application/json; charset=latin1', 'application/json; a=1', null];
    for (const type of [...types, 'application/json, application/json', 'application/jsonx']) {
      expect(await send('required', type, '{}')).toBe('415 UNSUPPORTED_MEDIA_TYPE');
      expect(await send('optional', type, '{}')).toBe('415 UNSUPPORTED_MEDIA_TYPE');
    }
  });

  it('that is malformed ends in an answer, and the server lives on', async () => {
    for (const body of ['{', '\ufeff{}', '{"a":1,"a":2}', '[1e400]', ' ']) {
      expect(await send('required', 'application/json', body)).toBe('400 MALFORMED_JSON');
    }
    expect(await send('none', null)).toMatchObject({ bytes: 0 });
  });
});

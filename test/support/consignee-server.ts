/** A consignee's HTTP server on loopback: keeps what it got, and answers as a test tells it. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedPush {
  headers: IncomingHttpHeaders;
  /** The bytes as they came. */
  text: string;
  body: {
    transfer: string;
    contract: string;
    record: Record<string, unknown>;
    salt: string;
    proof: { leaf: string; index: number; hashes: string[]; checkpoint: string };
  };
}

export interface ConsigneeServer {
  url: string;
  received: ReceivedPush[];
  /** How the next pushes are answered; 204 unless told otherwise. */
  answerWith(answer: (response: ServerResponse, push: ReceivedPush) => void): void;
  close(): Promise<void>;
}

export async function startConsigneeServer(): Promise<ConsigneeServer> {
  const received: ReceivedPush[] = [];
  let answer = (response: ServerResponse, _push: ReceivedPush): void => {
    response.writeHead(204).end();
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const body = JSON.parse(text) as ReceivedPush['body'];
      const push = { headers: request.headers, text, body };
      received.push(push);
      answer(response, push);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/waybill`,
    received,
    answerWith: (next) => (answer = next),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

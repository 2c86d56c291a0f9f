/** A real HTTP server on loopback for a consignee that is pushed to. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { refusalOf, type Consignee } from './consignee.ts';
import type { Envelope } from './verifier.ts';

export interface PushServer {
  consignee: Consignee;
  url: string;
  /** The body of the first push that was accepted, to make twins of. */
  firstBody: string | null;
  close(): Promise<void>;
}

const path = '/waybill/v1/transfers';
const bodyBytesMax = 4_000_000;

/** Listens on a free port. 2xx is answered only after the consignee has recomputed everything. */
export async function startPushServer(consignee: Consignee): Promise<PushServer> {
  const started: PushServer = { consignee, url: '', firstBody: null, close };
  const server: Server = createServer((request, response) => {
    void answer(started, request)
      .catch(() => ({ status: 500, why: 'fault' }))
      .then(({ status, why }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(why === '' ? { received: true } : { refused: why }));
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  started.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  return started;

  async function close(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }
}

async function answer(
  server: PushServer,
  request: IncomingMessage,
): Promise<{ status: number; why: string }> {
  const { consignee } = server;
  if (request.method !== 'POST' || request.url !== path) return { status: 404, why: 'not here' };
  const body = await readBody(request);
  if (body === null) return { status: 413, why: 'too large' };
  if (consignee.desk === null) return { status: 503, why: 'not open yet' };
  try {
    const headers = request.headers as Record<string, string>;
    new Webhook(consignee.part.webhookSecret).verify(body, headers, { jsonParse: false });
  } catch {
    return { status: 401, why: 'webhook signature' };
  }
  try {
    const envelope = JSON.parse(body) as Envelope;
    if (envelope.transfer !== request.headers['webhook-id']) return { status: 422, why: 'id' };
    await consignee.take(envelope);
    server.firstBody ??= body;
    return { status: 200, why: '' };
  } catch (error) {
    const why = error instanceof SyntaxError ? 'malformed' : refusalOf(error);
    if (why === null) throw error;
    return { status: 422, why };
  }
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

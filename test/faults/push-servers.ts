/** Consignees that are pushed to: each its own server, behind a line of its own, and moody. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Envelope } from '#src/bin/demo/verifier.ts';
import { between, type Random } from '#test/fuzz/random.ts';
import { count, type Book } from './book.ts';
import { pause } from './pace.ts';
import { startProxy, type FaultProxy } from './proxy.ts';

export interface PushServer {
  consignee: string;
  /** Where the gateways send to. */
  url: string;
  line: FaultProxy;
  close(): Promise<void>;
}

export interface PushDeps {
  book: Book;
  /** Asks, before anything is answered, whether what covers these bytes is durable. */
  isCovered: (envelope: Envelope) => Promise<void>;
  /** While calm everybody answers well and at once. */
  isCalm: () => boolean;
  random: Random;
}

export async function startPushServer(deps: PushDeps, consignee: string): Promise<PushServer> {
  const { book } = deps;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => count(book, 'torn pushes'));
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void take(Buffer.concat(chunks).toString('utf8'), response));
  });

  async function take(text: string, response: ServerResponse): Promise<void> {
    const envelope = JSON.parse(text) as Envelope;
    book.arrivals.push({ consignee, via: 'push', envelope, isChecked: false });
    await deps.isCovered(envelope);
    await answer(deps, envelope.transfer, response);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const line = await startProxy(() => port);
  return {
    ...{ consignee, line },
    url: `http://127.0.0.1:${line.port}/waybill`,
    async close() {
      await line.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const slowMsMax = 800;

/** Mostly well; sometimes as systems do on a bad morning. */
async function answer(deps: PushDeps, transfer: string, response: ServerResponse): Promise<void> {
  const { book, random, isCalm } = deps;
  // The same every time: it knows what it has, by its id.
  if (book.turnedAway.has(transfer)) return void response.writeHead(422).end();
  const mood = isCalm() ? 99 : between(random, 0, 99);
  if (mood < 3 && !book.taken.has(transfer)) {
    book.turnedAway.add(transfer);
    return void response.writeHead(422).end();
  }
  if (mood < 7) return void response.writeHead(503).end();
  if (mood < 11) return void response.writeHead(500).end('not today');
  if (mood < 13) return void response.socket?.resetAndDestroy();
  // Never an answer: the gateway has a deadline.
  if (mood < 15) return;
  if (mood < 20) await pause(between(random, 1, slowMsMax));
  book.taken.add(transfer);
  // It has it, and its answer is lost.
  if (mood < 23) return void response.socket?.resetAndDestroy();
  response.writeHead(mood < 60 ? 204 : 200).end();
}

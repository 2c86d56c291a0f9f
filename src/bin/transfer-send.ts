/**
 * `waybill transfer send`: uploads a file of orders, reads the answers while it writes, and goes on
 * where it was after a broken connection.
 */
import { createReadStream } from 'node:fs';
import { request as openHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as openHttps } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { StartupError } from '#src/base/errors.ts';
import { readLines } from '#src/base/lines.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';

/** A longer one is sent as far as it goes, so that the gateway says what is wrong with it. */
const lineBytesMax = 2 * 1024 * 1024;
/** Between two connections; it grows with each that brought nothing. */
const restMs = 1_000;
const vainMax = 10;
const progressMs = 1_000;

interface Answer {
  line?: number;
  status: number;
  problem?: { code: string };
}

/** What has become of the lines of the file. */
interface Progress {
  /** The last line that was ever sent. */
  sentTo: number;
  /** Lines up to there that have no final answer. */
  open: Set<number>;
  accepted: number;
  refused: number;
}

/** Exit status 0: every order was accepted; 1: some were refused, or the gateway stayed away. */
export async function sendTransfers(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { ...callerOptions, file: { type: 'string' } },
  });
  const { file = '' } = values;
  if (!file) throw new StartupError(['--file: not given']);
  const caller = readCaller(values);
  const api = await createApiClient(caller);
  // a wrong address or key is told at once, and not tried again
  await api.bearer();
  const progress: Progress = { sentTo: 0, open: new Set(), accepted: 0, refused: 0 };
  const tell = () => {
    const { accepted, refused, open } = progress;
    const counts = `${accepted} accepted, ${refused} refused, ${open.size} without an answer`;
    process.stderr.write(`waybill: ${counts}\n`);
  };
  const telling = setInterval(tell, progressMs);
  try {
    for (let vain = 0; vain < vainMax;) {
      const before = progress.accepted + progress.refused;
      const whole = await upload({ api, url: caller.url, file }, progress);
      if (whole && progress.open.size === 0) return progress.refused === 0 ? 0 : 1;
      vain = progress.accepted + progress.refused > before ? 0 : vain + 1;
      await pause(restMs * (vain + 1));
    }
  } finally {
    clearInterval(telling);
    tell();
  }
  process.stderr.write('waybill: the gateway takes no more; the same command goes on later\n');
  return 1;
}

/** One connection. True when every line of the file was sent and the answers ended in order. */
async function upload(
  { api, url, file }: { api: ApiClient; url: string; file: string },
  progress: Progress,
): Promise<boolean> {
  let sent: ClientRequest | undefined;
  try {
    sent = await open(url, await api.bearer());
    const reply = await replyTo(sent);
    if (reply.statusCode !== 200) throw new Error(`HTTP ${reply.statusCode}`);
    /** Lines of the file by their number on this connection. */
    const underWay = new Map<number, number>();
    const [, inOrder] = await Promise.all([
      write(sent, { file, underWay, progress }),
      read(reply, { underWay, progress }),
    ]);
    return inOrder;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`waybill: the upload broke off (${why})\n`);
    return false;
  } finally {
    sent?.destroy();
  }
}

async function open(url: string, token: string): Promise<ClientRequest> {
  const address = new URL(`${url}/v1/transfers/batch`);
  const make = address.protocol === 'https:' ? openHttps : openHttp;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' };
  const sent = make(address, { method: 'POST', headers });
  sent.flushHeaders();
  return Promise.resolve(sent);
}

function replyTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => sent.on('response', resolve).on('error', reject));
}

/** Sends what has no answer yet, at the pace at which it is taken. */
async function write(
  sent: ClientRequest,
  { file, underWay, progress }: { file: string; underWay: Map<number, number>; progress: Progress },
): Promise<void> {
  let number = 0;
  for await (const line of readLines(createReadStream(file), lineBytesMax)) {
    if (line.number <= progress.sentTo && !progress.open.has(line.number)) continue;
    if (sent.destroyed || sent.writableEnded) return;
    number += 1;
    underWay.set(number, line.number);
    progress.open.add(line.number);
    progress.sentTo = Math.max(progress.sentTo, line.number);
    const bytes = line.bytes ?? Buffer.alloc(lineBytesMax, ' x');
    if (!sent.write(Buffer.concat([bytes, Buffer.from('\n')]))) await roomIn(sent);
  }
  sent.end();
}

function roomIn(sent: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      sent.off('drain', go).off('close', go);
      resolve();
    };
    sent.once('drain', go).once('close', go);
  });
}

/** Prints final answers with the lines of the file. False: the gateway ended it, and said why. */
async function read(
  reply: IncomingMessage,
  { underWay, progress }: { underWay: Map<number, number>; progress: Progress },
): Promise<boolean> {
  let inOrder = true;
  for await (const { bytes } of readLines(reply, lineBytesMax)) {
    const answer = JSON.parse(String(bytes)) as Answer;
    const line = underWay.get(answer.line ?? 0);
    if (line === undefined) {
      process.stderr.write(`waybill: the gateway ended the upload (${answer.problem?.code})\n`);
      inOrder = false;
      continue;
    }
    underWay.delete(answer.line ?? 0);
    // our own state, or the same order under way: it comes again
    if (answer.status >= 500 || answer.problem?.code === 'REQUEST_IN_PROGRESS') continue;
    progress.open.delete(line);
    if (answer.status === 202) progress.accepted += 1;
    else progress.refused += 1;
    if (!process.stdout.write(`${JSON.stringify({ ...answer, line })}\n`)) {
      await new Promise((resolve) => process.stdout.once('drain', resolve));
    }
  }
  return inOrder;
}

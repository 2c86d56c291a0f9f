/** Many orders in one request: each line of an upload becomes, or does not become, a transfer. */
import { GatewayError } from '#src/base/errors.ts';
import { newId } from '#src/base/ids.ts';
import { readLines, type Line } from '#src/base/lines.ts';
import { createUploadPlaces } from '#src/base/upload-places.ts';
import type { Gateway } from '#src/gateway.ts';
import { answerLines, createTurnstile, uploadLimits } from '#src/transfers/batch.ts';
import { release } from '#src/transfers/release.ts';
import { actorOf } from './caller.ts';
import type { ApiRequest, Handlers, Pieces } from './handler.ts';
import { repeatableOrder } from './idempotency-key.ts';
import { createLineReader } from './order-line.ts';
import { toProblem } from './problem.ts';
import { paced, type Patience } from './streams.ts';

type Upload = Pick<ApiRequest<'releaseBatch'>, 'caller' | 'source' | 'language' | 'stream'> & {
  batch: string;
  /** Codes that the log was told of. */
  told: Set<string>;
};

/** As much as a request may have alone. */
const lineBytesMax = 1_048_576;
/** Of all uploads together: as much as two statements and the one that is being gathered hold. */
const linesUnderWayMax = 768;
/** So often it is asked whether the upload may still go on: a revocation holds within 5 s. */
const watchMs = 300;
/** Longer than a million lines take; then the client comes back with a fresh token. */
const uploadMsMax = 60 * 60 * 1000;
/** Of one client at a time and in one process: each holds lines and asks the registry. */
export const uploadsAtOnceMax = 8;

interface BatchSettings {
  spec: { components: Record<string, unknown> };
  patience: Patience;
  metrics: { accepted: (consignee: string) => void };
}

export function batchHandlers(
  gateway: Gateway,
  settings: BatchSettings,
): Pick<Handlers, 'releaseBatch'> {
  const answering = createAnswering(gateway, settings);
  const enter = createUploadPlaces(uploadsAtOnceMax);

  async function* answersTo(upload: Upload, leave: () => void): Pieces {
    const guard = watchUpload(gateway, upload.caller.client);
    const lines = readLines(paced(upload.stream, settings.patience), lineBytesMax);
    const deps = {
      limits: uploadLimits,
      answer: async (line: Line) => `${JSON.stringify(await answering.answerTo(upload, line))}\n`,
      farewell: (error: unknown) => `${JSON.stringify(answering.problemOf(upload, error))}\n`,
      signal: guard.signal,
    };
    try {
      yield* answerLines(deps, lines);
    } finally {
      guard.stop();
      leave();
    }
  }

  return {
    releaseBatch(request) {
      gateway.assertOpen();
      const leave = enter(request.caller.client);
      const batch = newId(gateway.clock.now());
      const headers = { 'content-type': 'application/x-ndjson', 'waybill-batch': batch };
      const body = answersTo({ ...request, batch, told: new Set() }, leave);
      return { status: 200, headers, body };
    },
  };
}

function createAnswering(gateway: Gateway, { spec, metrics }: BatchSettings) {
  const readLine = createLineReader(spec);
  const inTurn = createTurnstile(linesUnderWayMax);

  /** What is wrong; the log is told of a fault of ours once an upload. */
  function problemOf({ language, told }: Upload, error: unknown) {
    const { status, body } = toProblem(error, language);
    const { code } = body;
    if (code === 'INTERNAL' && !told.has(code)) {
      told.add(code);
      gateway.log.error('a line failed', { operation: 'releaseBatch', status, code, error });
    }
    return { status, problem: body };
  }

  /** The answer to one line; whatever goes wrong with it is its answer. */
  async function answerTo(upload: Upload, { number, bytes }: Line) {
    let key: string | undefined;
    try {
      const read = bytes && readLine(bytes);
      if (!read) {
        throw new GatewayError('PAYLOAD_TOO_LARGE', { facts: { limitBytes: lineBytesMax } });
      }
      ({ key } = read);
      if ('fault' in read) throw read.fault;
      const { order } = read;
      const { client } = upload.caller;
      const idempotency = () =>
        repeatableOrder(gateway.fingerprint, { client, key: read.key, order });
      const request = { actor: actorOf(upload), order, idempotency, batch: upload.batch };
      const reply = await inTurn(() => release(gateway, request));
      metrics.accepted(reply.consignee);
      return { line: number, key, ...reply, status: 202 };
    } catch (error) {
      return { line: number, key, ...problemOf(upload, error) };
    }
  }

  return { answerTo, problemOf };
}

/** A signal that is aborted, with the reason, when a client may not go on sending lines. */
function watchUpload(
  { clients, health }: Pick<Gateway, 'clients' | 'health'>,
  client: string,
): { signal: AbortSignal; stop: () => void } {
  const over = new AbortController();
  const end = (code: 'SHUTTING_DOWN' | 'UNAUTHENTICATED', reason: string) =>
    over.abort(new GatewayError(code, { facts: { reason } }));
  const look = async () => {
    if (health.closing()) end('SHUTTING_DOWN', 'CLOSING');
    // without an answer nothing is accepted either, and the lines are told so
    const state = await clients.lookup(client).catch(() => null);
    if (state !== null && !state?.scopes.has('transfers:write')) end('UNAUTHENTICATED', 'REVOKED');
  };
  const watch = setInterval(() => void look(), watchMs);
  const late = setTimeout(() => end('UNAUTHENTICATED', 'EXPIRED'), uploadMsMax);
  return {
    signal: over.signal,
    stop: () => {
      clearInterval(watch);
      clearTimeout(late);
    },
  };
}

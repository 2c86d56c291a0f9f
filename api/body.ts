/** Takes the body of a request: whole and strictly read, or left to the handler as it comes. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { GatewayError } from '#src/base/errors.ts';
import { parseStrictJson } from '#src/base/strict-json.ts';
import type { Operation } from './contract.ts';

/** What is left for the steps after. */
interface Locals {
  bytes?: Buffer;
  mediaType?: string;
}

const bodyBytesMax = 1_048_576;
const readRaw = express.raw({ type: () => true, limit: bodyBytesMax, inflate: false });

/** The bytes as they came, and JSON only by the strict reading of them. */
export function readBody(operation: Operation): RequestHandler {
  return async (request, response, next) => {
    const locals = response.locals as Locals;
    const sent = operation.body !== 'none' && isAnnounced(request.headers);
    // One spelling only: the validator would keep every other one for ever.
    if (sent && !jsonType.test(request.headers['content-type'] ?? '')) {
      throw new GatewayError('UNSUPPORTED_MEDIA_TYPE');
    }
    delete request.headers['content-type'];
    locals.bytes = sent ? await readBytes(request, response) : Buffer.alloc(0);
    if (locals.bytes.length > 0) {
      request.headers['content-type'] = 'application/json';
      request.body = parseStrictJson(locals.bytes);
    } else if (operation.body === 'required') {
      throw new GatewayError('INVALID_REQUEST', { problems: [{ pointer: '', rule: 'required' }] });
    }
    next();
  };
}

/**
 * Leaves a body that is not JSON to its handler, under the media type as the operation names it.
 * @param deps.unhurried lets the request take longer than others: it has its own patience
 */
export function leaveBody(
  operation: Operation,
  deps: { unhurried: (request: IncomingMessage) => void },
): RequestHandler {
  return (request, response, next) => {
    const [, sent = ''] = mediaTypePattern.exec(request.headers['content-type'] ?? '') ?? [];
    const mediaType = operation.mediaTypes?.find((one) => one === sent.toLowerCase());
    if (!isAnnounced(request.headers)) {
      throw new GatewayError('INVALID_REQUEST', { problems: [{ pointer: '', rule: 'required' }] });
    }
    const { 'content-encoding': coding = 'identity' } = request.headers;
    if (mediaType === undefined || coding !== 'identity') {
      throw new GatewayError('UNSUPPORTED_MEDIA_TYPE');
    }
    request.headers['content-type'] = mediaType;
    (response.locals as Locals).mediaType = mediaType;
    deps.unhurried(request);
    next();
  };
}

const mediaTypePattern = /^\s*([\w.+-]+\/[\w.+-]+)\s*(?:;\s*charset=(?:"utf-8"|utf-8)\s*)?$/i;
const jsonType = /^\s*application\/json\s*(;\s*charset=("utf-8"|utf-8)\s*)?$/i;

function isAnnounced(headers: IncomingHttpHeaders): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = headers;
  return coding !== undefined || Number(length) > 0;
}

/** The length that a request says its body has; null where it says none. */
export function announcedBytes({ 'content-length': length }: IncomingHttpHeaders): number | null {
  return length === undefined ? null : Number(length);
}

/** Read through a promise: what is thrown inside the reader's callback nobody would catch. */
function readBytes(request: Request, response: Response): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    readRaw(request, response, (error?: unknown) => {
      if (error instanceof Error) reject(error);
      // Who left while the token was looked at sent a body that nobody reads.
      else resolve((request.body as Buffer | undefined) ?? Buffer.alloc(0));
    });
  });
}

/** What reading the body can run into (names of raw-body's errors). */
export function bodyFault(error: unknown): GatewayError | undefined {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large') {
    return new GatewayError('PAYLOAD_TOO_LARGE', { facts: { limitBytes: bodyBytesMax } });
  }
  if (type === 'encoding.unsupported') return new GatewayError('UNSUPPORTED_MEDIA_TYPE');
  if (type === 'request.aborted' || type === 'request.size.invalid') {
    return new GatewayError('INVALID_REQUEST');
  }
  return undefined;
}

/** The steps that a request passes, each one check or one deed. */
import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { GatewayError } from '#src/base/errors.ts';
import type { Log } from '#src/base/log.ts';
import { announcedBytes, bodyFault } from './body.ts';
import type { Operation } from './contract.ts';
import type { ApiRequest, HandledOperationId, Handlers, Pieces } from './handler.ts';
import type { Metrics } from './metrics.ts';
import { pickLanguage, toProblem } from './problem.ts';
import { endReply, sendPieces, type Patience } from './streams.ts';
import { actingBy, type Caller, type TokenVerifier } from './token.ts';
import { requestFault } from './validation.ts';

/** What the steps leave for each other, beside the request. */
interface Locals {
  operation?: string;
  caller?: Caller;
  bytes?: Buffer;
  mediaType?: string;
  rest?: () => void;
}

const anonymous: Caller = { client: 'anonymous', role: 'emr', consignee: null, scopes: new Set() };

/** One line and one measurement for each request: its operation, never its path or query. */
export function observe(deps: { log: Log; metrics: Metrics }): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    const id = randomUUID();
    response.set('x-request-id', id);
    response.on('close', () => {
      const locals = response.locals as Locals;
      const operation = locals.operation ?? 'unmatched';
      const durationMs = Math.round((performance.now() - started) * 10) / 10;
      deps.metrics.answered(operation, response.statusCode, durationMs / 1000);
      const client = locals.caller?.client;
      const { method } = request;
      const line = { request: id, method, operation, status: response.statusCode, durationMs };
      deps.log.debug('answered', client === undefined ? line : { ...line, client });
    });
    next();
  };
}

/** No reply of the API is to be kept, sniffed, framed or run. */
export const secureHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
  });
  next();
};

/** Load balancers probe by HEAD: answered like GET, without the body. */
export const asGet: RequestHandler = (request, _response, next) => {
  request.method = 'GET';
  next();
};

/** Token and scopes, before one byte of the body is read. */
export function authorise(operation: Operation, tokens: TokenVerifier): RequestHandler {
  return async (request, response, next) => {
    const locals = response.locals as Locals;
    locals.operation = operation.id;
    if (operation.scopes.length === 0) return next();
    const caller = await tokens.verify(request.headers.authorization);
    locals.caller = caller;
    const held = (scopes: readonly string[]) => scopes.every((scope) => caller.scopes.has(scope));
    const by = operation.scopes.find(held);
    if (!by) {
      const needed = operation.scopes.flat().join(' ');
      throw new GatewayError('INSUFFICIENT_SCOPE', { facts: { scope: needed } });
    }
    locals.caller = actingBy(caller, by);
    next();
  };
}

/** Calls the handler and sends its reply. */
export function answer<Id extends HandledOperationId>(
  { handlers, patience }: { handlers: Handlers; patience: Patience },
  id: Id,
): RequestHandler {
  const handle = handlers[id] as unknown as (request: ApiRequest<Id>) => Promise<{
    status: number;
    body: unknown;
    headers?: Record<string, string>;
  }>;
  return async (request, response) => {
    const locals = response.locals as Locals;
    const reply = await handle({
      path: (request as Checked).openapi?.pathParams ?? request.params,
      query: request.query,
      body: request.body as unknown,
      bytes: locals.bytes ?? Buffer.alloc(0),
      stream: request,
      mediaType: locals.mediaType ?? '',
      announcedBytes: announcedBytes(request.headers),
      idempotencyKey: request.headersDistinct['idempotency-key'] ?? [],
      caller: locals.caller ?? anonymous,
      source: request.ip ?? '',
      get gone() {
        return goneOf(response);
      },
      rest: locals.rest ?? (() => undefined),
      language: pickLanguage(request.get('accept-language')),
    } as unknown as ApiRequest<Id>);
    response.status(reply.status).set(reply.headers ?? {});
    const { body } = reply;
    if (isPieces(body)) locals.rest?.();
    if (isPieces(body)) await sendPieces({ request, response }, body, patience);
    else if (typeof body === 'string') response.type('text/plain').send(body);
    else response.json(body);
  };
}

/** A request that the validator has checked: it made of the path's parts what they are. */
interface Checked {
  openapi?: { pathParams: Readonly<Record<string, unknown>> };
}

/** Made for who asks only: an abort makes an error, and an error its stack. */
function goneOf(response: Response): AbortSignal {
  const left = new AbortController();
  if (response.closed) left.abort();
  else response.once('close', () => left.abort());
  return left.signal;
}

function isPieces(body: unknown): body is Pieces {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** Whatever nobody answered: Express would say so in HTML, with the path in it. */
export const nothingHere: RequestHandler = () => {
  throw new GatewayError('NOT_FOUND');
};

/** Every error ends here: a problem for the caller, a line for the log, the request in neither. */
export function tellProblem(deps: { log: Log; known: ReadonlySet<string> }): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const fault = bodyFault(error) ?? requestFault(error, deps.known) ?? error;
    const problem = toProblem(fault, pickLanguage(request.get('accept-language')));
    const operation = (response.locals as Locals).operation ?? 'unmatched';
    const { status } = problem;
    const { code } = problem.body;
    if (status >= 500) {
      const cause = fault instanceof GatewayError && fault.cause ? fault.cause : fault;
      deps.log.error('request failed', { operation, status, code, error: cause });
    } else {
      // counted by client: whoever goes on for all that must not fill the log, too
      const level = code === 'TOO_MANY_REQUESTS' ? 'debug' : 'info';
      deps.log[level]('request refused', { operation, status, code });
    }
    if (response.headersSent) return next(fault);
    response.status(status).set(problem.headers);
    endReply({ request, response }, JSON.stringify(problem.body));
  };
}

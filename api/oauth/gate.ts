/** The door of the authorization server: its paths, their methods and a limit. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';

export interface GateDeps {
  issuer: string;
  /** The provider: answers what is let through. */
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Whether people may be authorised here, too. */
  isOpenToPeople: boolean;
}

const TOKEN_PATH = '/oauth2/token';
const METHODS: Readonly<Record<string, readonly string[]>> = {
  [TOKEN_PATH]: ['POST'],
  '/oauth2/jwks': ['GET', 'HEAD'],
  '/.well-known/oauth-authorization-server': ['GET', 'HEAD'],
};
/** Where a sign-in begins, and where it goes on when somebody has proved who they are. */
const AUTHORIZE = /^\/oauth2\/authorize(\/[\w-]{16,64})?$/;
/** An assertion has about 600 bytes. A body without a length ends at the provider's own 56 KiB. */
const BODY_BYTES_MAX = 16 * 1024;

interface Refusal {
  status: number;
  error: string;
  description: string;
  headers?: Readonly<Record<string, string>>;
}

/** Lets the provider's few operations through and answers or passes on everything else. */
export function createGate({ issuer, handle, isOpenToPeople }: GateDeps): RequestHandler {
  return (request, response, next) => {
    const [path = '', query] = request.url.split('?', 2);
    const own = Object.hasOwn(METHODS, path) ? METHODS[path] : undefined;
    const methods = own ?? (isOpenToPeople && AUTHORIZE.test(path) ? ['GET'] : undefined);
    if (methods === undefined) {
      // everything else of the provider's does not exist here
      if (path.startsWith('/oauth2/')) refuse(response, NOT_FOUND);
      else next();
      return;
    }
    const refusal = methods.includes(request.method)
      ? path === TOKEN_PATH && tokenRefusal(request, { issuer, query })
      : wrongMethod(methods);
    if (refusal) refuse(response, refusal);
    else handle(request, response).catch(next);
  };
}

const NOT_FOUND: Refusal = { status: 404, error: 'not_found', description: 'No such endpoint.' };

function wrongMethod(methods: readonly string[]): Refusal {
  const allow = methods.join(', ');
  return {
    status: 405,
    error: 'invalid_request',
    description: `This endpoint takes ${allow}.`,
    headers: { Allow: allow },
  };
}

function tokenRefusal(
  { headers }: IncomingMessage,
  { issuer, query }: { issuer: string; query: string | undefined },
): Refusal | undefined {
  const invalid = { status: 400, error: 'invalid_request' };
  if (query !== undefined) {
    return { ...invalid, description: 'Parameters belong in the body, never in the URL.' };
  }
  if (headers.origin !== undefined && headers.origin !== issuer) {
    return { ...invalid, description: 'This endpoint does not serve pages of other origins.' };
  }
  if (Number(headers['content-length'] ?? 0) > BODY_BYTES_MAX) {
    return {
      ...invalid,
      status: 413,
      description: `The body has at most ${BODY_BYTES_MAX} bytes.`,
      // what was announced is not read
      headers: { Connection: 'close' },
    };
  }
  return undefined;
}

function refuse(response: ServerResponse, { status, error, description, headers }: Refusal): void {
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    ...headers,
  });
  response.end(JSON.stringify({ error, error_description: description }));
}

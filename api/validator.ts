/** The envelope of every request against openapi.yaml. */
import type { RequestHandler } from 'express';
import {
  sortRoutes,
  type Spec,
} from 'express-openapi-validator/dist/framework/openapi.spec.loader.js';
import { OpenApiValidator } from 'express-openapi-validator/dist/openapi.validator.js';
import { GatewayError } from '#src/base/errors.ts';
import { expressPath, type ApiContract } from './contract.ts';
import { requestsOf, type RequestsDocument } from './request-spec.ts';

/**
 * Errors of the validator echo what was sent: they go through `requestFault` and no further.
 *
 * To find the path of a request, express-openapi-validator makes a regular expression of each path
 * of its document anew, one after the other: with all of them that took a sixth of the time of
 * accepting an order. So each request is given to a validator that knows only those paths which its
 * own can match, made when the first such request comes; the others could not have been found.
 */
export function createValidator(contract: ApiContract): RequestHandler[] {
  const document = requestsOf(contract.spec);
  const made = new Map<string, RequestHandler>();
  const templates = Object.keys(document.paths).map((path) => [path, path.split('/')] as const);
  const validate: RequestHandler = (request, response, next) => {
    const segments = segmentsOf(request.originalUrl);
    const paths = templates.flatMap(([path, parts]) => (mayMatch(parts, segments) ? [path] : []));
    // the validator of all tells whoever asked for a path that there is not
    const key = paths.join(' ');
    const own = made.get(key) ?? validatorOf(key === '' ? document : withPaths(document, paths));
    made.set(key, own);
    return own(request, response, next);
  };
  return [validate, refuseInfinity];
}

/** A path without its query; the slash at its end, which routes do without, begins no segment. */
function segmentsOf(url: string): string[] {
  const [path = ''] = url.split('?');
  return path.replace(/\/$/, '').split('/');
}

/** False only where the template of a path differs from the request's in what it says literally. */
function mayMatch(template: readonly string[], segments: readonly string[]): boolean {
  const isOpen = template.at(-1)?.endsWith('}*') ?? false;
  if (isOpen ? segments.length < template.length : segments.length !== template.length)
    return false;
  return template.every((segment, at) => segment.includes('{') || segment === segments[at]);
}

function withPaths(document: RequestsDocument, paths: readonly string[]): RequestsDocument {
  const kept = paths.map((path) => [path, document.paths[path]] as const);
  return { ...document, paths: Object.fromEntries(kept) as RequestsDocument['paths'] };
}

function validatorOf(document: RequestsDocument): RequestHandler {
  const validator = new OpenApiValidator({
    apiSpec: document as never,
    // Linted in `npm run check`; here it would only cost start-up time.
    validateApiSpec: false,
    validateRequests: { allowUnknownQueryParameters: false, coerceTypes: false },
    // Of replies the document says nothing here; the tests check every one that they get.
    validateResponses: false,
    // Tokens and scopes are checked before the body is read.
    validateSecurity: false,
    fileUploader: false,
  });
  return oneAfterTheOther(validator.installMiddleware(specOf(document)));
}

/** As a router does it for steps that each fit every request, without looking at any. */
function oneAfterTheOther(steps: readonly RequestHandler[]): RequestHandler {
  return (request, response, next) => {
    const go = (at: number): void => {
      const step = steps[at];
      if (step === undefined) next();
      else void step(request, response, (fault?: unknown) => (fault ? next(fault) : go(at + 1)));
    };
    go(0);
  };
}

/**
 * What the library's own loader makes of a document that has no reference, no extension and no
 * server in it. That loader compiles OpenAPI's schema of documents first, also where none is to be
 * checked: 70 to 190 ms of CPU for the first request to each path, while everyone waits.
 */
function specOf(document: RequestsDocument): Promise<Spec> {
  const routes = Object.entries(document.paths).flatMap(([path, { parameters, ...operations }]) =>
    Object.entries(operations).map(([method, operation]) => {
      const all = [...operation.parameters, ...parameters];
      const names = all.flatMap(({ in: place, name }) => (place === 'path' ? [name] : []));
      return {
        ...{ basePath: '', expressRoute: expressPath(path), openApiRoute: path },
        ...{ method: method.toUpperCase(), pathParams: [...new Set(names)] },
      };
    }),
  );
  // what is written into the document must not reach another one's
  const apiDoc = structuredClone(document) as never;
  return Promise.resolve({
    apiDoc,
    basePaths: ['/'],
    routes: routes.toSorted(sortRoutes),
    serial: 0,
  });
}

/** The validator makes Infinity of `1e400` in a query, and then finds no limit that it breaks. */
const refuseInfinity: RequestHandler = (request, _response, next) => {
  const found = Object.entries(request.query as Readonly<Record<string, unknown>>).find(
    ([, value]) => value === Infinity || value === -Infinity,
  );
  if (!found) return next();
  const [name] = found;
  throw new GatewayError('INVALID_REQUEST', {
    problems: [{ pointer: `/query/${name}`, rule: 'range' }],
  });
};

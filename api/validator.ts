/** The envelope of every request against openapi.yaml. */
import * as OpenApiValidator from 'express-openapi-validator';
import type { RequestHandler } from 'express';
import { GatewayError } from '#src/base/errors.ts';
import type { ApiContract } from './contract.ts';
import { requestsOf } from './request-spec.ts';

/** Errors of the validator echo what was sent: they go through `requestFault` and no further. */
export function createValidator(contract: ApiContract): RequestHandler[] {
  const validate = OpenApiValidator.middleware({
    apiSpec: requestsOf(contract.spec) as never,
    // Linted in `npm run check`; here it would only cost start-up time.
    validateApiSpec: false,
    validateRequests: { allowUnknownQueryParameters: false, coerceTypes: false },
    // Of replies the document says nothing here; the tests check every one that they get.
    validateResponses: false,
    // Tokens and scopes are checked before the body is read.
    validateSecurity: false,
    fileUploader: false,
  });
  return [...validate, refuseInfinity];
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

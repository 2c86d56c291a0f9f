/** The envelope of every request, and in tests of every reply, against openapi.yaml. */
import * as OpenApiValidator from 'express-openapi-validator';
import type { RequestHandler } from 'express';
import { GatewayError } from '#src/base/errors.ts';
import type { ApiContract } from './contract.ts';

/** Errors of the validator echo what was sent: they go through `requestFault` and no further. */
export function createValidator(
  contract: ApiContract,
  settings: { validateResponses: boolean },
): RequestHandler[] {
  const validate = OpenApiValidator.middleware({
    // A copy, because it is written to.
    apiSpec: structuredClone(contract.spec) as never,
    // Otherwise the first request waits three times as long: 0.9 s of CPU, against 0.4.
    $refParser: { mode: 'dereference' },
    // Linted in `npm run check`; here it would only cost start-up time.
    validateApiSpec: false,
    validateRequests: { allowUnknownQueryParameters: false, coerceTypes: false },
    validateResponses: settings.validateResponses,
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

/** The envelope of every request, and in tests of every reply, against openapi.yaml. */
import * as OpenApiValidator from 'express-openapi-validator';
import type { RequestHandler } from 'express';
import type { ApiContract } from './contract.ts';

/** Errors of the validator echo what was sent: they go through `requestFault` and no further. */
export function createValidator(
  contract: ApiContract,
  settings: { validateResponses: boolean },
): RequestHandler[] {
  return OpenApiValidator.middleware({
    apiSpec: contract.spec as never,
    // Linted in `npm run check`; here it would only cost start-up time.
    validateApiSpec: false,
    validateRequests: { allowUnknownQueryParameters: false, coerceTypes: false },
    validateResponses: settings.validateResponses,
    // Tokens and scopes are checked before the body is read.
    validateSecurity: false,
    fileUploader: false,
  });
}

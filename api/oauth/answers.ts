/** What the authorization server says: true metadata, errors that quote nothing, a quiet log. */
import type { ProviderContext } from 'oidc-provider';
import { ALL_SCOPES } from '#src/access/roles.ts';
import { GatewayError } from '#src/base/errors.ts';

/** The part of a logger that is used here. */
export interface OAuthLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The members of RFC 8414 metadata that are true of this server; OpenID's others are dropped. */
const METADATA_MEMBERS = [
  'issuer',
  'token_endpoint',
  'jwks_uri',
  'grant_types_supported',
  'response_types_supported',
  'token_endpoint_auth_methods_supported',
  'token_endpoint_auth_signing_alg_values_supported',
];

/** Those that are true where people sign in. */
const PEOPLE_MEMBERS = [
  ...['authorization_endpoint', 'code_challenge_methods_supported'],
  'authorization_response_iss_parameter_supported',
];

const CROSS_ORIGIN_HEADERS = ['Access-Control-Allow-Origin', 'Access-Control-Expose-Headers'];

type Middleware = (ctx: ProviderContext, next: () => Promise<void>) => Promise<void>;

/**
 * Around the provider: pins what it says about itself to the issuer, where it would believe the
 * Host header, and keeps of its answer what this server means to say.
 */
export function speakAs(issuer: string): Middleware {
  return async (ctx, next) => {
    // the base of every URL that the provider makes
    Object.defineProperty(ctx, 'href', { value: issuer });
    // and whether its cookies may travel: TLS ends in front of this
    Object.defineProperty(ctx.request, 'secure', { value: issuer.startsWith('https:') });
    await next();
    for (const header of CROSS_ORIGIN_HEADERS) ctx.remove(header);
    if (ctx.status >= 400) ctx.body = errorBody(ctx.body);
    else if (ctx.oidc?.route === 'discovery') ctx.body = metadata(ctx.body);
  };
}

/** OpenID's own scopes would be listed too, though no client can have them. */
function metadata(body: unknown): Record<string, unknown> {
  const told = pick(body, METADATA_MEMBERS);
  const { response_types_supported: responseTypes } = told;
  const isForPeople = Array.isArray(responseTypes) && responseTypes.length > 0;
  return {
    ...told,
    ...(isForPeople ? pick(body, PEOPLE_MEMBERS) : {}),
    scopes_supported: ALL_SCOPES,
  };
}

/** RFC 6749 section 5.2: the code and its sentence. The provider would echo the scope asked for. */
function errorBody(body: unknown): Record<string, unknown> {
  const error = pick(body, ['error', 'error_description']);
  if (error['error'] !== 'server_error') return error;
  return { error: 'server_error', error_description: 'The token could not be issued. Try again.' };
}

function pick(body: unknown, names: readonly string[]): Record<string, unknown> {
  if (typeof body !== 'object' || body === null) return {};
  return Object.fromEntries(Object.entries(body).filter(([name]) => names.includes(name)));
}

/**
 * Logs a refusal (OAuth's code, our closed reason, the registered client that was named) or a
 * failure of our own, which is a 503 when it is the database's. Nothing that a client sent is kept:
 * the provider's own details may quote it.
 */
export function tellOfFailure(log: OAuthLog, ctx: ProviderContext, error: Error): void {
  const client = ctx.oidc?.client?.clientId;
  if (ctx.status < 500) {
    log.info({ client, error: error.message, reason: closedReason(error) }, 'token refused');
    return;
  }
  if (error instanceof GatewayError && error.code === 'DATABASE_UNAVAILABLE') {
    ctx.status = 503;
    ctx.set('Retry-After', String(error.retryAfterSeconds ?? 1));
  }
  log.error({ client, err: error }, 'token endpoint failed');
}

/** Our own reasons are constants; other details are the provider's sentences. */
function closedReason(error: Error): string | undefined {
  const detail: unknown = 'error_detail' in error ? error.error_detail : undefined;
  return typeof detail === 'string' && /^[A-Z_]{2,40}$/.test(detail) ? detail : undefined;
}

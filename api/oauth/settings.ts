/** What of `oidc-provider` is switched on: one grant, one way to prove who one is, no state. */
import type { Adapter } from 'oidc-provider';
import type { JWK } from 'jose';
import type { ClientAccount, ClientRegistry } from '#src/access/clients.ts';
import { ASSERTION_ALGORITHMS, TOKEN_ALGORITHM } from '#src/access/keys.ts';
import { ALL_SCOPES } from '#src/access/roles.ts';
import { CLOCK_SKEW_SECONDS } from './assertion.ts';

/** How long an access token lives (SMART Backend Services section 3.4: at most 300). */
export const TOKEN_SECONDS = 300;

export interface SettingsDeps {
  clients: Pick<ClientRegistry, 'find'>;
  /** Ed25519 private JWK with `kid`; all processes have the same. */
  signingKey: JWK;
  /** Called when the signature of an assertion is good; throws when it must not count. */
  assertAssertion: (ctx: unknown, claims: unknown, header: unknown, client: unknown) => unknown;
}

const off = { enabled: false };

/** The configuration of the provider, whose defaults are those of an OpenID Provider. */
export function providerSettings(deps: SettingsDeps): Record<string, unknown> {
  return {
    adapter: (model: string) => adapterFor(model, deps.clients),
    jwks: { keys: [{ ...deps.signingKey, alg: TOKEN_ALGORITHM, use: 'sig' }] },
    routes: { token: '/oauth2/token', jwks: '/oauth2/jwks' },
    scopes: [...ALL_SCOPES],
    claims: {},
    responseTypes: [],
    clientAuthMethods: ['private_key_jwt'],
    clientDefaults: { id_token_signed_response_alg: TOKEN_ALGORITHM },
    enabledJWA: {
      clientAuthSigningAlgValues: [...ASSERTION_ALGORITHMS],
      idTokenSigningAlgValues: [TOKEN_ALGORITHM],
    },
    clockTolerance: CLOCK_SKEW_SECONDS,
    ttl: { ClientCredentials: TOKEN_SECONDS },
    assertJwtClientAuthClaimsAndHeader: deps.assertAssertion,
    // origins are settled before the provider sees a request
    clientBasedCORS: () => true,
    renderError: renderJson,
    features: {
      clientCredentials: { enabled: true },
      devInteractions: off,
      dPoP: off,
      pushedAuthorizationRequests: off,
      resourceIndicators: off,
      rpInitiatedLogout: off,
      userinfo: off,
    },
  };
}

/** The provider shows errors as pages to whoever prefers HTML; here they are JSON for everyone. */
function renderJson(ctx: { body: unknown }, error: Record<string, unknown>): void {
  ctx.body = error;
}

/**
 * Clients are read from the database each time, so that a revoked one gets no token from then on.
 * Nothing else is stored through the provider: tokens are self-contained, and its own replay check
 * (find, then save: two at once both pass) finds nothing, because `assertAssertion` has already
 * taken the `jti` atomically.
 */
function adapterFor(model: string, clients: SettingsDeps['clients']): Adapter {
  return {
    find: async (id) => {
      const found = model === 'Client' ? await clients.find(id) : undefined;
      return found && found.revokedAt === null ? clientMetadata(found) : undefined;
    },
    upsert: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  };
}

function clientMetadata(client: ClientAccount): Record<string, unknown> {
  return {
    client_id: client.id,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'private_key_jwt',
    scope: client.scopes.join(' '),
    jwks: { keys: client.keys },
  };
}

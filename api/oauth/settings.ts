/** What of `oidc-provider` is switched on: machines prove who they are by key, people sign in. */
import type { Adapter } from 'oidc-provider';
import type { JWK } from 'jose';
import type { ClientAccount, ClientRegistry } from '#src/access/clients.ts';
import { ASSERTION_ALGORITHMS, TOKEN_ALGORITHM } from '#src/access/keys.ts';
import { ALL_SCOPES } from '#src/access/roles.ts';
import { CONSOLE_CLIENT } from '#src/access/client-rules.ts';
import { TOKEN_SECONDS } from './access-token.ts';
import { CLOCK_SKEW_SECONDS } from './assertion.ts';
import { consoleMetadata, countingSessions, peopleSettings, type People } from './people.ts';
import { signInStore } from './sign-in-store.ts';

export interface SettingsDeps {
  issuer: string;
  /** Left out where nobody signs in. */
  people: People | undefined;
  clients: Pick<ClientRegistry, 'find'>;
  /** Ed25519 private JWKs with `kid`, the one that signs first; the others are published only. */
  signingKeys: readonly JWK[];
  /** Called when the signature of an assertion is good; throws when it must not count. */
  assertAssertion: (ctx: unknown, claims: unknown, header: unknown, client: unknown) => unknown;
}

const off = { enabled: false };

/** The configuration of the provider, whose defaults are those of an OpenID Provider. */
export function providerSettings(deps: SettingsDeps): Record<string, unknown> {
  const { issuer, people } = deps;
  const forPeople = people && peopleSettings(people, { issuer, keys: deps.signingKeys });
  return {
    ...forPeople,
    adapter: (model: string) => adapterFor(model, deps),
    jwks: { keys: deps.signingKeys.map((key) => ({ ...key, alg: TOKEN_ALGORITHM, use: 'sig' })) },
    routes: {
      ...{ token: '/oauth2/token', jwks: '/oauth2/jwks' },
      authorization: '/oauth2/authorize',
    },
    scopes: [...ALL_SCOPES],
    claims: {},
    responseTypes: people ? ['code'] : [],
    clientAuthMethods: ['private_key_jwt', ...(people ? ['none'] : [])],
    clientDefaults: { id_token_signed_response_alg: TOKEN_ALGORITHM },
    enabledJWA: {
      clientAuthSigningAlgValues: [...ASSERTION_ALGORITHMS],
      idTokenSigningAlgValues: [TOKEN_ALGORITHM],
    },
    clockTolerance: CLOCK_SKEW_SECONDS,
    ttl: { ...forPeople?.ttl, ClientCredentials: TOKEN_SECONDS },
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
      ...forPeople?.features,
    },
  };
}

/** The provider shows errors as pages to whoever prefers HTML; here they are JSON for everyone. */
function renderJson(ctx: { body: unknown }, error: Record<string, unknown>): void {
  ctx.body = error;
}

/**
 * Clients are read from the database each time, so that a revoked one gets no token from then on.
 * Tokens are self-contained, and the provider's own replay check (find, then save: two at once both
 * pass) finds nothing, because `assertAssertion` has already taken the `jti` atomically.
 */
function adapterFor(model: string, { clients, people, issuer }: SettingsDeps): Adapter {
  if (people && keptModels.includes(model)) {
    const kept = signInStore({ ...people, limits: people.sessions.limits }, model);
    return model === 'Session' ? countingSessions(kept, people.sessions) : kept;
  }
  return {
    find: async (id) => {
      if (model !== 'Client') return undefined;
      if (people && id === CONSOLE_CLIENT) return consoleMetadata(issuer);
      const found = await clients.find(id);
      return found && found.revokedAt === null ? clientMetadata(found) : undefined;
    },
    upsert: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
    revokeByGrantId: () => Promise.resolve(),
  };
}

/** What is kept between the requests of a sign-in. */
const keptModels = ['Session', 'Interaction', 'AuthorizationCode', 'Grant'];

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

/**
 * The authorization server: `client_credentials` with `private_key_jwt` (RFC 7523) for machines,
 * `authorization_code` with PKCE for people, RFC 9068 access tokens for both. It holds nothing that
 * a second process would have to know.
 */
import type { JWK } from 'jose';
import { errors, Provider } from 'oidc-provider';
import type { ProviderContext } from 'oidc-provider';
import { Router, type RequestHandler } from 'express';
import type { ClientRegistry } from '#src/access/clients.ts';
import type { OpenidSettings } from '#src/base/openid-settings.ts';
import { rememberJti } from '#src/access/replays.ts';
import type { Queryable } from '#src/store/pool.ts';
import { resourceServer } from './access-token.ts';
import { readAssertion } from './assertion.ts';
import { speakAs, tellOfFailure } from './answers.ts';
import type { OAuthLog } from './answers.ts';
import { createGate } from './gate.ts';
import { openidCallbackPath } from './openid-sign-in.ts';
import { createOpenid } from './openid.ts';
import type { People } from './people.ts';
import { providerSettings } from './settings.ts';
import { createSignIn } from './sign-in.ts';

export interface AuthorizationServerDeps {
  db: Queryable;
  clients: Pick<ClientRegistry, 'find'>;
  /** The public origin, without a trailing slash: issuer and audience of every token. */
  issuer: string;
  /**
   * Ed25519 private JWKs with `kid`, the one that signs at the moment first: asked for again with
   * each request, because keys change while gateways run.
   */
  signingKeys: () => readonly JWK[];
  /** Milliseconds since 1970 UTC. */
  now: () => number;
  log: OAuthLog;
  /** Left out where nobody signs in. */
  people?: People;
  /** Who vouches for them besides their passwords here; left out or null: nobody. */
  openid?: OpenidSettings | null;
}

/** A process whose clock is behind must still know a `jti` that another would take as good. */
const REMEMBER_LONGER_SECONDS = 60;

/** A handler for the root of the application; what is not its own it passes on. */
export function createAuthorizationServer(deps: AuthorizationServerDeps): RequestHandler {
  let built: (ReturnType<typeof createProvider> & { for: string }) | undefined;
  const current = () => {
    const keys = deps.signingKeys();
    const name = keys.map(({ kid }) => kid).join(' ');
    if (built?.for !== name) built = { for: name, ...createProvider(deps, keys) };
    return built;
  };
  const handle: ProviderHandler = (request, response) => current().handle(request, response);
  const { issuer, people, log, now } = deps;
  const gate = createGate({ issuer, handle, isOpenToPeople: people !== undefined });
  if (!people) return gate;
  const router = Router({ caseSensitive: true, strict: true });
  const openid = deps.openid
    ? createOpenid({
        ...{ settings: deps.openid, redirectUri: `${issuer}${openidCallbackPath}`, now },
        randomBytes: people.randomBytes,
      })
    : null;
  const signIn = { people, issuer, log, openid, provider: () => current().provider };
  router.use(createSignIn(signIn), gate);
  return router;
}

type ProviderHandler = Parameters<typeof createGate>[0]['handle'];

/** A provider knows its keys from the start: for others another one is made. */
function createProvider(
  deps: AuthorizationServerDeps,
  keys: readonly JWK[],
): { provider: Provider; handle: ProviderHandler } {
  const { issuer, log } = deps;
  const provider = new Provider(
    issuer,
    providerSettings({
      ...{ issuer, people: deps.people, clients: deps.clients },
      signingKeys: keys,
      assertAssertion: (ctx, _claims, _header, client) =>
        takeAssertion(deps, ctx as ProviderContext, client as { clientId: string }),
    }),
  );
  const granting = { provider, issuer, kid: keys[0]?.kid };
  // the issuer is configured: no header decides what this server believes about itself
  provider.proxy = false;
  provider.silent = true;
  provider.registerGrantType('client_credentials', (ctx) => grantToken(granting, ctx), [
    'scope',
    'resource',
  ]);
  provider.use(speakAs(issuer));
  provider.on('grant.error', (ctx, error) => tellOfFailure(log, ctx, error));
  provider.on('authorization.error', (ctx, error) => tellOfFailure(log, ctx, error));
  provider.on('server_error', (ctx, error) => tellOfFailure(log, ctx, error));
  provider.on('error', (error) => log.error({ err: error }, 'authorization server failed'));
  return { provider, handle: provider.callback() };
}

/** The signature is good: the assertion must be sound, and is used up by this. */
async function takeAssertion(
  { db, issuer, now }: AuthorizationServerDeps,
  ctx: ProviderContext,
  { clientId }: { clientId: string },
): Promise<void> {
  const audiences = [issuer, `${issuer}/oauth2/token`];
  const assertion = String(ctx.oidc?.params['client_assertion']);
  const read = readAssertion({ clientId, audiences, nowMs: now() }, assertion);
  if (typeof read === 'string') throw new errors.InvalidClientAuth(read);
  const expiresAt = new Date((read.expiresAtSeconds + REMEMBER_LONGER_SECONDS) * 1000);
  const isNew = await rememberJti({ db }, { issuer: clientId, jti: read.jti, expiresAt });
  if (!isNew) throw new errors.InvalidClientAuth('REPLAYED');
}

/**
 * RFC 6749 section 4.4. No `scope` means all that the client has (section 3.3 leaves the default to
 * the server); one scope that it does not have refuses the whole request.
 */
async function grantToken(
  { provider, issuer, kid }: { provider: Provider; issuer: string; kid: string | undefined },
  ctx: ProviderContext,
): Promise<void> {
  const client = ctx.oidc?.client;
  if (client?.scope === undefined) throw new Error('a client without scopes was authenticated');
  const { scope: requested, resource } = ctx.oidc?.params ?? {};
  if (resource !== undefined && resource !== issuer) {
    throw new errors.InvalidTarget('the only resource here is the issuer');
  }
  const allowed = client.scope.split(' ');
  const wanted = typeof requested === 'string' ? requested.split(' ') : allowed;
  if (!wanted.every((scope) => allowed.includes(scope))) {
    throw new errors.InvalidScope('a requested scope is not among the scopes of this client');
  }
  const scope = [...new Set(wanted)].join(' ');
  const token = new provider.ClientCredentials({ client, scope });
  const resourceSettings = resourceServer(issuer, { scope, kid });
  token.resourceServer = new provider.ResourceServer(issuer, resourceSettings);
  ctx.oidc?.entity('ClientCredentials', token);
  const value = await token.save();
  ctx.body = {
    access_token: value,
    token_type: token.tokenType,
    expires_in: token.expiration,
    scope,
  };
}

/**
 * The clinic's own OpenID provider as a witness to who somebody is: OpenID Connect Core by
 * authorization code with PKCE, state and nonce. It says which account, never what that may do.
 */
import * as openid from 'openid-client';
import type { Configuration } from 'openid-client';
import type { OpenidSettings } from '#src/base/openid-settings.ts';
import { CLOCK_SKEW_SECONDS } from './assertion.ts';
import { assertEncrypted, createOpenidFetch, Unreachable } from './openid-http.ts';

/** What is kept, sealed and for the same browser alone, until the provider has answered. */
export interface Asked {
  state: string;
  nonce: string;
  verifier: string;
}

/** Why the provider's word does not count. Closed: each has a sentence for the person. */
export type OpenidFault = 'UNREACHABLE' | 'UNTRUSTED' | 'DENIED' | 'ACR';

/** `account`: what the claim says, which may be anything, or nothing. */
export type Vouched =
  { ok: true; account: unknown } | { ok: false; fault: OpenidFault; cause?: unknown };

export interface OpenidDeps {
  settings: OpenidSettings;
  /** Where the provider sends people back: registered there, the same for everybody. */
  redirectUri: string;
  randomBytes: (size: number) => Buffer;
  /** Milliseconds since 1970 UTC. */
  now: () => number;
  /** How long one answer of the provider may take; tests have no time. */
  answerSeconds?: number;
}

export type Openid = ReturnType<typeof createOpenid>;

/** After so long its metadata and keys are read anew. */
const metadataSeconds = 600;
const answerSecondsMax = 5;

/** Nothing is asked before somebody wants to sign in: the gateway starts without its provider. */
export function createOpenid(deps: OpenidDeps) {
  const { settings, redirectUri, randomBytes, now, answerSeconds = answerSecondsMax } = deps;
  const fetch = createOpenidFetch({ issuer: settings.issuer, answerSeconds });
  let known: { since: number; configuration: Promise<Configuration> } | null = null;

  /** Everybody who asks meanwhile waits for the same; what fails is not kept. */
  function configuration(): Promise<Configuration> {
    if (known && now() - known.since < metadataSeconds * 1000) return known.configuration;
    const asked = { since: now(), configuration: discover(settings, fetch) };
    known = asked;
    asked.configuration.catch(() => {
      if (known === asked) known = null;
    });
    return asked.configuration;
  }

  return {
    name: settings.name,
    /**
     * Where the browser is sent, and what to keep until it comes back.
     * @param uid of what is being authorised: the state says where to go on
     */
    async ask(
      uid: string,
    ): Promise<{ ok: true; url: URL; asked: Asked } | (Vouched & { ok: false })> {
      try {
        const text = () => randomBytes(32).toString('base64url');
        const asked = { state: `${uid}.${text()}`, nonce: text(), verifier: text() };
        const parameters = await parametersOf(settings, redirectUri, asked);
        return {
          ok: true,
          url: openid.buildAuthorizationUrl(await configuration(), parameters),
          asked,
        };
      } catch (cause) {
        return { ok: false, fault: faultOf(cause), cause };
      }
    },
    /** @param answer what the browser brought back */
    async read(answer: URLSearchParams, { state, nonce, verifier }: Asked): Promise<Vouched> {
      try {
        const callback = new URL(`${redirectUri}?${answer.toString()}`);
        const tokens = await openid.authorizationCodeGrant(await configuration(), callback, {
          ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier },
          ...(settings.maxAgeSeconds === null ? {} : { maxAge: settings.maxAgeSeconds }),
        });
        const claims = tokens.claims();
        if (!claims) return { ok: false, fault: 'UNTRUSTED' };
        if (settings.acr !== null && claims.acr !== settings.acr)
          return { ok: false, fault: 'ACR' };
        return { ok: true, account: claims[settings.accountClaim] };
      } catch (cause) {
        return { ok: false, fault: faultOf(cause), cause };
      }
    },
  };
}

async function discover(
  { issuer, clientId, clientSecret }: OpenidSettings,
  fetch: openid.CustomFetch,
): Promise<Configuration> {
  // http was let through to this machine alone when the settings were read
  const isHttp = issuer.startsWith('http:');
  const metadata = { [openid.clockTolerance]: CLOCK_SKEW_SECONDS };
  const prove = proofOf(clientSecret);
  const configuration = await openid.discovery(new URL(issuer), clientId, metadata, prove, {
    [openid.customFetch]: fetch,
    execute: [
      // a token's own signature, though it comes straight from the provider
      openid.enableNonRepudiationChecks,
      ...(isHttp ? [openid.allowInsecureRequests] : []),
    ],
  });
  const found = configuration.serverMetadata();
  // the library lets the issuer of some clouds differ: their tokens may be of any tenant
  if (found.issuer !== issuer) throw new Error('metadata of another issuer');
  // what the gateway itself asks is held to the same on its way
  assertEncrypted({ issuer, url: found.authorization_endpoint ?? 'none:' });
  return configuration;
}

/** OpenID Connect Discovery section 3: Basic is what a provider takes that does not say. */
function proofOf(secret: string): openid.ClientAuth {
  const basic = openid.ClientSecretBasic(secret);
  const post = openid.ClientSecretPost(secret);
  return (server, ...more) => {
    const taken = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return (taken.includes('client_secret_basic') ? basic : post)(server, ...more);
  };
}

async function parametersOf(
  { acr, maxAgeSeconds }: OpenidSettings,
  redirectUri: string,
  { state, nonce, verifier }: Asked,
): Promise<Record<string, string>> {
  return {
    ...{ scope: 'openid', redirect_uri: redirectUri, state, nonce },
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(acr === null ? {} : { acr_values: acr }),
    ...(maxAgeSeconds === null ? {} : { max_age: String(maxAgeSeconds) }),
  };
}

function faultOf(error: unknown): OpenidFault {
  if (error instanceof openid.AuthorizationResponseError) return 'DENIED';
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; depth += 1) {
    if (cause instanceof Unreachable) return 'UNREACHABLE';
    cause = cause.cause;
  }
  return 'UNTRUSTED';
}

/** How people sign in: authorization code with PKCE for the console; roles say the scopes. */
import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, interactionPolicy } from 'oidc-provider';
import type { Adapter, Provider, ProviderContext } from 'oidc-provider';
import type { JWK } from 'jose';
import { CONSOLE_CLIENT } from '#src/access/client-rules.ts';
import { ALL_SCOPES } from '#src/access/roles.ts';
import type { SignInDeps } from '#src/access/sign-in.ts';
import { scopesOfRoles, STAFF_ROLES } from '#src/access/staff-rules.ts';
import type { StaffSessions } from '#src/access/staff-sessions.ts';
import type { StaffDeps } from '#src/lifecycle/staff.ts';
import { resourceServer, TOKEN_SECONDS } from './access-token.ts';

/** What the sign-in of people needs of a gateway. */
export type People = SignInDeps & StaffDeps & { sessions: StaffSessions };

/** Where somebody is asked who they are; behind it the id of what is being authorised. */
export const signInPath = '/oauth2/sign-in';
const codeSeconds = 60;
/** How long somebody may take to sign in. */
const interactionSeconds = 600;
/** A grant is only what a code is changed for. */
const grantSeconds = 300;

/** The page that people work with: public, so that only PKCE and its address prove it. */
export function consoleMetadata(issuer: string): Record<string, unknown> {
  return {
    client_id: CONSOLE_CLIENT,
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: [`${issuer}/console/callback`],
    token_endpoint_auth_method: 'none',
    scope: scopesOfRoles(STAFF_ROLES).join(' '),
  };
}

/** The provider's settings for people, to be laid over those for machines. */
export function peopleSettings(
  { sessions }: People,
  { issuer, keys }: { issuer: string; keys: readonly JWK[] },
) {
  const isHttps = issuer.startsWith('https:');
  const cookie = { httpOnly: true, sameSite: 'lax', path: '/', signed: true };
  const policy = interactionPolicy.base();
  // to sign in as another, one signs out first
  const login = policy.get('login');
  if (login) login.requestable = false;
  return {
    interactions: {
      policy,
      url: (_ctx: unknown, { uid }: { uid: string }) => `${signInPath}/${uid}`,
    },
    cookies: {
      keys: keys.map(cookieKey),
      names: {
        // these two stand under a path of their own, which the first prefix does not allow
        session: isHttps ? '__Host-waybill-session' : 'waybill-session',
        interaction: isHttps ? '__Secure-waybill-sign-in' : 'waybill-sign-in',
        resume: isHttps ? '__Secure-waybill-resume' : 'waybill-resume',
      },
      long: cookie,
      short: { httpOnly: true, sameSite: 'lax', signed: true },
    },
    ttl: {
      AuthorizationCode: codeSeconds,
      Interaction: interactionSeconds,
      Grant: grantSeconds,
      Session: sessions.limits.absoluteSeconds,
      AccessToken: TOKEN_SECONDS,
    },
    /** At a code's exchange, `code` says how its person was checked; before that the session. */
    findAccount: async (ctx: ProviderContext, id: string, code?: { amr?: unknown }) => {
      const { amr } = code ?? ctx.oidc?.session ?? {};
      if (!(await counts(sessions, id, amr))) return undefined;
      return { accountId: id, claims: () => ({ sub: id }) };
    },
    loadExistingGrant: (ctx: ProviderContext) => grantFor(sessions, ctx, issuer),
    extraTokenClaims: (_ctx: unknown, token: { sessionUid?: string }) =>
      token.sessionUid === undefined ? undefined : { sid: token.sessionUid },
    features: {
      resourceIndicators: {
        enabled: true,
        defaultResource: () => issuer,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx: unknown, resource: string) => {
          if (resource !== issuer)
            throw new errors.InvalidTarget('the only resource is the issuer');
          return resourceServer(issuer, { scope: ALL_SCOPES.join(' '), kid: keys[0]?.kid });
        },
      },
    },
  };
}

/** How a session says that the clinic's own OpenID provider vouched for whose it is. */
export const vouchedBy: readonly string[] = ['openid'];

const wasVouched = (amr: unknown) =>
  Array.isArray(amr) && amr.length > 0 && amr.every((one) => vouchedBy.includes(String(one)));

/** Whether an account counts for whoever was checked so: by the provider, or by a password. */
async function counts(sessions: StaffSessions, id: string, amr: unknown): Promise<boolean> {
  const person = await sessions.person(id);
  // a password that proved who it was has to be there still
  return person !== undefined && (person.isEnrolled || wasVouched(amr));
}

/**
 * Of the sessions those whose account counts: whoever comes with another has none, and is asked who
 * they are, where the authorization server would only fail.
 */
export function countingSessions(kept: Required<Adapter>, sessions: StaffSessions): Adapter {
  const ifItCounts = async (found: Record<string, unknown> | undefined) => {
    const account = found?.['accountId'];
    if (typeof account !== 'string') return found;
    return (await counts(sessions, account, found?.['amr'])) ? found : undefined;
  };
  return {
    ...kept,
    find: async (id) => ifItCounts(await kept.find(id)),
    findByUid: async (uid) => ifItCounts(await kept.findByUid(uid)),
  };
}

/** Nobody is asked whether they consent: the clinic decided by giving the role. */
async function grantFor(sessions: StaffSessions, ctx: ProviderContext, issuer: string) {
  const { account, client, provider } = ctx.oidc ?? {};
  if (!account || !client || !provider) return undefined;
  const person = await sessions.person(account.accountId);
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
  // said twice: what a server's own scopes and a resource's are, the provider keeps apart
  for (const scope of ALL_SCOPES) {
    if (person?.scopes.has(scope)) {
      grant.addOIDCScope(scope);
      grant.addResourceScope(issuer, scope);
    } else {
      grant.rejectOIDCScope(scope);
      grant.rejectResourceScope(issuer, scope);
    }
  }
  await grant.save();
  return grant;
}

/** A key of its own for cookies, the same in every process. */
function cookieKey({ d = '' }: JWK): string {
  return createHmac('sha256', Buffer.from(d, 'base64url')).update('waybill/cookies').digest('hex');
}

/** Ends the session of a request, if it has one. */
export async function endSession(
  provider: Provider,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const session = await provider.Session.get(provider.createContext(request, response));
  if (session.accountId !== undefined) await session.destroy();
}

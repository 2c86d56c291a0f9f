/** An access token by OAuth 2.0 client credentials: one for all pushes, kept while it is valid. */
import {
  allowInsecureRequests,
  clientCredentialsGrantRequest,
  ClientSecretBasic,
  customFetch,
  processClientCredentialsResponse,
} from 'oauth4webapi';
import { isLoopbackHost } from '#src/base/addresses.ts';
import type { ClientCredentials } from '#src/base/push-words.ts';
import type { PostOnce } from './agent.ts';
import type { Authorization, Credentials } from './credentials.ts';
import { failureCode } from './failures.ts';

/** Before its end a token is not shown any more: it might end on the way. */
const marginSeconds = 30;
/** For how long a token is kept whose server does not say. */
const unsaidSeconds = 300;
const keptSecondsMax = 86_400;
const tokenForm = /^[\x21-\x7e]{1,8192}$/;

interface Kept {
  header: string;
  untilMs: number;
}

type Fetched = { ok: true; kept: Kept } | { ok: false; code: string };

export function createAccessTokens(
  deps: { post: PostOnce },
  input: { client: ClientCredentials; timeoutSeconds: number },
): Credentials {
  let kept: Kept | null = null;
  let fetching: Promise<Fetched> | null = null;

  /** Everybody who needs one meanwhile waits for the same. */
  function fetchOnce(now: Date): Promise<Fetched> {
    fetching ??= fetchToken(deps, { ...input, now })
      .then((fetched) => {
        if (fetched.ok) kept = fetched.kept;
        return fetched;
      })
      .finally(() => {
        fetching = null;
      });
    return fetching;
  }

  return {
    async authorization({ now, signal }): Promise<Authorization> {
      if (kept && now.getTime() < kept.untilMs) return { ok: true, header: kept.header };
      const fetched = await Promise.race([fetchOnce(now), timedOut(signal)]);
      return fetched.ok ? { ok: true, header: fetched.kept.header } : fetched;
    },
    refused(header) {
      // Another may have been fetched since.
      if (kept?.header === header) kept = null;
    },
  };
}

function timedOut(signal: AbortSignal): Promise<Fetched> {
  return new Promise((resolve) => {
    const give = () => resolve({ ok: false, code: 'token-timeout' });
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
}

/** A failing token endpoint is a reason to try again later, never to give an order up. */
async function fetchToken(
  deps: { post: PostOnce },
  input: { client: ClientCredentials; timeoutSeconds: number; now: Date },
): Promise<Fetched> {
  const { client, timeoutSeconds, now } = input;
  const seen: { status: number | null } = { status: null };
  try {
    const { token, expiresInSeconds } = await grant(deps, client, seen, timeoutSeconds);
    const said = Math.min(expiresInSeconds ?? unsaidSeconds, keptSecondsMax);
    const untilMs = now.getTime() + (said - marginSeconds) * 1000;
    return { ok: true, kept: { header: `Bearer ${token}`, untilMs } };
  } catch (error) {
    // With a reply its status says more than what the library made of it.
    if (seen.status === null) return { ok: false, code: `token-${failureCode(error)}` };
    const code = seen.status === 200 ? 'token-invalid' : `token-http-${seen.status}`;
    return { ok: false, code };
  }
}

async function grant(
  { post }: { post: PostOnce },
  client: ClientCredentials,
  seen: { status: number | null },
  timeoutSeconds: number,
): Promise<{ token: string; expiresInSeconds: number | undefined }> {
  const { tokenUrl, clientId, clientSecret, scope, audience } = client;
  const server = { issuer: tokenUrl, token_endpoint: tokenUrl };
  const self = { client_id: clientId };
  const parameters = { ...(scope && { scope }), ...(audience && { audience }) };
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  const response = await clientCredentialsGrantRequest(
    server,
    self,
    ClientSecretBasic(clientSecret),
    parameters,
    {
      // http was let through to loopback alone when the file was read.
      [allowInsecureRequests]: isLoopbackHost(new URL(tokenUrl).hostname),
      [customFetch]: async (url, { headers, body }) => {
        const sent = { url, headers, body: body.toString(), signal, keepsBody: true };
        const reply = await post(sent);
        seen.status = reply.status;
        if (reply.status !== 200) throw new Error('no token');
        const type = String(reply.headers['content-type'] ?? '');
        return new Response(reply.body, { headers: { 'content-type': type } });
      },
    },
  );
  const answer = await processClientCredentialsResponse(server, self, response);
  if (answer.token_type !== 'bearer' || !tokenForm.test(answer.access_token)) {
    throw new Error('no bearer token');
  }
  return { token: answer.access_token, expiresInSeconds: answer.expires_in };
}

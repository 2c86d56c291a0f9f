/** What a push shows in `Authorization`. */
import type { PushSettings } from '#src/base/push-words.ts';
import { createAccessTokens } from './access-token.ts';
import type { PostOnce } from './agent.ts';

/** The header's value, null where the receiver wants none, or why there is none now. */
export type Authorization = { ok: true; header: string | null } | { ok: false; code: string };

export interface Credentials {
  /** Answers before `signal` ends, or with code `token-timeout`. */
  authorization(input: { now: Date; signal: AbortSignal }): Promise<Authorization>;
  /** Told that the receiver answered 401 to this header: it is not shown again if it can change. */
  refused(header: string | null): void;
}

export function createCredentials(
  deps: { post: PostOnce },
  input: { settings: PushSettings; timeoutSeconds: number },
): Credentials {
  const { credentials } = input.settings;
  if (credentials?.kind === 'oauth2') {
    const { timeoutSeconds } = input;
    return createAccessTokens(deps, { client: credentials, timeoutSeconds });
  }
  const header =
    credentials === undefined
      ? null
      : credentials.kind === 'bearer'
        ? `Bearer ${credentials.token}`
        : basic(credentials);
  return {
    authorization: () => Promise.resolve({ ok: true, header }),
    refused: () => undefined,
  };
}

/** RFC 7617, in UTF-8. */
function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

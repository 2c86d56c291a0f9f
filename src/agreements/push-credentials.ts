/** Reads what a receiver wants in `Authorization`: a token, a password, or OAuth 2.0. */
import type { SecretUse } from '#src/base/made-secrets.ts';
import type { PushCredentials } from '#src/base/push-words.ts';
import { wrong, type Wrong } from './faults.ts';
import type { Place } from './yaml-file.ts';

/** At most one of them; what stands as `${env:…}` or `${file:…}` is a secret's name. */
export interface CredentialsText {
  bearerToken?: string;
  basic?: { username: string; password: string };
  oauth2?: {
    tokenUrl: string;
    clientId: string;
    clientSecret: string;
    scope?: string;
    audience?: string;
  };
}

interface CredentialsReader {
  report: (place: Place, said: Wrong) => void;
  resolve: (place: Place, reference: string, use: SecretUse['use']) => string | undefined;
  checkUrl: (place: Place, url: string) => void;
}

/** RFC 6750 is narrower; receivers are not. */
const tokenForm = /^[\x21-\x7e]{1,4096}$/;
/** RFC 7617: no control characters, and the user name ends at the first colon. */
const usernameForm = /^[^\p{Cc}:]{1,256}$/u;
const passwordForm = /^[^\p{Cc}]{1,1024}$/u;
/** RFC 6749 appendix A: `VSCHAR`. */
const clientForm = /^[\x20-\x7e]{1,1024}$/;

export function readCredentials(
  reader: CredentialsReader,
  text: CredentialsText,
): PushCredentials | undefined {
  const { bearerToken, basic, oauth2 } = text;
  const given = [bearerToken, basic, oauth2].filter((one) => one !== undefined);
  if (given.length > 1) reader.report(['push'], wrong('push.several-credentials'));
  const read = (place: Place, written: string, use: SecretUse['use'], form: RegExp): string => {
    const isName = /^\$\{(env|file):/.test(written);
    const value = isName ? reader.resolve(place, written, use) : written;
    if (value !== undefined && !form.test(value)) {
      reader.report(place, wrong('push.credential', isName ? written : place.join('.')));
    }
    return value ?? '';
  };
  if (bearerToken !== undefined) {
    const place = ['push', 'bearerToken'];
    const token = reader.resolve(place, bearerToken, 'bearerToken') ?? '';
    if (token !== '' && !tokenForm.test(token)) {
      reader.report(place, wrong('push.bearer-token', bearerToken));
    }
    return { kind: 'bearer', token };
  }
  if (basic) {
    const place = (member: string) => ['push', 'basic', member];
    return {
      kind: 'basic',
      username: read(place('username'), basic.username, 'username', usernameForm),
      password: read(place('password'), basic.password, 'password', passwordForm),
    };
  }
  if (!oauth2) return undefined;
  const place = (member: string) => ['push', 'oauth2', member];
  reader.checkUrl(place('tokenUrl'), oauth2.tokenUrl);
  return {
    ...{ kind: 'oauth2', tokenUrl: oauth2.tokenUrl },
    clientId: read(place('clientId'), oauth2.clientId, 'clientId', clientForm),
    clientSecret: read(place('clientSecret'), oauth2.clientSecret, 'clientSecret', clientForm),
    ...(oauth2.scope !== undefined && { scope: oauth2.scope }),
    ...(oauth2.audience !== undefined && { audience: oauth2.audience }),
  };
}

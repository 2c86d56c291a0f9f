/** The clinic's own OpenID provider, as the environment names it; null where it names none. */
import { isLoopbackHost } from './addresses.ts';
import { readSecret } from './secrets.ts';

/** Who vouches for people besides their passwords here. */
export interface OpenidSettings {
  /** Exactly as its tokens name it; https, or http on this machine. */
  issuer: string;
  /** What the gateway is at the provider. */
  clientId: string;
  clientSecret: string;
  /** What people call it: it stands on the button. */
  name: string;
  /** The claim of ID tokens that names the account here, such as `staff-7f3kq2`. */
  accountClaim: string;
  /** How strictly the provider must have checked a person; null: that is the provider's to say. */
  acr: string | null;
  /** How long ago it may have done so; null: that, too. */
  maxAgeSeconds: number | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'WAYBILL_OPENID_';
/** Printable ASCII without a blank. */
const ascii = /^[\x21-\x7e]{1,200}$/;
const nameLengthMax = 60;
const maxAgeMinutesMax = 1440;

/** Reads the `WAYBILL_OPENID_…` variables; faults are added to `faults`. */
export function readOpenid(env: Environment, faults: string[]): OpenidSettings | null {
  const given = (name: string) => env[`${prefix}${name}`] || null;
  const fault = (name: string, said: string) => faults.push(`${prefix}${name}: ${said}`);
  const issuer = given('ISSUER');
  if (issuer === null) {
    const others = Object.keys(env).filter((name) => name.startsWith(prefix) && env[name]);
    if (others.length > 0) fault('ISSUER', `not set, but ${others.sort().join(', ')}`);
    return null;
  }
  const issuerFault = issuerFaultIn(issuer);
  if (issuerFault !== null) fault('ISSUER', issuerFault);
  const clientId = given('CLIENT_ID') ?? '';
  if (!ascii.test(clientId)) fault('CLIENT_ID', 'must be 1 to 200 ASCII characters, no blanks');
  const clientSecret = given('CLIENT_SECRET') ?? secretIn(given('CLIENT_SECRET_FILE')) ?? '';
  if (clientSecret === '') fault('CLIENT_SECRET', 'not set, and no …_FILE that holds it');
  const name = given('NAME') ?? hostOf(issuer);
  if (name.length > nameLengthMax || /\p{C}/u.test(name)) {
    fault('NAME', `must be ${nameLengthMax} characters at most, on one line`);
  }
  const accountClaim = given('ACCOUNT_CLAIM') ?? 'waybill_account';
  if (!ascii.test(accountClaim)) fault('ACCOUNT_CLAIM', 'must be the name of a claim');
  const acr = given('ACR');
  if (acr !== null && !ascii.test(acr)) fault('ACR', 'must be one value without blanks');
  const minutes = given('MAX_AGE_MINUTES');
  if (minutes !== null && !isWithin(Number(minutes), 1, maxAgeMinutesMax)) {
    fault('MAX_AGE_MINUTES', `must be a whole number from 1 to ${maxAgeMinutesMax}`);
  }
  const maxAgeSeconds = minutes === null ? null : Number(minutes) * 60;
  return { issuer, clientId, clientSecret, name, accountClaim, acr, maxAgeSeconds };
}

/** OpenID Connect Discovery section 3: https, without query or fragment. */
function issuerFaultIn(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return 'must be a URL such as https://id.example';
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) return 'must be https';
  if (/[?#]/.test(text) || url.username || url.password) return 'must have no query and no user';
  // what stands behind it is found from the issuer, which tokens name
  return text.includes('/.well-known/') ? 'must be the issuer itself' : null;
}

const secretIn = (path: string | null) => path && readSecret(path);

const hostOf = (text: string) => (URL.canParse(text) ? new URL(text).hostname : '');

const isWithin = (value: number, min: number, max: number) =>
  Number.isInteger(value) && value >= min && value <= max;

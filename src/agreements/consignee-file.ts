/** Turns one `<consignee>.yaml` into a consignee with its secrets resolved, or tells its faults. */
import type { JWK } from 'jose';
import type { Channel, Consignee, PushSettings, Words } from '#src/base/words.ts';
import type { Faults } from './faults.ts';
import { publicKeyFault } from './public-key.ts';
import { fitsSchema } from './schemas.ts';
import type { Place, YamlFile } from './yaml-file.ts';

/** What a named secret is for, so that a missing one can be made where that is allowed. */
export interface SecretHint {
  consignee: string;
  use: 'webhookSecret' | 'bearerToken' | 'encryptionKey';
}

/** Resolves `${env:NAME}` or `${file:NAME}`; `fault` says why not and holds no secret. */
export type ResolveSecret = (
  reference: string,
  hint: SecretHint,
) => { ok: true; value: string } | { ok: false; fault: string };

interface ConsigneeText {
  id: string;
  name: Words;
  address: Words;
  contact: Consignee['contact'];
  channel: Channel;
  push?: { url: string; webhookSecret: string; bearerToken?: string };
  encryptionKeys?: (string | JWK)[];
  retry?: { scheduleSeconds?: number[]; timeoutSeconds?: number };
  rate?: { concurrencyMax?: number };
}

/** Retries over about 30 hours, as Standard Webhooks suggests. */
const scheduleSecondsDefault = [5, 300, 1800, 7200, 18_000, 36_000, 36_000];
const timeoutSecondsDefault = 15;
const concurrencyMaxDefault = 8;
const webhookSecretBytesMin = 24;
const webhookSecretBytesMax = 64;
const loopbackHosts = ['127.0.0.1', 'localhost', '[::1]'];

interface Reader {
  text: ConsigneeText;
  report: (place: Place, wrong: string) => void;
  resolve: (place: Place, reference: string, use: SecretHint['use']) => string | undefined;
}

function urlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return 'is not a URL; give https://…';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    return 'holds a user name or password; use bearerToken instead';
  }
  if (text.includes('#')) return 'holds a fragment (#…); remove it';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:' && loopbackHosts.includes(url.hostname)) return undefined;
  return `is not https; use https, or http to ${loopbackHosts.join(', ')}`;
}

/** The bytes of a Standard Webhooks secret, `whsec_` and base64. */
function webhookBytes(secret: string): Buffer | undefined {
  const base64 = /^whsec_([0-9A-Za-z+/]+={0,2})$/.exec(secret)?.[1];
  if (base64 === undefined) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  // Buffer is lenient: what it read must be what was written
  if (bytes.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, '')) return undefined;
  const fits = bytes.length >= webhookSecretBytesMin && bytes.length <= webhookSecretBytesMax;
  return fits ? bytes : undefined;
}

function readPush({ text, report, resolve }: Reader): PushSettings | undefined {
  if (!text.push) return undefined;
  const { url, webhookSecret, bearerToken } = text.push;
  const wrong = urlFault(url);
  if (wrong !== undefined) report(['push', 'url'], `push.url ${wrong}`);
  const secretPlace = ['push', 'webhookSecret'];
  const secret = resolve(secretPlace, webhookSecret, 'webhookSecret');
  const bytes = secret === undefined ? undefined : webhookBytes(secret);
  if (secret !== undefined && !bytes) {
    report(
      secretPlace,
      `${webhookSecret} is no webhook secret; use whsec_ and base64 of ${webhookSecretBytesMin}` +
        ` to ${webhookSecretBytesMax} bytes`,
    );
  }
  const tokenPlace = ['push', 'bearerToken'];
  const token =
    bearerToken === undefined ? undefined : resolve(tokenPlace, bearerToken, 'bearerToken');
  if (token !== undefined && !/^[\x21-\x7e]{1,4096}$/.test(token)) {
    report(tokenPlace, `${bearerToken} is no bearer token; use visible ASCII without spaces`);
  }
  if (!bytes) return undefined;
  return { url, webhookSecret: bytes, ...(token === undefined ? {} : { bearerToken: token }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readKeys({ text, report, resolve }: Reader): JWK[] {
  const keys: JWK[] = [];
  text.encryptionKeys?.forEach((entry, index) => {
    const place = ['encryptionKeys', index];
    const named = typeof entry === 'string';
    const resolved = named ? resolve(place, entry, 'encryptionKey') : undefined;
    if (named && resolved === undefined) return;
    const key = resolved === undefined ? entry : parseJson(resolved);
    const wrong = publicKeyFault(key);
    if (wrong === undefined) keys.push(key as JWK);
    else report(place, `${named ? entry : `encryptionKeys[${index}]`} ${wrong}`);
  });
  return keys;
}

/**
 * Reads a consignee from a parsed file named `<id>.yaml`. Faults go to `faults`; no fault repeats
 * a secret, a key or a URL.
 */
export function readConsignee(
  deps: { faults: Faults; resolveSecret: ResolveSecret },
  input: { file: YamlFile; id: string },
): Consignee | undefined {
  const { faults, resolveSecret } = deps;
  const { file, id } = input;
  const before = faults.count;
  if (!fitsSchema('consignee', file, faults)) return undefined;
  const text = file.value as ConsigneeText;
  const report: Reader['report'] = (place, wrong) =>
    faults.add(file.path, file.lineOf(place), wrong);
  if (text.id !== id) report(['id'], `id is not "${id}"; it must be the file's name`);
  const resolve: Reader['resolve'] = (place, reference, use) => {
    const secret = resolveSecret(reference, { consignee: id, use });
    if (secret.ok) return secret.value.trim();
    report(place, `${reference} cannot be resolved; ${secret.fault}`);
    return undefined;
  };
  const reader = { text, report, resolve };
  const push = readPush(reader);
  const encryptionKeys = readKeys(reader);
  if (faults.count > before) return undefined;
  return {
    id,
    name: text.name,
    address: text.address,
    contact: text.contact,
    channel: text.channel,
    ...(push ? { push } : {}),
    encryptionKeys,
    retry: {
      scheduleSeconds: text.retry?.scheduleSeconds ?? scheduleSecondsDefault,
      timeoutSeconds: text.retry?.timeoutSeconds ?? timeoutSecondsDefault,
    },
    rate: { concurrencyMax: text.rate?.concurrencyMax ?? concurrencyMaxDefault },
  };
}

/** Turns one `<consignee>.yaml` into a consignee with its secrets resolved, or tells its faults. */
import type { Channel, Consignee, ParcelContents, PushSettings, Words } from '#src/base/words.ts';
import { wrong, type Faults, type Wrong } from './faults.ts';
import { readKeyList, type KeyList } from './key-list.ts';
import { fitsSchema } from './schemas.ts';
import type { Place, YamlFile } from './yaml-file.ts';

/** What a named secret is for, so that a missing one can be made where that is allowed. */
export interface SecretHint {
  consignee: string;
  use: 'webhookSecret' | 'bearerToken' | 'encryptionKey' | 'signingKey';
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
  encryptionKeys?: KeyList;
  signingKeys?: KeyList;
  retry?: { scheduleSeconds?: number[]; timeoutSeconds?: number };
  rate?: { concurrencyMax?: number; perSecondMax?: number };
  breaker?: { failuresMax?: number; openSeconds?: number };
  checkInHours?: number;
  backlogMax?: number;
  quarantines?: boolean;
  parcelContents?: ParcelContents;
}

/** Retries over about 30 hours, as Standard Webhooks suggests. */
const scheduleSecondsDefault = [5, 300, 1800, 7200, 18_000, 36_000, 36_000];
const timeoutSecondsDefault = 15;
const concurrencyMaxDefault = 8;
const breakerDefault = { failuresMax: 10, openSeconds: 30 };
const backlogMaxDefault = 10_000;
const webhookSecretBytesMin = 24;
const webhookSecretBytesMax = 64;
const loopbackHosts = ['127.0.0.1', 'localhost', '[::1]'];

interface Reader {
  text: ConsigneeText;
  report: (place: Place, said: Wrong) => void;
  resolve: (place: Place, reference: string, use: SecretHint['use']) => string | undefined;
}

function urlFault(text: string): Wrong | undefined {
  if (!URL.canParse(text)) return wrong('push.no-url');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return wrong('push.credentials');
  if (text.includes('#')) return wrong('push.fragment');
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:' && loopbackHosts.includes(url.hostname)) return undefined;
  return wrong('push.in-clear', loopbackHosts.join(', '));
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
  const unfit = urlFault(url);
  if (unfit) report(['push', 'url'], unfit);
  const secretPlace = ['push', 'webhookSecret'];
  const secret = resolve(secretPlace, webhookSecret, 'webhookSecret');
  const bytes = secret === undefined ? undefined : webhookBytes(secret);
  if (secret !== undefined && !bytes) {
    const limits = [webhookSecretBytesMin, webhookSecretBytesMax] as const;
    report(secretPlace, wrong('push.webhook-secret', webhookSecret, ...limits));
  }
  const tokenPlace = ['push', 'bearerToken'];
  const token =
    bearerToken === undefined ? undefined : resolve(tokenPlace, bearerToken, 'bearerToken');
  if (token !== undefined && !/^[\x21-\x7e]{1,4096}$/.test(token)) {
    report(tokenPlace, wrong('push.bearer-token', bearerToken ?? ''));
  }
  if (!bytes) return undefined;
  return { url, webhookSecret: bytes, ...(token === undefined ? {} : { bearerToken: token }) };
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
  const report: Reader['report'] = (place, said) => faults.add(file.path, file.lineOf(place), said);
  if (text.id !== id) report(['id'], wrong('consignee.id', id));
  const resolve: Reader['resolve'] = (place, reference, use) => {
    const secret = resolveSecret(reference, { consignee: id, use });
    if (secret.ok) return secret.value.trim();
    report(place, wrong('secret.unresolved', reference, secret.fault));
    return undefined;
  };
  const reader = { text, report, resolve };
  const push = readPush(reader);
  const encryptionKeys = readKeyList(reader, {
    list: 'encryptionKeys',
    entries: text.encryptionKeys ?? [],
  });
  const signingKeys = readKeyList(reader, {
    list: 'signingKeys',
    entries: text.signingKeys ?? [],
  });
  if (faults.count > before) return undefined;
  return {
    id,
    name: text.name,
    address: text.address,
    contact: text.contact,
    channel: text.channel,
    ...(push ? { push } : {}),
    encryptionKeys,
    signingKeys,
    retry: {
      scheduleSeconds: text.retry?.scheduleSeconds ?? scheduleSecondsDefault,
      timeoutSeconds: text.retry?.timeoutSeconds ?? timeoutSecondsDefault,
    },
    rate: {
      concurrencyMax: text.rate?.concurrencyMax ?? concurrencyMaxDefault,
      perSecondMax: text.rate?.perSecondMax ?? null,
    },
    breaker: { ...breakerDefault, ...text.breaker },
    checkInHours: text.checkInHours ?? null,
    backlogMax: text.backlogMax ?? backlogMaxDefault,
    quarantines: text.quarantines ?? false,
    parcelContents: text.parcelContents ?? null,
  };
}

/** Reads how a receiver is pushed to: where, signed with what, under which credentials. */
import { isNetwork } from '#src/base/addresses.ts';
import type { SecretUse } from '#src/base/made-secrets.ts';
import type { PushSettings, PushTls, WebhookSigning } from '#src/base/push-words.ts';
import { wrong, type Wrong } from './faults.ts';
import { parseCertificates, parsePrivateKey } from './pem.ts';
import { readCredentials, type CredentialsText } from './push-credentials.ts';
import { urlFault } from './push-url.ts';
import { parseWebhookKey, parseWebhookSecret, webhookSecretBytes } from './webhook-keys.ts';
import type { Place } from './yaml-file.ts';

/** The part `push` of a file that fits its schema; secrets are named in it. */
export interface PushText extends CredentialsText {
  url: string;
  webhookSecret?: string;
  webhookSecrets?: string[];
  signingKey?: string;
  tls?: { certificate?: string; key?: string; ca?: string };
  allowedNetworks?: string[];
}

export interface PushReader {
  report: (place: Place, said: Wrong) => void;
  /** The secret that a reference names; reports and answers `undefined` when there is none. */
  resolve: (place: Place, reference: string, use: SecretUse['use']) => string | undefined;
}

/** The settings, or `undefined` after a fault was reported; no fault repeats a secret or a URL. */
export function readPush(reader: PushReader, text: PushText): PushSettings | undefined {
  let faults = 0;
  const counting: PushReader = {
    report: (place, said) => {
      faults += 1;
      reader.report(place, said);
    },
    resolve: (place, reference, use) => {
      const secret = reader.resolve(place, reference, use);
      if (secret === undefined) faults += 1;
      return secret;
    },
  };
  const allowedNetworks = text.allowedNetworks ?? [];
  const checkUrl = (place: Place, url: string): void => {
    const unfit = urlFault(place.join('.'), url, allowedNetworks);
    if (unfit) counting.report(place, unfit);
  };
  allowedNetworks.forEach((network, index) => {
    if (isNetwork(network)) return;
    counting.report(['push', 'allowedNetworks', index], wrong('push.network', index));
  });
  checkUrl(['push', 'url'], text.url);
  const signing = readSigning(counting, text);
  const credentials = readCredentials({ ...counting, checkUrl }, text);
  const tls = text.tls && readTls(counting, text.tls);
  if (faults > 0 || !signing) return undefined;
  return {
    ...{ url: text.url, signing, allowedNetworks },
    ...(credentials && { credentials }),
    ...(tls && { tls }),
  };
}

function readSigning({ report, resolve }: PushReader, text: PushText): WebhookSigning | undefined {
  const { webhookSecret, webhookSecrets, signingKey } = text;
  const given = [webhookSecret, webhookSecrets, signingKey].filter((one) => one !== undefined);
  if (given.length !== 1) {
    report(['push'], wrong('push.signing', given.length > 1));
    return undefined;
  }
  if (signingKey !== undefined) {
    const place = ['push', 'signingKey'];
    const named = resolve(place, signingKey, 'webhookSigningKey');
    const key = named === undefined ? undefined : parseWebhookKey(named);
    if (named !== undefined && !key) report(place, wrong('push.signing-key', signingKey));
    return key && { scheme: 'ed25519', key };
  }
  const names: readonly (readonly [place: Place, reference: string])[] =
    webhookSecret === undefined
      ? (webhookSecrets ?? []).map((name, at) => [['push', 'webhookSecrets', at], name])
      : [[['push', 'webhookSecret'], webhookSecret]];
  const secrets = names.map(([place, reference], at) => {
    const use = at === 0 ? 'webhookSecret' : 'olderWebhookSecret';
    const named = resolve(place, reference, use);
    const bytes = named === undefined ? undefined : parseWebhookSecret(named);
    const { min, max } = webhookSecretBytes;
    if (named !== undefined && !bytes) {
      report(place, wrong('push.webhook-secret', reference, min, max));
    }
    return bytes;
  });
  const [newest, older] = secrets;
  if (newest && older?.equals(newest)) {
    report(['push', 'webhookSecrets', 1], wrong('push.same-secrets'));
  }
  return { scheme: 'hmac', secrets: secrets.filter((one) => one !== undefined) };
}

/** Holds the PEM texts against each other, so that a wrong one is told now and not by the lab. */
function readTls({ report, resolve }: PushReader, text: NonNullable<PushText['tls']>): PushTls {
  const named = (member: keyof PushTls, use: SecretUse['use']): string | undefined => {
    const reference = text[member];
    return reference === undefined ? undefined : resolve(['push', 'tls', member], reference, use);
  };
  const unfit = (member: keyof PushTls, rule: 'push.certificate' | 'push.private-key') =>
    report(['push', 'tls', member], wrong(rule, text[member] ?? ''));
  const certificate = named('certificate', 'tlsCertificate');
  const key = named('key', 'tlsKey');
  const ca = named('ca', 'tlsAuthorities');
  const certificates = certificate === undefined ? undefined : parseCertificates(certificate);
  const privateKey = key === undefined ? undefined : parsePrivateKey(key);
  if (certificate !== undefined && !certificates) unfit('certificate', 'push.certificate');
  if (key !== undefined && !privateKey) unfit('key', 'push.private-key');
  if (ca !== undefined && !parseCertificates(ca)) unfit('ca', 'push.certificate');
  const [own] = certificates ?? [];
  if (own && privateKey && !own.checkPrivateKey(privateKey)) {
    report(['push', 'tls', 'key'], wrong('push.key-of-another'));
  }
  return {
    ...(certificate !== undefined && { certificate }),
    ...(key !== undefined && { key }),
    ...(ca !== undefined && { ca }),
  };
}

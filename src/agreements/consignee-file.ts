/** Turns one `<consignee>.yaml` into a consignee with its secrets resolved, or tells its faults. */
import type { SecretUse } from '#src/base/made-secrets.ts';
import type { Channel, Consignee, ParcelContents, Words } from '#src/base/words.ts';
import { wrong, type Faults } from './faults.ts';
import { readKeyList, type KeyList } from './key-list.ts';
import { readPush, type PushReader, type PushText } from './push-settings.ts';
import { fitsSchema } from './schemas.ts';
import type { YamlFile } from './yaml-file.ts';

/** What a named secret is for, so that a missing one can be made where that is allowed. */
export type SecretHint = SecretUse;

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
  push?: PushText;
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
export const retryDefault = {
  scheduleSeconds: [5, 300, 1800, 7200, 18_000, 36_000, 36_000],
  timeoutSeconds: 15,
};
const concurrencyMaxDefault = 8;
const breakerDefault = { failuresMax: 10, openSeconds: 30 };
const backlogMaxDefault = 10_000;

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
  const report: PushReader['report'] = (place, said) =>
    faults.add(file.path, file.lineOf(place), said);
  if (text.id !== id) report(['id'], wrong('consignee.id', id));
  const resolve: PushReader['resolve'] = (place, reference, use) => {
    const secret = resolveSecret(reference, { consignee: id, use });
    if (secret.ok) return secret.value.trim();
    report(place, wrong('secret.unresolved', reference, secret.fault));
    return undefined;
  };
  const reader = { report, resolve };
  const push = text.push && readPush(reader, text.push);
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
    retry: { ...retryDefault, ...text.retry },
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

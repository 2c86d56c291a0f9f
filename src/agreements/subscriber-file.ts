/**
 * Reads who is told of events, from the one file that `WAYBILL_WEBHOOKS` names, or tells every
 * fault: no address to which anything is sent comes from anywhere but a file.
 */
import { typesOf, type Subscription } from '#src/base/event-types.ts';
import type { PushSettings } from '#src/base/push-words.ts';
import { retryDefault } from './consignee-file.ts';
import { collectFaults, wrong } from './faults.ts';
import { readPush, type PushReader, type PushText } from './push-settings.ts';
import { fitsSchema } from './schemas.ts';
import { readYaml } from './yaml-file.ts';

/** A subscriber with its secrets resolved. */
export interface Subscriber extends Subscription {
  /** Absent: it asks for its events itself. */
  push?: PushSettings;
  retry: { scheduleSeconds: readonly number[]; timeoutSeconds: number };
}

interface SubscribersText {
  subscribers: {
    client: string;
    events: string[];
    push?: PushText;
    retry?: { scheduleSeconds?: number[]; timeoutSeconds?: number };
  }[];
}

/** Resolves `${env:NAME}` or `${file:NAME}`; `fault` says why not and holds no secret. */
type ResolveNamed = (
  reference: string,
) => { ok: true; value: string } | { ok: false; fault: string };

/**
 * Reads the file. Each client stands in it once.
 * @throws StartupError with every fault at once; none repeats a secret or a URL
 */
export function readSubscribers(deps: { resolveSecret: ResolveNamed }, path: string): Subscriber[] {
  const faults = collectFaults();
  const file = readYaml(path, faults);
  const fits = file !== undefined && fitsSchema('subscribers', file, faults);
  faults.throwIfAny();
  if (!fits) return [];
  const { subscribers } = file.value as SubscribersText;
  const read = subscribers.map((text, index): Subscriber => {
    const report: PushReader['report'] = (place, said) =>
      faults.add(path, file.lineOf(['subscribers', index, ...place]), said);
    const resolve: PushReader['resolve'] = (place, reference) => {
      const secret = deps.resolveSecret(reference);
      if (secret.ok) return secret.value.trim();
      report(place, wrong('secret.unresolved', reference, secret.fault));
      return undefined;
    };
    const { client } = text;
    const isTwice = subscribers.findIndex((one) => one.client === client) < index;
    if (isTwice) report(['client'], wrong('subscriber.twice', client));
    const push = text.push && readPush({ report, resolve }, text.push);
    return {
      ...{ client, types: typesOf(text.events), isPushed: push !== undefined },
      ...(push ? { push } : {}),
      retry: { ...retryDefault, ...text.retry },
    };
  });
  faults.throwIfAny();
  return read;
}

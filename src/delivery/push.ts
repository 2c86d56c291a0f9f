/** One attempt to push: a signed body, one total deadline, no redirect, a closed outcome. */
import type { PushSettings } from '#src/base/push-words.ts';
import type { PushAgent } from './agent.ts';
import { failureCode } from './failures.ts';
import { outcomeOf, type PushOutcome } from './outcome.ts';
import { webhookHeaders } from './webhook-signature.ts';

/**
 * Pushes once. The deadline covers everything: an access token, looking up the name, connecting,
 * sending, and the whole reply; a dripping one meets it too.
 * @param push.id the transfer's id, sent as `webhook-id` each time: the consignee dedupes on it
 * @param push.body the envelope's JSON text
 */
export async function pushOnce(
  deps: { agent: PushAgent; now: () => Date },
  push: { id: string; body: string; settings: PushSettings; timeoutSeconds: number },
): Promise<PushOutcome> {
  const { agent, now } = deps;
  const { id, body, settings } = push;
  const signal = AbortSignal.timeout(push.timeoutSeconds * 1000);
  try {
    const shown = await agent.credentials.authorization({ now: now(), signal });
    if (!shown.ok) return { kind: 'retry', code: shown.code };
    const reply = await agent.post({
      url: settings.url,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'waybill',
        ...webhookHeaders(settings.signing, { id, at: now(), body }),
        ...(shown.header !== null && { authorization: shown.header }),
      },
      ...{ body, signal },
    });
    if (reply.status === 401) agent.credentials.refused(shown.header);
    return outcomeOf(reply, now());
  } catch (error) {
    return { kind: 'retry', code: failureCode(error) };
  }
}

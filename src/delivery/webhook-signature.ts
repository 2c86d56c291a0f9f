/** Signs a push by Standard Webhooks, so that any library of theirs verifies it. */
import { createHmac, sign } from 'node:crypto';
import type { WebhookSigning } from '#src/base/push-words.ts';

/**
 * The three headers of Standard Webhooks 1.0. Under two shared secrets there are two signatures,
 * the newest first: a receiver needs one that it can verify, so that both sides can change over
 * without a gap.
 * @param webhook.at the moment of this attempt; the id is the same each time
 */
export function webhookHeaders(
  signing: WebhookSigning,
  webhook: { id: string; at: Date; body: string },
): Record<string, string> {
  const timestamp = String(Math.floor(webhook.at.getTime() / 1000));
  const signed = `${webhook.id}.${timestamp}.${webhook.body}`;
  const signatures =
    signing.scheme === 'hmac'
      ? signing.secrets.map(
          (secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`,
        )
      : [`v1a,${sign(null, Buffer.from(signed), signing.key).toString('base64')}`];
  return {
    'webhook-id': webhook.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

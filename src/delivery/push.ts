/**
 * One attempt to push an envelope: a total deadline, no redirect,
 * a bounded reply, a closed outcome.
 */
import { Agent, request } from 'undici';
import { Webhook } from 'standardwebhooks';
import type { PushSettings } from '#src/base/words.ts';

/**
 * What an attempt came to. `code` is closed (`http-503`, `timeout`, …):
 * nothing that the consignee wrote is kept.
 *
 * | reply | outcome |
 * | --- | --- |
 * | 2xx | accepted |
 * | 408, 425, 429, 5xx, 3xx, no complete reply in time, connection or TLS error | retry |
 * | other 4xx | rejected: asking again blindly would not change the answer |
 */
export type PushOutcome =
  | { kind: 'accepted'; code: string }
  | { kind: 'rejected'; code: string }
  | { kind: 'retry'; code: string; retryAfterSeconds?: number };

const replyBytesMax = 65_536;
const retryable4xx: ReadonlySet<number> = new Set([408, 425, 429]);
/** The longest `Retry-After` that is honoured. */
const retryAfterSecondsMax = 86_400;

/** Connections to one consignee, apart from everybody else's. */
export type PushAgent = Agent;

export function createPushAgent(concurrencyMax: number): PushAgent {
  return new Agent({ connections: concurrencyMax, pipelining: 1, keepAliveTimeout: 10_000 });
}

/**
 * Pushes once.
 * @param push.id the transfer's id, sent as `webhook-id` each time: the consignee dedupes on it
 * @param push.body the envelope's JSON text
 */
export async function pushOnce(
  deps: { agent?: PushAgent; now: () => Date },
  push: { id: string; body: string; settings: PushSettings; timeoutSeconds: number },
): Promise<PushOutcome> {
  const { settings } = push;
  const at = deps.now();
  const signer = new Webhook(settings.webhookSecret, { format: 'raw' });
  try {
    const reply = await request(settings.url, {
      ...(deps.agent ? { dispatcher: deps.agent } : {}),
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'waybill',
        'webhook-id': push.id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': signer.sign(push.id, at, push.body),
        ...(settings.bearerToken ? { authorization: `Bearer ${settings.bearerToken}` } : {}),
      },
      body: push.body,
      // One deadline for connecting, sending and the whole reply: a dripping one meets it too.
      signal: AbortSignal.timeout(push.timeoutSeconds * 1000),
    });
    await discard(reply.body);
    return judge(reply.statusCode, reply.headers['retry-after'], at);
  } catch (error) {
    return { kind: 'retry', code: failureCode(error) };
  }
}

/** Reads the reply to its end without keeping it. */
async function discard(body: AsyncIterable<Uint8Array> & { destroy(): unknown }): Promise<void> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > replyBytesMax) {
      body.destroy();
      throw Object.assign(new Error('reply too large'), { code: 'REPLY_TOO_LARGE' });
    }
  }
}

function judge(status: number, retryAfter: string | string[] | undefined, at: Date): PushOutcome {
  const code = `http-${status}`;
  if (status >= 200 && status < 300) return { kind: 'accepted', code };
  if (status >= 400 && status < 500 && !retryable4xx.has(status)) return { kind: 'rejected', code };
  const seconds = retryAfterSeconds(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, at);
  return { kind: 'retry', code, ...(seconds === null ? {} : { retryAfterSeconds: seconds }) };
}

/**
 * IMF-fixdate, the one form that RFC 9110 section 5.6.7 lets be sent; Date.parse takes far more.
 */
const fixdate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** RFC 9110 section 10.2.3: seconds or a date; nonsense is ignored, too long is capped. */
export function retryAfterSeconds(text: string | undefined, at: Date): number | null {
  const said = text?.trim() ?? '';
  const seconds = /^\d+$/.test(said)
    ? Number(said)
    : fixdate.test(said)
      ? Math.max(0, (Date.parse(said) - at.getTime()) / 1000)
      : NaN;
  return Number.isNaN(seconds) ? null : Math.min(Math.ceil(seconds), retryAfterSecondsMax);
}

const failureCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection-refused',
  ECONNRESET: 'connection-reset',
  EPIPE: 'connection-reset',
  UND_ERR_SOCKET: 'connection-reset',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  REPLY_TOO_LARGE: 'reply-too-large',
  UND_ERR_HEADERS_OVERFLOW: 'reply-too-large',
};

function failureCode(error: unknown): string {
  if (!(error instanceof Error)) return 'network';
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'timeout';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const tls = /^(EPROTO|ERR_SSL|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_VERIFY)/.test(code);
  return tls ? 'tls' : (failureCodes[code] ?? 'network');
}

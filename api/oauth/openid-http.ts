/** How the clinic's OpenID provider is asked: briefly, in encrypted form, and for little. */
import type { CustomFetch } from 'openid-client';
import { Agent, request } from 'undici';
import { isLoopbackHost } from '#src/base/addresses.ts';

/** Metadata, keys and tokens together have some ten thousand bytes. */
const answerBytesMax = 256 * 1024;
const headerBytesMax = 16 * 1024;
const connectionsMax = 4;
/** More at once are told to come again: whoever wants to may click without end. */
const underWayMax = 16;

/** Nobody answered, or not in time, or only to say that it is out of order. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('the OpenID provider cannot be reached', { cause });
    this.name = 'Unreachable';
  }
}

/**
 * `fetch` for one provider alone. No redirect is followed, no proxy used and no connection kept.
 * What is not https is not sent, unless the provider and the address are on this machine.
 * @param input.answerSeconds how long one answer may take, from the name's lookup to its last byte
 */
export function createOpenidFetch(input: { issuer: string; answerSeconds: number }): CustomFetch {
  const { issuer, answerSeconds } = input;
  const agent = new Agent({
    ...{ connections: connectionsMax, pipelining: 0, allowH2: false },
    ...{ maxHeaderSize: headerBytesMax, maxResponseSize: answerBytesMax },
    connect: { timeout: answerSeconds * 1000 },
  });
  let underWay = 0;
  return async (url, { method, headers, body }) => {
    assertEncrypted({ issuer, url });
    if (underWay >= underWayMax) throw new Unreachable(new Error('too many at once'));
    underWay += 1;
    try {
      const signal = AbortSignal.timeout(answerSeconds * 1000);
      const sent = {
        dispatcher: agent,
        method: method === 'POST' ? 'POST' : 'GET',
        signal,
      } as const;
      const form = body instanceof URLSearchParams ? body.toString() : null;
      const reply = await withinTime(request(url, { ...sent, headers, body: form }), signal);
      const text = await withinTime(reply.body.text(), signal);
      if (reply.statusCode >= 500) throw new Error(`status ${reply.statusCode}`);
      const type = String(reply.headers['content-type'] ?? '');
      return new Response(text, { status: reply.statusCode, headers: { 'content-type': type } });
    } catch (error) {
      throw new Unreachable(error);
    } finally {
      underWay -= 1;
    }
  };
}

/** Throws for an address that is not https, unless it and the provider are on this machine. */
export function assertEncrypted({ issuer, url }: { issuer: string; url: string }): void {
  const isLocalHttp = (text: string) => {
    const { protocol, hostname } = new URL(text);
    return protocol === 'http:' && isLoopbackHost(hostname);
  };
  if (new URL(url).protocol === 'https:' || (isLocalHttp(issuer) && isLocalHttp(url))) return;
  throw new Error('the OpenID provider names an address that is not encrypted');
}

/** A request that waits for its connection hears of the deadline only once it has one. */
function withinTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = new Promise<never>((_resolve, reject) => {
    const give = () => reject(signal.reason as Error);
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
  work.catch(() => undefined);
  return Promise.race([work, late]);
}

/**
 * The one way out of the gateway: posts to a receiver over connections that are apart from
 * everybody else's, within a deadline, and takes no more of a reply than it needs.
 */
import { Agent, request } from 'undici';
import type { PushSettings } from '#src/base/push-words.ts';
import { createCredentials, type Credentials } from './credentials.ts';
import { createGuardedConnect, type Resolve } from './guarded-connect.ts';

export interface Post {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** The total deadline: looking up the name, connecting, sending and the whole reply. */
  signal: AbortSignal;
  /** Whether the reply's text is wanted; nothing of it is held otherwise. */
  keepsBody?: boolean;
}

export interface Reply {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Empty unless it was to be kept. */
  body: string;
}

/** Posts once; rejects when there is no whole reply in time. */
export type PostOnce = (post: Post) => Promise<Reply>;

export interface PushAgent {
  post: PostOnce;
  credentials: Credentials;
  /** Ends its connections. Call it when its pushes have come to their outcomes. */
  close(): Promise<void>;
}

export interface PushAgentSettings {
  concurrencyMax: number;
  /** How long it may take to connect, or to get an access token. */
  timeoutSeconds: number;
  settings: PushSettings;
  /** How names become addresses; the system's way unless told otherwise. */
  resolve?: Resolve;
}

const replyBytesMax = 65_536;
const replyHeaderBytesMax = 16_384;
/** Interim replies (1xx) before the final one. */
const interimRepliesMax = 20;
const keepAliveMs = 10_000;
const keepAliveMsMax = 60_000;

const tooLarge = () => Object.assign(new Error('reply too large'), { code: 'REPLY_TOO_LARGE' });

/** Connections to one receiver, and what it wants to see of us. No proxy is ever used. */
export function createPushAgent(input: PushAgentSettings): PushAgent {
  const { concurrencyMax, timeoutSeconds, settings, resolve } = input;
  const connect = createGuardedConnect({
    allowedNetworks: settings.allowedNetworks ?? [],
    ...{ tls: settings.tls, tlsHost: hostnameOf(settings.url), timeoutSeconds },
    ...(resolve && { resolve }),
  });
  const agent = new Agent({
    ...{ connect, connections: concurrencyMax, pipelining: 1 },
    ...{ keepAliveTimeout: keepAliveMs, keepAliveMaxTimeout: keepAliveMsMax },
    maxHeaderSize: replyHeaderBytesMax,
    // HTTP/2 would bring flow control, pushes and pings of its own to be limited; and while it
    // might be spoken, all pushes would wait for one first connection, which may hang.
    allowH2: false,
  });
  const post: PostOnce = (one) => postBy(agent, one);
  return {
    post,
    credentials: createCredentials({ post }, { settings, timeoutSeconds }),
    close: () => agent.destroy(),
  };
}

/** Without brackets, as undici tells it to a connector. */
function hostnameOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}

async function postBy(agent: Agent, post: Post): Promise<Reply> {
  const { url, headers, body, signal } = post;
  const flood = new AbortController();
  let interimReplies = 0;
  const exchange = async (): Promise<Reply> => {
    const reply = await request(url, {
      ...{ dispatcher: agent, method: 'POST', headers, body },
      signal: AbortSignal.any([signal, flood.signal]),
      onInfo: () => {
        interimReplies += 1;
        if (interimReplies > interimRepliesMax) flood.abort(tooLarge());
      },
    });
    const text = await readBody(reply.body, post.keepsBody ?? false);
    return { status: reply.statusCode, headers: reply.headers, body: text };
  };
  // A request that still waits for its connection hears of the deadline only once it has one, when
  // it is dropped unsent: whoever waits for the outcome is told now.
  return Promise.race([exchange(), rejectedAt(signal)]);
}

function rejectedAt(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const give = () => reject(signal.reason as Error);
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
}

/** Reads a reply to its end, which is what says that it is whole. */
async function readBody(
  body: AsyncIterable<Uint8Array> & { destroy(): unknown },
  isKept: boolean,
): Promise<string> {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > replyBytesMax) {
      body.destroy();
      throw tooLarge();
    }
    if (isKept) kept.push(chunk);
  }
  return Buffer.concat(kept).toString('utf8');
}

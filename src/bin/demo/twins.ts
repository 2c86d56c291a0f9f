/**
 * Corrupted twins of real deliveries, signed as the gateway would:
 * each must be refused, by the right check.
 */
import { Webhook } from 'standardwebhooks';
import type { PullClient } from './consignee-pull.ts';
import type { PushServer } from './consignee-push.ts';
import { refusalOf, type Consignee } from './consignee.ts';
import type { Envelope, RefusalReason } from './verifier.ts';

interface Twin {
  what: string;
  refusedFor: RefusalReason;
  envelope: Envelope;
  to: Consignee;
  send: (envelope: Envelope) => Promise<string>;
}

export interface TwinVerdict {
  refused: number;
  faults: string[];
}

/** Sends the twins of one push and of one inbox item, where there were any. */
export async function tryTwins(servers: PushServer[], clients: PullClient[]): Promise<TwinVerdict> {
  const twins = [...pushTwins(servers), ...pullTwins(clients)];
  const faults: string[] = [];
  for (const { what, refusedFor, envelope, to, send } of twins) {
    const answer = await send(envelope);
    if (answer === refusedFor) continue;
    faults.push(`${to.id}: ${what} was not refused for its ${refusedFor} but answered: ${answer}`);
  }
  return { refused: twins.length - faults.length, faults };
}

function pushTwins(servers: PushServer[]): Twin[] {
  const sender = servers.find((server) => server.firstBody !== null);
  const other = servers.find((server) => server !== sender);
  if (!sender?.firstBody || !other) return [];
  const real = JSON.parse(sender.firstBody) as Envelope;
  const to = sender.consignee;
  return [
    ...corruptedOf(real, to, (envelope) => push(sender, envelope)),
    {
      ...{ what: "another's push", refusedFor: 'addressee', envelope: real, to: other.consignee },
      send: (envelope) => push(other, envelope),
    },
  ];
}

function pullTwins(clients: PullClient[]): Twin[] {
  const client = clients.find(({ firstItem }) => firstItem !== null);
  const other = clients.find((each) => each !== client);
  if (!client?.firstItem || !other) return [];
  const take = (consignee: Consignee) => async (envelope: Envelope) => {
    const taken = consignee.take(envelope).then(() => 'accepted');
    return taken.catch((error: unknown) => refusalOf(error) ?? String(error));
  };
  return [
    ...corruptedOf(client.firstItem, client.consignee, take(client.consignee)),
    {
      ...{ what: "another's inbox item", refusedFor: 'addressee', envelope: client.firstItem },
      ...{ to: other.consignee, send: take(other.consignee) },
    },
  ];
}

function corruptedOf(real: Envelope, to: Consignee, send: Twin['send']): Twin[] {
  const record = structuredClone(real);
  record.record = withOneByteChanged(real.record);
  const proof = structuredClone(real);
  const [first = '', ...rest] = proof.proof.hashes;
  const bytes = Buffer.from(first, 'base64');
  bytes[0]! ^= 1;
  proof.proof.hashes = [bytes.toString('base64'), ...rest];
  return [
    {
      what: 'a record with one byte changed',
      refusedFor: 'commitment',
      envelope: record,
      to,
      send,
    },
    { what: 'a proof with one bit flipped', refusedFor: 'proof', envelope: proof, to, send },
  ];
}

/** The first letter or digit of a value in clear becomes another one. */
function withOneByteChanged(record: Envelope['record']): Envelope['record'] {
  const isJwe = (text: string) => text.split('.').length === 5;
  let changed = false;
  const visit = (value: unknown): unknown => {
    if (changed || value === null) return value;
    if (typeof value === 'string' && !isJwe(value)) {
      const text = value.replace(/[0-9A-Za-z]/, (byte) => (byte === '0' ? '1' : '0'));
      changed = text !== value;
      return text;
    }
    if (typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(visit);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, visit(each)]));
  };
  return visit(record) as Envelope['record'];
}

/**
 * Posts to a simulated consignee, signed with its secret, so that only its own check can refuse.
 */
async function push({ url, consignee }: PushServer, envelope: Envelope): Promise<string> {
  const body = JSON.stringify(envelope);
  const at = new Date();
  const reply = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': envelope.transfer,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(consignee.part.webhookSecret).sign(
        envelope.transfer,
        at,
        body,
      ),
    },
    body,
  });
  const { refused } = (await reply.json()) as { refused?: string };
  return reply.ok ? 'accepted' : (refused ?? `HTTP ${reply.status}`);
}

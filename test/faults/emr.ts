/** The EMR: sends, repeats itself, goes back to what it had no answer to, and collects results. */
import { orderAt } from '#src/bin/demo/records.ts';
import { between, chance, pick, type Random } from '#test/fuzz/random.ts';
import { count, fail, type Book, type Promise202, type Sent } from './book.ts';
import { posting, type Careful } from './careful.ts';
import { pause } from './pace.ts';
import type { Party } from './parties.ts';

export interface EmrDeps {
  book: Book;
  call: Careful;
  /** The same door for what is no JSON: whole lines as they were answered. */
  upload: (text: string) => Promise<string[]>;
  parties: ReadonlyMap<string, Party>;
  today: string;
  random: Random;
}

const triesMax = 3;
const batchMax = 12;

/** A new order for somebody, under a key of its own. */
function newOrder({ book, parties, today, random }: EmrDeps): Sent {
  const position = book.sent.size;
  const { id: consignee, subject } = pick(random, [...parties.values()]);
  const order = orderAt({ position, consignee, subject, today });
  const sent = { key: `order-${position}`, consignee, order, promised: null, requests: 0 };
  book.sent.set(sent.key, sent);
  return sent;
}

/** Holds the gateway to its word: one key is one transfer, for ever. */
function hear(book: Book, sent: Sent, { id, commitment }: Promise202): void {
  sent.promised ??= { id, commitment };
  if (sent.promised.id !== id) fail(book, `the key ${sent.key} was answered with two transfers`);
  if (sent.promised.commitment !== commitment) {
    fail(book, `the key ${sent.key} was answered with two commitments`);
  }
}

/** Sends it once more, whether or not it has an answer. */
export async function send({ book, call }: EmrDeps, sent: Sent): Promise<void> {
  sent.requests += 1;
  const came = await call('/v1/transfers', posting(sent.order, sent.key));
  if (came.kind === 'done') hear(book, sent, came.body as Promise202);
}

interface BatchAnswer extends Promise202 {
  key?: string;
  status: number;
  problem?: { code: string };
}

/** Sends them as one upload; what it has no answer to is sent again another time. */
export async function sendBatch({ book, upload }: EmrDeps, batch: readonly Sent[]): Promise<void> {
  const lines = batch.map(({ key, order }) => `${JSON.stringify({ key, ...order })}\n`);
  for (const sent of batch) sent.requests += 1;
  for (const line of await upload(lines.join(''))) {
    const answer = JSON.parse(line) as BatchAnswer;
    const sent = batch.find(({ key }) => key === answer.key);
    if (answer.status === 202 && sent) hear(book, sent, answer);
    else if (answer.status === 202) fail(book, 'an upload was answered a key that it did not have');
    else if (answer.status < 500 && answer.status !== 409 && answer.key !== undefined) {
      fail(book, `a line of an upload was told ${answer.status} ${answer.problem?.code}`);
    }
  }
}

/** One lane of its work, until the signal. */
export async function sendOrders(deps: EmrDeps, signal: AbortSignal): Promise<void> {
  const { book, random } = deps;
  while (!signal.aborted) {
    const deed = between(random, 0, 99);
    if (deed < 12 && book.sent.size > 0) {
      count(book, 'orders repeated later');
      await send(deps, pick(random, [...book.sent.values()]));
    } else if (deed < 20) {
      count(book, 'uploads');
      const size = between(random, 2, batchMax);
      await sendBatch(
        deps,
        Array.from({ length: size }, () => newOrder(deps)),
      );
    } else {
      const sent = newOrder(deps);
      // Twice at the same time, as an impatient client does.
      const times = chance(random, 0.15) ? 2 : 1;
      await Promise.all(Array.from({ length: times }, () => send(deps, sent)));
      for (let tries = 1; tries < triesMax && !sent.promised && !signal.aborted; tries += 1) {
        await pause(between(random, 50, 300), signal);
        await send(deps, sent);
      }
    }
    await pause(between(random, 20, 250), signal);
  }
}

/** Sends again all that it has no answer to. True when there is none left. */
export async function sendUnanswered(deps: EmrDeps): Promise<boolean> {
  const open = [...deps.book.sent.values()].filter(({ promised }) => promised === null);
  const lanes = 4;
  const rest = open.values();
  const lane = async () => {
    for (const sent of rest) await send(deps, sent);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (open.length > 0) await pause(100);
  return open.every(({ promised }) => promised !== null);
}

/** Collects what has come back, until the signal. */
export async function collectResults(
  { book, call, random }: EmrDeps,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const page = await call('/v1/results?status=ready&limit=50');
    const items = page.kind === 'done' ? (page.body as { items: { id: string }[] }).items : [];
    for (const { id } of items) {
      const came = await call(`/v1/results/${id}/ack`, { method: 'POST' });
      if (came.kind === 'done') book.collected.add(id);
    }
    await pause(between(random, 50, 400), signal);
  }
}

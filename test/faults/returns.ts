/** Consignees give results back for some of what they took, under one key for each, until heard. */
import { createHash } from 'node:crypto';
import { resultFor } from '#src/bin/demo/results.ts';
import type { Book, Returned } from './book.ts';
import { fail } from './book.ts';
import { posting, type Careful } from './careful.ts';
import { pause } from './pace.ts';
import type { Party } from './parties.ts';

export interface ReturnDeps {
  book: Book;
  /** Each consignee's own way to the gateway. */
  calls: ReadonlyMap<string, Careful>;
  parties: ReadonlyMap<string, Party>;
  today: string;
}

/** One in three comes back. */
export const givesBack = (transfer: string) =>
  createHash('sha256').update(transfer).digest().readUInt8() % 3 === 0;

async function giveBack({ calls, parties, today }: ReturnDeps, returned: Returned): Promise<void> {
  const { consignee, transfer } = returned;
  const result = resultFor(parties.get(consignee)?.returns ?? [], { transfer, today });
  const body = posting({ transfer, result }, `result-${transfer}`);
  const came = await calls.get(consignee)?.('/v1/results', body);
  if (came?.kind === 'done') returned.id ??= (came.body as { id: string }).id;
}

/** Works until the signal. */
export async function returnResults(deps: ReturnDeps, signal: AbortSignal): Promise<void> {
  const { book } = deps;
  let seen = 0;
  while (!signal.aborted) {
    for (const { consignee, envelope } of book.arrivals.slice(seen)) {
      seen += 1;
      const { transfer } = envelope;
      if (!givesBack(transfer) || book.returned.has(transfer)) continue;
      book.returned.set(transfer, { consignee, transfer, id: null });
    }
    const waiting = [...book.returned.values()].filter(
      ({ id, transfer }) => id === null && book.taken.has(transfer),
    );
    await Promise.all(waiting.slice(0, 4).map((returned) => giveBack(deps, returned)));
    await pause(waiting.length > 0 ? 20 : 150, signal);
  }
}

/** Asks in the name of one consignee about another's transfer: to it there is no such thing. */
export async function snoop({ book, calls, today, parties }: ReturnDeps): Promise<void> {
  const other = book.arrivals.findLast(({ consignee }) => consignee !== 'samkwang');
  const call = calls.get('snoop');
  if (!other || !call) return;
  const { transfer } = other.envelope;
  const returns = parties.get('samkwang')?.returns ?? [];
  const body = { transfer, result: resultFor(returns, { transfer, today }) };
  const came = await call('/v1/results', posting(body, `snoop-${transfer}`));
  const lease = Buffer.alloc(16).toString('base64url');
  const acked = await call(`/v1/inbox/${transfer}/ack`, posting({ lease }));
  for (const { kind } of [came, acked]) {
    if (kind === 'done') fail(book, `samkwang could act on another's transfer ${transfer}`);
  }
}

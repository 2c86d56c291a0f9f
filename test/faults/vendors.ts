/** Consignees that fetch what is theirs: two workers each, which ack, refuse, dawdle and forget. */
import { between, type Random } from '#test/fuzz/random.ts';
import type { Envelope } from '#src/bin/demo/verifier.ts';
import { count, fail, type Book } from './book.ts';
import { posting, type Careful } from './careful.ts';
import { pause } from './pace.ts';

interface Item extends Envelope {
  lease: { token: string; until: string };
}

export interface VendorDeps {
  book: Book;
  call: Careful;
  isCovered: (envelope: Envelope) => Promise<void>;
  isCalm: () => boolean;
  random: Random;
}

/** The shortest that the API knows, so that what was forgotten comes back soon. */
const leaseSeconds = 5;
const restMsMax = 400;

/** What a vendor's workers hold, each transfer until its lease ends. */
export type Held = Map<string, { token: string; untilMs: number }>;

/** Works until the signal; `held` is shared by the workers of one vendor. */
export async function workInbox(
  deps: VendorDeps,
  { consignee, held }: { consignee: string; held: Held },
  signal: AbortSignal,
): Promise<void> {
  const { book, random } = deps;
  while (!signal.aborted) {
    const ask = { limit: between(random, 1, 10), leaseSeconds, waitSeconds: between(random, 0, 1) };
    const came = await deps.call('/v1/inbox/claim', posting(ask));
    const items = came.kind === 'done' ? (came.body as { items: Item[] }).items : [];
    for (const item of items) {
      note(book, held, consignee, item);
      await deps.isCovered(item);
    }
    for (const item of items) await settle(deps, held, item);
    if (items.length === 0) await pause(between(random, 50, restMsMax), signal);
  }
}

/** Also notes it where another worker of the vendor still holds what this one was given. */
function note(book: Book, held: Held, consignee: string, { lease, ...envelope }: Item): void {
  const { transfer } = envelope;
  const other = held.get(transfer);
  if (other && other.untilMs > Date.now() && other.token !== lease.token) {
    fail(book, `two workers of ${consignee} hold transfer ${transfer}`);
  }
  held.set(transfer, { token: lease.token, untilMs: Date.parse(lease.until) });
  book.arrivals.push({ consignee, via: 'pull', envelope, isChecked: false });
}

async function settle(deps: VendorDeps, held: Held, { transfer, lease }: Item): Promise<void> {
  const { book, random, isCalm } = deps;
  const mood = isCalm() ? 99 : between(random, 0, 99);
  // It keeps the lease and does nothing.
  if (mood < 5) return count(book, 'items forgotten');
  const rejects = book.turnedAway.has(transfer) || (mood < 9 && !book.taken.has(transfer));
  (rejects ? book.turnedAway : book.taken).add(transfer);
  const path = `/v1/inbox/${transfer}/${rejects ? 'reject' : 'ack'}`;
  const body = { lease: lease.token, ...(rejects && { code: 'UNKNOWN_CODE' }) };
  for (let tries = 0; tries < 3; tries += 1) {
    const came = await deps.call(path, posting(body));
    if (came.kind === 'passing') continue;
    // Settled, or too late: it does not hold it any more.
    held.delete(transfer);
    return;
  }
}

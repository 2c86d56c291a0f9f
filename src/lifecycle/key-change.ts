/**
 * The life of a key: known to be the next, then the current one, then one that still counts, then
 * retired. That it is the current one, or counts no more, is one transaction with its entry.
 */
import type { Clock } from '#src/base/clock.ts';
import type { KeyName } from '#src/base/key-sources.ts';
import { gatewayActor } from '#src/base/words.ts';
import type { EntryKind } from '#src/ledger/kinds.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import { sha256 } from '#src/base/canonical.ts';
import { advisoryLocks } from '#src/store/advisory-locks.ts';
import type { Database, Queryable } from '#src/store/pool.ts';

export interface KeyChangeDeps {
  db: Database;
  clock: Pick<Clock, 'now'>;
  makeEntry: EntryMaker;
}

export interface KeyChange {
  name: KeyName;
  /** Of the key that begins, or is retired. */
  id: string;
  /** Free text, for the sealed detail only. */
  reason: string;
}

/**
 * Announces the next key of a kind. Processes that hold it accept what it makes from then on: they
 * open, look up, verify with it, and the ledger's next key signs beside the current one.
 * @returns false when another one is the next already, or this one ever was there
 */
export async function announceKey(
  db: Queryable,
  next: { name: KeyName; id: string; public: string | null },
): Promise<boolean> {
  const { rowCount } = await db.query(
    'INSERT INTO keys (name, id, public) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [next.name, next.id, next.public],
  );
  return rowCount === 1;
}

/**
 * Makes the next key the current one, for all processes at the same moment, and records it. For the
 * HMAC key it waits until no transaction is under way that stores something under the old one.
 * @returns false, and nothing changed, when it is not the next key
 */
export function beginKey(deps: KeyChangeDeps, change: KeyChange): Promise<boolean> {
  const { name, id, reason } = change;
  return deps.db
    .transaction(async (tx) => {
      // Whoever stores something under an HMAC key shares it (`hold_hmac_key`).
      if (name === 'hmac') {
        await tx.query('SELECT pg_advisory_xact_lock($1)', [advisoryLocks.hmacKey]);
      }
      await tx.query(
        `UPDATE keys SET ended_at = now()
       WHERE name = $1 AND began_at IS NOT NULL AND ended_at IS NULL`,
        [name],
      );
      const { rows } = await tx.query<{ change: string; public: string | null }>(
        `UPDATE keys SET began_at = now()
       WHERE name = $1 AND id = $2 AND began_at IS NULL AND retired_at IS NULL
       RETURNING change, public`,
        [name, id],
      );
      const [begun] = rows;
      if (!begun) throw new NotNext();
      const entry = deps.makeEntry({
        kind: 'key-changed',
        at: deps.clock.now(),
        // Whoever holds the old verifier key can hold the new one against this.
        ...(begun.public === null ? {} : { commitment: sha256(Buffer.from(begun.public, 'utf8')) }),
        detail: { ...actorDetail(gatewayActor), key: name, keyId: id, reason },
      });
      await submit(tx, [{ entry, owner: begun.change }]);
      return true;
    })
    .catch((error: unknown) => {
      if (error instanceof NotNext) return false;
      throw error;
    });
}

class NotNext extends Error {}

/**
 * From now on the key counts for nothing, and that is recorded.
 * @returns false, and nothing changed, when it is the current one, unknown, or retired already
 */
export function retireKey(deps: KeyChangeDeps, { name, id, reason }: KeyChange): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const { rowCount } = await tx.query(
      `UPDATE keys SET retired_at = now()
       WHERE name = $1 AND id = $2 AND retired_at IS NULL
         AND (ended_at IS NOT NULL OR began_at IS NULL)`,
      [name, id],
    );
    if (rowCount !== 1) return false;
    const said = { key: name, keyId: id, outcome: 'retired', reason };
    const detail = { ...actorDetail(gatewayActor), ...said };
    const entry = deps.makeEntry({ kind: 'key-changed', at: deps.clock.now(), detail });
    await submit(tx, [{ entry }]);
    return true;
  });
}

/** Notes where in the ledger a change is recorded, in the transaction that covers it. */
export async function noteKeyEntries(
  tx: Queryable,
  covered: readonly { kind: EntryKind; owner: string | null; index: number }[],
): Promise<void> {
  for (const { kind, owner, index } of covered) {
    if (kind !== 'key-changed' || owner === null) continue;
    await tx.query('UPDATE keys SET entry = $2 WHERE change = $1', [owner, index]);
  }
}

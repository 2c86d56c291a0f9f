/**
 * What is stored under an HMAC key is stored while that key is the current one, everywhere: else
 * one process could write under the old key what another looks for, and does not find yet, before
 * it writes the same under the new one. One order would become two, and one person two.
 */
import type { Queryable } from '#src/store/pool.ts';

/**
 * The HMAC key that something was made with is not the current one any more: this process has not
 * heard of a rotation yet. Nothing was stored; to be made anew once the keys are read again.
 */
export class HmacKeyChanged extends Error {}

/**
 * Until the transaction ends no other HMAC key becomes the current one.
 * @throws HmacKeyChanged when it is not this one
 */
export async function holdHmacKey(tx: Queryable, hmacKey: string): Promise<void> {
  const { rows } = await tx.query<{ held: boolean }>({
    name: 'hmac-key-hold',
    text: 'SELECT hold_hmac_key($1) AS held',
    values: [hmacKey],
  });
  if (!rows[0]?.held) throw new HmacKeyChanged();
}

/**
 * Does `work`, and once more with the keys read again when they have turned meanwhile.
 * @param deps.keys.refresh reads anew which keys count
 */
export async function underCurrentKey<T>(
  deps: { keys: { refresh: () => Promise<unknown> } },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HmacKeyChanged)) throw error;
    await deps.keys.refresh();
    return work();
  }
}

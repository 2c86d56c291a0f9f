/**
 * Reads from the ledger which change of each account was the last, so that an older row that
 * somebody put back is found out: the ledger cannot be turned back unseen.
 */
import type { Follower } from '#src/access/account-watch.ts';
import type { AccountKind, NewestChanges, ToldChange } from '#src/access/newest-changes.ts';
import type { Log } from '#src/base/log.ts';
import { openStored, type OpenedRow, type StoredRow } from '#src/ledger/details.ts';
import type { EntryKind } from '#src/ledger/kinds.ts';
import type { Queryable } from '#src/store/pool.ts';

export interface AccountChangesDeps {
  db: Queryable;
  sealer: { open: (sealed: Buffer, aad: Buffer) => Buffer };
  newest: NewestChanges;
  log?: Pick<Log, 'warn'>;
}

/** The kinds of entry that tell of a change of an account's row, and of which account. */
const tellingKinds: Partial<Record<EntryKind, AccountKind>> = {
  'access-granted': 'client',
  'access-changed': 'client',
  'access-revoked': 'client',
  'staff-granted': 'staff',
  'staff-changed': 'staff',
  'staff-revoked': 'staff',
};
const pageMax = 1_000;

/**
 * Every process reads for itself: an index finds these few entries among millions. What went to an
 * archive, or was deleted from the tables, is not read.
 */
export function followAccountChanges(deps: AccountChangesDeps): Follower {
  let next = 0;
  const unread: number[] = [];

  async function learn(condition: string, value: unknown): Promise<number> {
    const { rows } = await deps.db.query<StoredRow>(
      `SELECT index, leaf, detail FROM entries
       WHERE leaf_accounts(leaf) AND ${condition} ORDER BY index LIMIT ${pageMax}`,
      [value],
    );
    const opened = await openStored({ db: deps.db, openDetail: deps.sealer.open }, rows);
    for (const row of opened) {
      const told = toldBy(row);
      if (told === 'unreadable') unread.push(row.index);
      else if (told) deps.newest.learn(told);
    }
    next = Math.max(next, (rows.at(-1)?.index ?? -1) + 1);
    return rows.length;
  }

  return {
    async follow() {
      const before = [...unread];
      // what could not be opened is tried again: its key may have come meanwhile
      const again = unread.splice(0, pageMax);
      try {
        if (again.length > 0) await learn('index = ANY($1::bigint[])', again);
      } catch (error) {
        unread.push(...again);
        throw error;
      }
      let count = pageMax;
      while (count === pageMax) count = await learn('index >= $1', next);
      for (const entry of unread.filter((one) => !before.includes(one))) {
        deps.log?.warn('an entry about an account cannot be opened', { entry });
      }
    },
    unread: () => unread.length,
  };
}

/** Undefined: it is of another kind. */
function toldBy({ leaf, detail }: OpenedRow): ToldChange | 'unreadable' | undefined {
  try {
    const said = JSON.parse(leaf.toString('utf8')) as { kind: EntryKind };
    const kind = tellingKinds[said.kind];
    if (!kind) return undefined;
    if (!detail) return 'unreadable';
    const content = JSON.parse(detail.content.toString('utf8')) as Record<string, unknown>;
    const may = content[kind === 'client' ? 'scopes' : 'roles'];
    return {
      ...{ kind, id: String(content[kind]), change: Number(content['change'] ?? 0) },
      ...{ isRevoked: said.kind.endsWith('-revoked') },
      may: Array.isArray(may) ? may.map(String) : null,
    };
  } catch {
    return 'unreadable';
  }
}

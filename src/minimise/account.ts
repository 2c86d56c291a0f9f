/** The account of what did not travel: every item once, and no key name where it may not be. */
import type { Withheld, WithheldReason } from '#src/base/words.ts';
import type { Side } from './compile.ts';

/** Unknown keys of one record that are looked at one by one; further ones are only counted. */
const KEYS_MAX = 1000;
/** Names told in one direct reply, of each kind; the rest is counted. */
const NAMES_MAX = 200;
const NAME_LENGTH_MAX = 64;
const DIGITS_MAX = 5;
/** Most keys: such a one needs none of the classes of Unicode, which are slow. */
const isPlainName = /^[a-zA-Z.[\]]+$/;

type Placeholder = Extract<WithheldReason, 'UNKNOWN_ITEM' | 'NEVER_SHARED'>;

/** What was found in a record that no released value accounts for. */
export interface Account {
  /** Dictionary codes found at their place. */
  found: Set<string>;
  /** Paths of keys, by why they stay. Held in memory only. */
  keys: Record<Placeholder, Set<string>>;
  /** Unknown keys beyond the limit. */
  furtherKeys: number;
}

export function newAccount(): Account {
  const keys = { UNKNOWN_ITEM: new Set<string>(), NEVER_SHARED: new Set<string>() };
  return { found: new Set(), keys, furtherKeys: 0 };
}

/** Notes a key that no schema knows, at the path of its object (`''` at the top). */
export function noteUnknownKey(account: Account, side: Side, path: string, key: string): void {
  const { UNKNOWN_ITEM, NEVER_SHARED } = account.keys;
  const place = path === '' ? key : `${path}.${key}`;
  if (UNKNOWN_ITEM.has(place) || NEVER_SHARED.has(place)) return;
  if (UNKNOWN_ITEM.size + NEVER_SHARED.size >= KEYS_MAX) {
    account.furtherKeys += 1;
    return;
  }
  const { items, isNeverShared } = side.dictionary;
  // a dictionary code at a wrong place is an unknown key, however its name sounds
  const isForbidden = !items.has(key) && isNeverShared(key);
  (isForbidden ? NEVER_SHARED : UNKNOWN_ITEM).add(place);
}

/**
 * Everything withheld, twice: for the direct reply, which names keys, and for the ledger, which
 * knows dictionary codes and counts only.
 *
 * @param travels codes released or derived
 */
export function withheldOf(
  account: Account,
  side: Side,
  travels: ReadonlySet<string>,
): { withheld: Withheld[]; ledgerWithheld: Withheld[] } {
  const items: Withheld[] = [];
  for (const [code, { isReleasable }] of side.listed) {
    if (travels.has(code)) continue;
    const lacksBasis = !isReleasable && account.found.has(code);
    items.push({ item: code, reason: lacksBasis ? 'NO_LEGAL_BASIS' : 'ABSENT' });
  }
  for (const code of account.found) {
    if (!side.listed.has(code)) items.push({ item: code, reason: 'NOT_IN_CONTRACT' });
  }
  const { furtherKeys, keys } = account;
  const { NEVER_SHARED, UNKNOWN_ITEM } = keys;
  return {
    withheld: [
      ...items,
      ...named(NEVER_SHARED, 'NEVER_SHARED', 0),
      ...named(UNKNOWN_ITEM, 'UNKNOWN_ITEM', furtherKeys),
    ],
    ledgerWithheld: [
      ...items,
      ...counted(NEVER_SHARED.size, 'NEVER_SHARED'),
      ...counted(UNKNOWN_ITEM.size + furtherKeys, 'UNKNOWN_ITEM'),
    ],
  };
}

function named(paths: ReadonlySet<string>, reason: Placeholder, further: number): Withheld[] {
  const names: Withheld[] = [];
  for (const path of paths) {
    if (names.length === NAMES_MAX) break;
    if (isNameable(path)) names.push({ item: path, reason });
  }
  return [...names, ...counted(paths.size - names.length + further, reason)];
}

function counted(count: number, reason: Placeholder): Withheld[] {
  return count === 0 ? [] : [{ item: reason, reason, count }];
}

/** A key may itself be a name and a number: only short, plain ones with few digits are told. */
function isNameable(path: string): boolean {
  if (path.length > NAME_LENGTH_MAX) return false;
  if (isPlainName.test(path)) return true;
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(path)) return false;
  if (path === 'UNKNOWN_ITEM' || path === 'NEVER_SHARED') return false;
  return (path.match(/\p{N}/gu)?.length ?? 0) <= DIGITS_MAX;
}

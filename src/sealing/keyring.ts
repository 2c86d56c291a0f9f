/**
 * The keys that a process holds, and which of them count: the files and variables say the one, the
 * database the other, and both are read again each second, so that a key can be changed while
 * gateways run. A key in use that is not held is a doubt (law 8).
 */
import { GatewayError, StartupError } from '#src/base/errors.ts';
import { keyBytes, keyNames, type KeyName, type KeySources } from '#src/base/key-sources.ts';
import type { Queryable } from '#src/store/pool.ts';
import { leaveTable, readKeyRows, readTable, registerFirst, type KeyRow } from './key-table.ts';
import type { HeldKey, Ring } from './ring.ts';

export interface KeyringDeps {
  db: Queryable;
  sources: KeySources;
  idOf: Readonly<Record<KeyName, (key: Buffer) => string>>;
  publicOf: Keyring['publicOf'];
  /** A random UUID, under which a gateway says which keys it holds; null: nobody waits for us. */
  process: string | null;
  /** Milliseconds on a clock that nobody sets. */
  steadyNow: () => number;
}

export interface Keyring {
  of(name: KeyName): Ring;
  /** Every key that is held of a kind, also those that the database does not know. */
  held(name: KeyName): readonly HeldKey[];
  /** What everybody may know of a key, or null. */
  publicOf(name: KeyName, key: Buffer): string | null;
  /** Every key that there ever was of a kind, in the order in which they came. */
  rows(name: KeyName): readonly KeyRow[];
  /** Reads files and database again, and says what is held. True when something has changed. */
  refresh(): Promise<boolean>;
  /**
   * At start, once the keys are known to fit what is stored: the first of each kind is the current
   * one where there is none. Throws a `StartupError` for each key in use that is not held.
   */
  register(): Promise<void>;
  /** Throws `KEY_MISSING` while a key in use is not held. */
  assertWhole(): void;
  /** Reads the files at once: something came that no key of ours opens. Once a second at most. */
  reread: () => void;
  /** This process holds nothing any more. */
  leave(): Promise<void>;
}

type Held = Readonly<Record<KeyName, readonly HeldKey[]>>;

const rereadMsMin = 1_000;

/** May be asked from the start: before the database is read, the first key is the current one. */
export function createKeyring(deps: KeyringDeps): Keyring {
  let held = readHeld(deps);
  let rows: readonly KeyRow[] = [];
  let rings = ringsOf(held, rows);
  let rereadAt = -Infinity;

  /** A ring that has not turned stays the same one: what was made of its keys is kept by it. */
  function turn(): void {
    const next = ringsOf(held, rows);
    if (acceptedBy(next).join() !== acceptedBy(rings).join()) rings = next;
  }

  function exchange(): Promise<readonly KeyRow[]> {
    const { db, process } = deps;
    if (process === null) return readKeyRows(db);
    return readTable(db, { process, held: acceptedBy(rings), working: labelsOf(rings) });
  }

  async function refresh(): Promise<boolean> {
    const before = JSON.stringify([acceptedBy(rings), rows]);
    held = readHeld(deps);
    rows = await exchange();
    turn();
    const isChanged = JSON.stringify([acceptedBy(rings), rows]) !== before;
    // Whoever changes a key waits to hear that it is accepted, and worked with.
    if (isChanged) await exchange();
    return isChanged;
  }

  return {
    of: (name) => rings[name],
    held: (name) => held[name],
    publicOf: deps.publicOf,
    rows: (name) => rows.filter((row) => row.name === name),
    refresh,
    async register() {
      const first = keyNames.flatMap((name) => {
        const [key] = held[name];
        return key ? [{ name, id: key.id, public: deps.publicOf(name, key.bytes) }] : [];
      });
      await registerFirst(deps.db, first);
      await refresh();
      const faults = missingOf(held, rows).map(({ name, id }) =>
        faultOf(deps.sources[name].variable, id),
      );
      if (faults.length > 0) throw new StartupError(faults);
    },
    assertWhole() {
      const [row] = missingOf(held, rows);
      if (!row) return;
      const facts = { key: row.name, keyId: row.id };
      throw new GatewayError('KEY_MISSING', { facts, retryAfterSeconds: 5 });
    },
    reread() {
      if (deps.steadyNow() - rereadAt < rereadMsMin) return;
      rereadAt = deps.steadyNow();
      held = readHeld(deps);
      turn();
    },
    async leave() {
      if (deps.process !== null) await leaveTable(deps.db, deps.process);
    },
  };
}

function faultOf(variable: string, id: string): string {
  const why = 'is not the key that this database works with, or not all of them';
  return `${variable}: ${why}: give ${id} back`;
}

function readHeld({ sources, idOf }: KeyringDeps): Held {
  const of = (name: KeyName): HeldKey[] =>
    keyBytes(sources[name]).map((bytes) => ({ id: idOf[name](bytes), bytes }));
  return { sealing: of('sealing'), hmac: of('hmac'), ledger: of('ledger'), token: of('token') };
}

/** Keys in use that are not held. */
function missingOf(held: Held, rows: readonly KeyRow[]): KeyRow[] {
  return rows.filter(
    ({ name, id: asked, beganAt, retiredAt }) =>
      beganAt !== null && retiredAt === null && !held[name].some(({ id }) => id === asked),
  );
}

function ringsOf(held: Held, rows: readonly KeyRow[]): Readonly<Record<KeyName, Ring>> {
  const of = (name: KeyName): Ring => {
    const [first, ...rest] = held[name];
    if (!first) throw new Error(`there is no ${name} key`);
    const counting = rows.filter((row) => row.name === name && row.retiredAt === null);
    if (counting.length === 0) return { current: first, others: rest };
    const keys = counting.flatMap(({ id }) => held[name].find((key) => key.id === id) ?? []);
    const at = counting.find(({ beganAt, endedAt }) => beganAt !== null && endedAt === null)?.id;
    const current = keys.find(({ id }) => id === at) ?? keys[0] ?? first;
    // Whatever a sealing key opens was sealed by us.
    const counted = name === 'sealing' ? held[name] : keys;
    return { current, others: counted.filter(({ id }) => id !== current.id) };
  };
  return { sealing: of('sealing'), hmac: of('hmac'), ledger: of('ledger'), token: of('token') };
}

/** What a process says of itself: `hmac:1f2e3d4c`. */
const labelsOf = (rings: Readonly<Record<KeyName, Ring>>): string[] =>
  keyNames.map((name) => `${name}:${rings[name].current.id}`);

/** The keys that count here: a key in a file that the database does not know of does not yet. */
const acceptedBy = (rings: Readonly<Record<KeyName, Ring>>): string[] =>
  keyNames.flatMap((name) =>
    [rings[name].current, ...rings[name].others].map(({ id }) => `${name}:${id}`),
  );

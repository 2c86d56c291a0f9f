/**
 * The class of a transfer: all that can be searched of it and never changes, as a list of facts
 * that thousands of transfers share. Nothing of a person is in it: ids and dictionary codes only.
 */
import { sha256 } from '#src/base/canonical.ts';
import type { Withheld } from '#src/base/words.ts';
import type { Database } from '#src/store/pool.ts';

/** What makes a class. Order and counts do not matter. */
export interface Classed {
  client: string;
  consignee: string;
  /** The version that decided: `samkwang.v1`. */
  contract: string;
  /** Dictionary codes. */
  released: readonly string[];
  derived: readonly string[];
  /** As the ledger says it: codes, and never the name of an unknown key. */
  withheld: readonly Pick<Withheld, 'item' | 'reason'>[];
}

/** What may be asked of a class; every member given must hold. */
export interface ClassFilter {
  client?: string | undefined;
  consignee?: string | undefined;
  contract?: string | undefined;
  /** It left, as submitted or derived. */
  released?: string | undefined;
  withheld?: string | undefined;
  /** Some item was withheld for it; with `withheld`: that item. */
  reason?: string | undefined;
}

/** The facts of a class, sorted as PostgreSQL's collation "C" sorts them. */
export function factsOf(of: Classed): string[] {
  const facts = [`client=${of.client}`, `consignee=${of.consignee}`, `contract=${of.contract}`];
  for (const item of [...of.released, ...of.derived]) facts.push(`released=${item}`);
  for (const item of of.derived) facts.push(`derived=${item}`);
  for (const { item, reason } of of.withheld) {
    facts.push(`withheld=${item}`, `withheld=${item} ${reason}`, `reason=${reason}`);
  }
  return [...new Set(facts)].sort();
}

/** The facts that a class must have to fit; none: every class does. */
export function factsAsked(filter: ClassFilter): string[] {
  const { withheld, reason, ...others } = filter;
  const facts = Object.entries(others).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  if (withheld !== undefined) {
    facts.push(`withheld=${withheld}${reason === undefined ? '' : ` ${reason}`}`);
  } else if (reason !== undefined) facts.push(`reason=${reason}`);
  return facts;
}

// Sorted, so that two processes that make the same classes never wait for each other in a ring.
const makeSql = `
  INSERT INTO transfer_classes (digest, facts)
  SELECT sha256(convert_to(text, 'UTF8')), string_to_array(text, E'\\n')
  FROM unnest($1::text[]) AS text ORDER BY 1 ON CONFLICT DO NOTHING`;

/** Classes remembered at most; in practice there are hundreds. */
const rememberedMax = 10_000;

/**
 * Digests of classes, by which the statement that stores transfers finds their ids. A class that
 * this process has not met is made by a statement of its own before. The database has the last
 * word: a class that it does not know (it was restored to an earlier day) is made by its trigger.
 */
export function createClasses(
  db: Database,
): (transfers: readonly Classed[]) => Promise<readonly Buffer[]> {
  const known = new Map<string, Buffer>();
  return async (transfers) => {
    const made = new Map<string, { text: string; digest: Buffer }>();
    const digests = transfers.map((one) => {
      const name = nameOf(one);
      const digest = known.get(name) ?? made.get(name)?.digest;
      if (digest) return digest;
      const text = factsOf(one).join('\n');
      const fresh = sha256(Buffer.from(text, 'utf8'));
      made.set(name, { text, digest: fresh });
      return fresh;
    });
    if (made.size > 0) {
      const texts = [...made.values()].map(({ text }) => text);
      await db.query({ name: 'classes-make', text: makeSql, values: [texts] });
      if (known.size + made.size > rememberedMax) known.clear();
      for (const [name, { digest }] of made) known.set(name, digest);
    }
    return digests;
  };
}

/** Tells classes apart, cheaply: it is made for every order. */
function nameOf(of: Classed): string {
  let name = `${of.client} ${of.contract} ${of.consignee} ${of.released.join()}`;
  name += ` ${of.derived.join()}`;
  for (const { item, reason } of of.withheld) name += ` ${item}:${reason}`;
  return name;
}

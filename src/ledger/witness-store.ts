/** What witnesses brought: cosignatures that are kept and shown, or notes that show a fork. */
import { GatewayError } from '#src/base/errors.ts';
import type { Queryable } from '#src/store/pool.ts';
import { verifyCosignature } from './cosignature.ts';
import { recordFork } from './fork-notes.ts';
import { readHead } from './head.ts';
import { nodeCrypto } from './node-crypto.ts';
import { parseNote } from './note.ts';
import { beginsWith, type Tree } from './noted-tree.ts';
import type { Witness } from './witness-file.ts';

export interface WitnessDeps {
  db: Queryable;
  witnesses: readonly Witness[];
  /** The tree that a note states, where one of our own keys signed it. */
  readOwn: (note: string) => Tree | null;
  now: () => Date;
}

/** Cosignatures that are looked through for a checkpoint that enough have cosigned. */
const lookedAtMax = 5_000;
/** How far ahead of ours the clock of a witness may be. */
const aheadSecondsMax = 60;

/**
 * Takes what a witness brings: one of our notes, with its cosignature. A note that our key signed
 * and our tree does not hold needs none: it is kept as evidence of a fork, whoever showed it, and
 * from then on nothing is accepted and nothing leaves.
 *
 * @param brought.client who calls, and must be a witness' client
 * @returns the size of the checkpoint that was cosigned, and when
 * @throws GatewayError `UNKNOWN_WITNESS`; `INVALID_SIGNATURE` (the note is not ours, or without a
 *   good cosignature of this client's witnesses); `LEDGER_FORKED`
 */
export async function takeCosignature(
  deps: WitnessDeps,
  brought: { client: string; note: string },
): Promise<{ size: number; signedAt: Date }> {
  const { db } = deps;
  const own = deps.witnesses.filter(({ client }) => client === brought.client);
  if (own.length === 0) throw new GatewayError('UNKNOWN_WITNESS');
  const tree = deps.readOwn(brought.note);
  if (tree === null) throw new GatewayError('INVALID_SIGNATURE');
  if (!(await beginsWith(db, await readHead(db), tree))) {
    await recordFork(db, brought);
    throw new GatewayError('LEDGER_FORKED');
  }
  for (const { name, vkey } of own) {
    const cosigned = await verifyCosignature(nodeCrypto, vkey, brought.note);
    if (cosigned === null) continue;
    const signedAt = new Date(cosigned.timestampSeconds * 1000);
    if (signedAt.getTime() > deps.now().getTime() + aheadSecondsMax * 1000) continue;
    const line = lineOf(brought.note, name, vkey);
    await db.query(
      `INSERT INTO cosignatures (witness, size, signed_at, line, client)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
      [vkey, tree.size, signedAt, line, brought.client],
    );
    return { size: tree.size, signedAt };
  }
  throw new GatewayError('INVALID_SIGNATURE');
}

/** The newest signature line of this key in a note that was verified. */
function lineOf(note: string, name: string, vkey: string): string {
  const keyId = vkey.slice(name.length + 1).slice(0, 8);
  const lines = parseNote(note).signatures.filter(
    (one) => one.name === name && one.keyId.toString('hex') === keyId,
  );
  const newest = lines.reduce((a, b) => (Buffer.compare(a.signature, b.signature) < 0 ? b : a));
  const payload = Buffer.concat([newest.keyId, newest.signature]).toString('base64');
  return `— ${name} ${payload}\n`;
}

export interface WitnessState extends Witness {
  /** Its newest cosignature; null: it never brought one. */
  last: { size: number; signedAt: Date } | null;
}

/** Every witness that is known, and what it cosigned last. */
export async function witnessStates({
  db,
  witnesses,
}: Pick<WitnessDeps, 'db' | 'witnesses'>): Promise<WitnessState[]> {
  if (witnesses.length === 0) return [];
  const { rows } = await db.query<{ vkey: string; size: number; signed_at: Date }>(
    `SELECT vkey, size, signed_at FROM unnest($1::text[]) AS known (vkey), LATERAL (
       SELECT size, signed_at FROM cosignatures WHERE witness = vkey
       ORDER BY size DESC, signed_at DESC LIMIT 1) AS last`,
    [witnesses.map(({ vkey }) => vkey)],
  );
  return witnesses.map((witness) => {
    const row = rows.find(({ vkey }) => vkey === witness.vkey);
    return { ...witness, last: row ? { size: row.size, signedAt: row.signed_at } : null };
  });
}

export interface WitnessedCheckpoint extends Tree {
  /** One C2SP signed note: the ledger's signatures, and the newest of each witness. */
  note: string;
}

/**
 * The newest checkpoint that so many of the known witnesses have cosigned, with all their lines;
 * null where there is none.
 * @param ask.size exactly this one, where given
 */
export async function witnessedCheckpoint(
  { db, witnesses }: Pick<WitnessDeps, 'db' | 'witnesses'>,
  ask: { witnessesMin: number; size?: number },
): Promise<WitnessedCheckpoint | null> {
  const { rows } = await db.query<Tree & { note: string; lines: string[] }>(
    `SELECT c.size, c.root, c.note, array_agg(own.line ORDER BY own.witness) AS lines
     FROM checkpoints c JOIN (
       SELECT DISTINCT ON (size, witness) size, witness, line FROM cosignatures
       WHERE witness = ANY ($1::text[]) AND (size = $3 OR ($3::bigint IS NULL AND size IN (
         SELECT size FROM cosignatures ORDER BY size DESC LIMIT ${lookedAtMax})))
       ORDER BY size DESC, witness, signed_at DESC
     ) AS own ON own.size = c.size
     GROUP BY c.size HAVING count(*) >= $2 ORDER BY c.size DESC LIMIT 1`,
    [witnesses.map(({ vkey }) => vkey), ask.witnessesMin, ask.size ?? null],
  );
  const [row] = rows;
  return row ? { size: row.size, root: row.root, note: row.note + row.lines.join('') } : null;
}

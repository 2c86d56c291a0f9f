/**
 * Old months and old spans of entries leave the database for files: only what is old enough, ended
 * and purged, only once the files were read again, and with an entry that says so.
 */
import { join } from 'node:path';
import type { Clock } from '#src/base/clock.ts';
import { gatewayActor } from '#src/base/words.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import { readManifest, writeArchive, type Manifest } from '#src/store/archive-files.ts';
import {
  attachedParts,
  detach,
  detachedTables,
  noteArchived,
  type MonthPart,
  type SpanPart,
} from '#src/store/archive-parts.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { monthDoubts, spanDoubts } from './archive-doubts.ts';
import { spanName, writeEntries } from './archive-entries.ts';
import { personalColumns, writeMonth } from './archive-months.ts';
import { verifyArchive } from './archive-verify.ts';

export interface ArchiveDeps {
  /** As the role that owns the tables. */
  owner: Database;
  clock: Pick<Clock, 'now'>;
  makeEntry: EntryMaker;
  /** Told of every step, for people who wait. */
  tell: (line: string) => void;
}

export interface ArchiveRequest {
  /** The first month that stays, `2025-01`. */
  before: string;
  dir: string;
  /** The least age of what goes, in years. */
  yearsMin: number;
}

/** What became of a part: `doubts` say why it stays. */
export interface ArchiveOutcome {
  name: string;
  doubts: string[];
}

/** Archives what may go, oldest first; a span of entries only after all those before it. */
export async function archiveOldParts(
  deps: ArchiveDeps,
  request: ArchiveRequest,
): Promise<ArchiveOutcome[]> {
  const { months, spans } = await attachedParts(deps.owner);
  const outcomes: ArchiveOutcome[] = [];
  for (const part of months.filter(({ month }) => month < request.before)) {
    const doubts = await monthDoubts(deps, part, request);
    if (doubts.length === 0) await archivePart(deps, request, part);
    outcomes.push({ name: part.month, doubts });
  }
  for (const part of spans) {
    const doubts = await spanDoubts(deps, part, request);
    if (doubts === null) break;
    if (doubts.length === 0) await archivePart(deps, request, part);
    outcomes.push({ name: `entries ${part.from} to ${part.to - 1}`, doubts });
    if (doubts.length > 0) break;
  }
  return outcomes;
}

/** One transaction: nobody changes a row between its being written and its being detached. */
async function archivePart(
  deps: ArchiveDeps,
  { dir }: ArchiveRequest,
  part: MonthPart | SpanPart,
): Promise<void> {
  const tables = part.what === 'month' ? part.tables : [{ parent: 'entries', name: part.table }];
  const folder = join(dir, part.what === 'month' ? part.month : spanName(part));
  deps.tell(`writing ${folder}`);
  await deps.owner.transaction(async (tx) => {
    await tx.query(`SELECT set_config('idle_in_transaction_session_timeout', '0', true),
      set_config('statement_timeout', '0', true)`);
    await tx.query(`LOCK TABLE ${tables.map(({ name }) => name).join(', ')} IN SHARE MODE`);
    const written = await writeArchive(folder, (writer) =>
      part.what === 'month' ? writeMonth(tx, part, writer) : writeEntries(tx, part, writer),
    );
    deps.tell(`reading ${folder} again`);
    const { manifest, sha256, faults } = await verifyArchive({ folder, vkeys: [] });
    if (faults.length > 0 || sha256 !== written.toString('base64')) {
      throw new Error(`the archive is not what was written: ${faults.join('; ')}`);
    }
    deps.tell(`detaching ${tables.map(({ name }) => name).join(', ')}`);
    if (part.what === 'month') await keepLinks(tx, part);
    for (const { parent, name } of tables) {
      await detach(tx, { parent, name });
      const columns = personalColumns[parent] ?? [];
      for (const column of columns) await tx.query(`ALTER TABLE ${name} DROP COLUMN ${column}`);
      await noteArchived(tx, {
        ...{ name, what: parent, rows: manifest.tables[name] ?? 0, manifest: written },
        ...(part.what === 'month' ? { month: part.month } : { span: part }),
      });
    }
    await submit(tx, [{ entry: archivedEntry(deps, part, manifest, sha256) }]);
  });
}

/** Whose the transfers of a month are: for details that are opened later, and to be destroyed. */
async function keepLinks(tx: Queryable, part: MonthPart): Promise<void> {
  for (const { name } of part.tables.filter(({ parent }) => parent === 'transfers')) {
    await tx.query(
      `INSERT INTO subject_links (id, subject, of_transfer)
       SELECT id, subject, true FROM ${name} WHERE subject IN (SELECT id FROM subjects)`,
    );
  }
}

function archivedEntry(
  deps: ArchiveDeps,
  part: MonthPart | SpanPart,
  manifest: Manifest,
  sha256: string,
) {
  const count = Object.values(manifest.tables).reduce((sum, rows) => sum + rows, 0);
  const isMonth = part.what === 'month';
  const [from, to] = isMonth ? [part.month, part.month] : [`${part.from}`, `${part.to - 1}`];
  const said = { what: isMonth ? 'transfers' : 'entries', from, to, count, sha256 };
  const detail = { ...actorDetail(gatewayActor), ...said };
  return deps.makeEntry({ kind: 'archived', at: deps.clock.now(), detail });
}

/**
 * Destroys the detached tables of the archives in a folder, each after its archive was read once
 * more and is the one that the table was detached for.
 */
export async function dropDetached(
  deps: Pick<ArchiveDeps, 'owner' | 'tell'>,
  request: { folders: readonly string[] },
): Promise<ArchiveOutcome[]> {
  const detached = await detachedTables(deps.owner);
  const outcomes: ArchiveOutcome[] = [];
  for (const folder of request.folders) {
    const { hash } = await readManifest(folder);
    const names = detached.get(hash.toString('hex'));
    if (names === undefined) continue;
    const { faults: doubts } = await verifyArchive({ folder, vkeys: [] });
    if (doubts.length === 0) {
      deps.tell(`dropping ${names.join(', ')}`);
      await deps.owner.transaction(async (tx) => {
        for (const name of names) await tx.query(`DROP TABLE ${name}`);
        await tx.query('UPDATE archives SET dropped_at = now() WHERE name = ANY($1::text[])', [
          names,
        ]);
      });
    }
    outcomes.push({ name: folder, doubts });
  }
  return outcomes;
}

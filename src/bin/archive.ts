/** `waybill archive`, `archive verify`, `archive drop`: what is old leaves the database. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '#src/base/config.ts';
import { StartupError } from '#src/base/errors.ts';
import { createLog } from '#src/base/log.ts';
import { yearsAfter } from '#src/oversight/archive-doubts.ts';
import { archiveOldParts, dropDetached, type ArchiveOutcome } from '#src/oversight/archive.ts';
import { verifyArchive } from '#src/oversight/archive-verify.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { openEmbedded } from './embedded.ts';
import { withOwnRooms } from './own-rooms.ts';
import { readVkeys } from './read-vkeys.ts';
import { rootDir, type Environment } from './settings.ts';

const hourMs = 3_600_000;

/** Archives the months before `--before`, and the spans of entries that were full by then. */
export async function archiveOld(env: Environment, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { before: { type: 'string' }, dir: { type: 'string' } },
  });
  const { before = '' } = values;
  const dir = folderOf(values.dir);
  const yearsMin = readConfig(env, rootDir).ledgerYearsMin;
  assertOldEnough(before, yearsMin);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const outcomes = await withOwner(env, (owner) =>
    withOwnRooms(env, ({ clock, makeEntry }) =>
      archiveOldParts({ owner, clock, makeEntry, tell }, { before, dir, yearsMin }),
    ),
  );
  return report(outcomes, 'archived', 'nothing is old enough');
}

/** Destroys detached tables whose archives lie in the folder and are whole. */
export async function dropArchived(env: Environment, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { dir: { type: 'string' } } });
  const folders = archivesIn(folderOf(values.dir));
  const outcomes = await withOwner(env, (owner) => dropDetached({ owner, tell }, { folders }));
  return report(outcomes, 'dropped', 'no detached table belongs to these archives');
}

/** Checks every archive in a folder, or the one that it is. */
export async function verifyArchives(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { vkey: { type: 'string', multiple: true } },
  });
  const folders = archivesIn(folderOf(positionals[0]));
  const vkeys = readVkeys('vkey', values.vkey ?? []);
  const outcomes: ArchiveOutcome[] = [];
  for (const folder of folders) {
    const { faults, sha256, manifest } = await verifyArchive({ folder, vkeys });
    outcomes.push({ name: `${manifest.name} (${sha256})`, doubts: faults });
  }
  const code = report(outcomes, 'is whole', 'there is no archive');
  return outcomes.length === 0 ? 1 : code;
}

/** What was never old enough is told with the day on which it is. */
function assertOldEnough(before: string, yearsMin: number): void {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(before)) {
    throw new StartupError(['--before: name the first month that stays, such as 2024-01']);
  }
  const from = yearsAfter(new Date(`${before}-01T00:00:00Z`), yearsMin);
  if (from.getTime() <= Date.now()) return;
  const day = from.toISOString().slice(0, 10);
  throw new StartupError([
    `--before ${before}: the ledger is kept ${yearsMin} years; this may go from ${day} on`,
  ]);
}

function folderOf(text: string | undefined): string {
  if (!text) throw new StartupError(['name the folder of the archives']);
  return resolve(text);
}

const isArchive = (folder: string) => existsSync(join(folder, 'manifest.json'));

function archivesIn(dir: string): string[] {
  if (!existsSync(dir)) throw new StartupError([`${dir} does not exist`]);
  if (isArchive(dir)) return [dir];
  return readdirSync(dir)
    .filter((name) => !name.endsWith('.partial') && isArchive(join(dir, name)))
    .sort()
    .map((name) => join(dir, name));
}

/** The database as the role that owns it; under the embedded default, the engine's. */
async function withOwner<T>(env: Environment, work: (owner: Database) => Promise<T>): Promise<T> {
  const config = readConfig(env, rootDir);
  const given = env['MIGRATION_DATABASE_URL'];
  if (!given && config.databaseUrl !== null) {
    throw new StartupError(['MIGRATION_DATABASE_URL: not set (the role that owns the schema)']);
  }
  const engine = given ? null : await openEmbedded(config.home, createLog({ level: 'silent' }));
  const url = given ?? engine?.ownerUrl ?? '';
  const owner = openDatabase({ url, sizeMax: 2, statementTimeoutMs: hourMs });
  try {
    return await work(owner);
  } finally {
    await owner.end();
    await engine?.stop();
  }
}

function report(outcomes: readonly ArchiveOutcome[], done: string, none: string): number {
  if (outcomes.length === 0) tell(none);
  for (const { name, doubts } of outcomes) {
    const told = doubts.length === 0 ? done : `stays: ${doubts.join('; ')}`;
    process.stdout.write(`${name}\t${told}\n`);
  }
  return outcomes.some(({ doubts }) => doubts.length > 0) ? 1 : 0;
}

function tell(line: string): void {
  process.stderr.write(`waybill archive: ${line}\n`);
}

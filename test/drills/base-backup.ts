/**
 * A base backup of a PostgreSQL that runs, by its low-level interface, and its restoration: what
 * pg_basebackup or pgBackRest do, for an engine that ships neither.
 */
import { chown, copyFile, mkdir, readdir, writeFile, appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Place, User } from '#src/store/embedded/place.ts';

/** What is of the running server only; its folders have to be there, empty. */
const emptied = new Set([
  ...['pg_wal', 'pg_dynshmem', 'pg_notify', 'pg_replslot', 'pg_serial', 'pg_snapshots'],
  ...['pg_stat_tmp', 'pg_subtrans', 'archive_status', 'summaries'],
]);
const left = new Set(['postmaster.pid', 'postmaster.opts']);

/** The server copies each finished segment of its log into a folder, from its next start on. */
export async function archiveLog(superuserUrl: string, folder: string): Promise<void> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  const copied = `${folder}/%f`;
  const command = `test ! -f ${copied} && cp %p ${copied}.part && mv ${copied}.part ${copied}`;
  await client.query(`ALTER SYSTEM SET archive_mode = 'on'`);
  await client.query(`ALTER SYSTEM SET archive_command = '${command}'`);
  await client.end();
}

/** Copies the data while the server works, and waits until the log of that time is archived. */
export async function takeBase(superuserUrl: string, data: string, to: string): Promise<void> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query("SELECT pg_backup_start('drill', fast => true)");
    await copyFolder(data, to, undefined);
    const { rows } = await client.query<{ labelfile: string }>('SELECT * FROM pg_backup_stop()');
    await writeFile(join(to, 'backup_label'), rows[0]?.labelfile ?? '');
  } finally {
    await client.end();
  }
}

/** Ends the segment that is being written, and answers its name once it is archived. */
export async function archiveNow(superuserUrl: string): Promise<string> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const last = await client.query<{ file: string }>(
      'SELECT pg_walfile_name(pg_current_wal_lsn()) AS file, pg_switch_wal()',
    );
    const file = last.rows[0]?.file ?? '';
    for (;;) {
      const { rows } = await client.query<{ done: boolean }>(
        'SELECT last_archived_wal >= $1 AS done FROM pg_stat_archiver',
        [file],
      );
      if (rows[0]?.done) return file;
      await client.query('SELECT pg_sleep(0.05)');
    }
  } finally {
    await client.end();
  }
}

/** Puts a base backup and archived log where an engine of another home will find them. */
export async function putBack(from: { base: string; log: string }, place: Place): Promise<void> {
  const log = join(place.folder, 'restore');
  await copyFolder(from.base, place.data, place.user);
  await copyFolder(from.log, log, place.user);
  await appendFile(
    join(place.data, 'postgresql.auto.conf'),
    `archive_mode = 'off'\nhot_standby = 'off'\nrestore_command = 'cp ${log}/%f %p'\n`,
  );
  await writeFile(join(place.data, 'recovery.signal'), '');
  if (place.user) await own(join(place.data, 'recovery.signal'), place.user);
}

/** A file that goes while its folder is copied is of no use to the copy: the log makes it anew. */
export async function copyFolder(from: string, to: string, user: User | undefined): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  if (user) await own(to, user);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (left.has(entry.name)) continue;
    if (entry.isDirectory()) {
      if (emptied.has(entry.name)) await makeEmpty(source, target, user);
      else await copyFolder(source, target, user);
    } else if (entry.isFile()) {
      try {
        await copyFile(source, target);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        continue;
      }
      if (user) await own(target, user);
    }
  }
}

async function makeEmpty(source: string, target: string, user: User | undefined): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  if (user) await own(target, user);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    if (entry.isDirectory())
      await makeEmpty(join(source, entry.name), join(target, entry.name), user);
  }
}

const own = (path: string, { uid, gid }: User) => chown(path, uid, gid);

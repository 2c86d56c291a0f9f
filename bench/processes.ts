/**
 * What processes used, as Linux counts it: processor time of a process with everything it started,
 * and resident memory. Elsewhere than on Linux nothing is counted, and the figures are not there.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, which is 100 on every Linux. */
const ticksPerSecond = 100;

interface Stat {
  pid: number;
  name: string;
  parent: number;
  /** User and system time of its own and of its children that have ended and were waited for. */
  ticks: number;
}

/** Of PostgreSQL's processes; the gateway starts the embedded one, which is counted apart. */
const engine = 'postgres';

/**
 * Processor seconds so far of a process and all its descendants, but for PostgreSQL's unless it is
 * asked for itself (proc(5), `/proc/PID/stat`: utime, stime, cutime, cstime). A child that ends
 * moves from its own row to its parent's: the sum only grows. NaN where there is no `/proc`.
 */
export function cpuSecondsOf(root: number): number {
  const stats = readStats();
  const children = Map.groupBy(stats, ({ parent }) => parent);
  const own = stats.find(({ pid }) => pid === root);
  if (!own) return Number.NaN;
  let ticks = 0;
  const open = [own];
  for (let stat = open.pop(); stat; stat = open.pop()) {
    ticks += stat.ticks;
    const below = children.get(stat.pid) ?? [];
    open.push(...below.filter(({ name }) => own.name === engine || name !== engine));
  }
  return ticks / ticksPerSecond;
}

/** Resident memory of one process in MB; NaN where there is no `/proc`. */
export function residentMb(pid: number): number {
  const status = readQuietly(`/proc/${pid}/status`);
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  return kilobytes === undefined ? Number.NaN : (Number(kilobytes) * 1_024) / 1e6;
}

function readStats(): Stat[] {
  const pids = listQuietly('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const text = readQuietly(`/proc/${pid}/stat`);
    // the name in brackets may hold anything: fields are counted from behind it
    const end = text.lastIndexOf(')');
    const name = text.slice(text.indexOf('(') + 1, end);
    const fields = text.slice(end + 2).split(' ');
    if (fields.length < 20) return [];
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
    return [{ pid: Number(pid), name, parent: Number(fields[1]), ticks }];
  });
}

/** A process may end between two looks. */
function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function listQuietly(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/**
 * Where the time of accepting goes: the gateway under the load of `accept`, sampled by V8, its own
 * time added up by frame and by room.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assertChecks } from './guarantees.ts';
import { pause, withGateway } from './gateway.ts';
import { startGenerator } from './load/start.ts';
import { median, rounded } from './measure.ts';
import { cpuSecondsOf } from './processes.ts';
import { freePort, sampleWhile, type Profile } from './profiler.ts';
import { stagesOf } from './stages.ts';

const consignee = 'samkwang';
const framesMax = 10;
const root = fileURLToPath(new URL('..', import.meta.url));

/** Own time for each order, and its part of all time that the main thread was not idle. */
export interface Share {
  name: string;
  us: number;
  percent: number;
}

export interface ProfileReport {
  accepted: number;
  perSecond: number;
  /** Processor time for each order: of the gateway with all its threads, and of PostgreSQL. */
  cpuUs: number;
  postgresCpuUs: number;
  /** µs for each order, by stage. */
  stages: Record<string, number>;
  rooms: Share[];
  frames: Share[];
}

/** @param options.file where the whole profile is written, for a viewer */
export async function profileAccept(options: {
  quick: boolean;
  file: string;
}): Promise<ProfileReport> {
  const [warm, seconds] = options.quick ? [8, 5] : [15, 20];
  const port = await freePort();
  const flags = [`--inspect=127.0.0.1:${port}`];
  return withGateway({ urls: new Map(), flags }, async (gateway) => {
    const generator = startGenerator();
    const { pid, postgres, url } = gateway;
    const [emr, operator] = await Promise.all([gateway.as('emr'), gateway.as('operator')]);
    await pause(operator, consignee);
    const token = await emr.bearer();
    await assertChecks({ url, token });
    const job = { kind: 'submit' as const, url, token, consignee, connections: 64, warmSeconds: 0 };
    await generator.run({ ...job, run: 1, seconds: warm });
    await postgres.sequenced();
    const used = () => [cpuSecondsOf(pid), cpuSecondsOf(postgres.pid)] as const;
    const before = used();
    let made = { accepted: 0, perSecond: 0 };
    const profile = await sampleWhile(port, async () => {
      made = await generator.run({ ...job, run: 2, seconds });
      await postgres.sequenced();
    });
    const after = used();
    generator.stop();
    writeFileSync(options.file, JSON.stringify(profile));
    const perOrder = (at: 0 | 1) => rounded(((after[at] - before[at]) * 1e6) / made.accepted);
    return {
      ...{ accepted: made.accepted, perSecond: rounded(made.perSecond) },
      ...{ cpuUs: perOrder(0), postgresCpuUs: perOrder(1) },
      stages: stagesOf(profile, made.accepted),
      ...sharesOf(profile, made.accepted),
    };
  });
}

/** The rooms and frames of a profile by their own time, the most expensive first. */
export function sharesOf(
  { nodes, samples, timeDeltas }: Profile,
  orders: number,
): Pick<ProfileReport, 'rooms' | 'frames'> {
  const frameOf = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  // a process that was kept waiting for a core was sampled late: one sample is one interval
  const interval = median(timeDeltas);
  const rooms = new Map<string, number>();
  const frames = new Map<string, number>();
  let total = 0;
  for (const id of samples) {
    const frame = frameOf.get(id);
    if (!frame || frame.functionName === '(idle)') continue;
    const room = roomOf(frame);
    const name = `${frame.functionName || '(anonymous)'} ${placeOf(frame)}`;
    rooms.set(room, (rooms.get(room) ?? 0) + interval);
    frames.set(name, (frames.get(name) ?? 0) + interval);
    total += interval;
  }
  const shares = (times: ReadonlyMap<string, number>) =>
    [...times]
      .map(([name, us]) => {
        return { name, us: rounded(us / orders), percent: rounded((us / total) * 100) };
      })
      .sort((one, other) => other.us - one.us);
  return { rooms: shares(rooms), frames: shares(frames).slice(0, framesMax) };
}

type Frame = Profile['nodes'][number]['callFrame'];

/** `src/<room>`, `api`, `node_modules/<package>`, node itself, or what V8 does by itself. */
function roomOf({ url, functionName }: Frame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(built in)';
  if (url.startsWith('node:')) return url.split('/').slice(0, 2).join('/');
  const path = pathOf(url);
  const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  if (name !== undefined) return `node_modules/${name}`;
  return /^(src\/[^/]+|api|[^/]+)/.exec(path)?.[0] ?? path;
}

function placeOf({ url, lineNumber }: Frame): string {
  return url === '' ? '' : `${pathOf(url)}:${lineNumber + 1}`;
}

const pathOf = (url: string) =>
  url.startsWith('file:') ? fileURLToPath(url).replace(root, '') : url;

/** The report for people. */
export function tellProfile(report: ProfileReport): string {
  const { accepted, perSecond, cpuUs, postgresCpuUs } = report;
  const row = ({ name, us, percent }: Share) =>
    `  ${String(us).padStart(8)}  ${String(percent).padStart(6)}  ${name}\n`;
  return [
    `${accepted} orders accepted, ${perSecond}/s;`,
    ` for each ${cpuUs} µs of the gateway and ${postgresCpuUs} µs of PostgreSQL\n`,
    `        µs  stage (own time of the main thread, for each order)\n`,
    ...Object.entries(report.stages).map(([name, us]) => `  ${String(us).padStart(8)}  ${name}\n`),
    `        µs       %  room\n`,
    ...report.rooms.map(row),
    `        µs       %  frame\n`,
    ...report.frames.map(row),
  ].join('');
}

/**
 * Where a demo lives: its home, and a consignees folder of its own whose addresses are on loopback.
 */
import { createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { keepSecret } from '#src/base/secrets.ts';
import { removeEngineData } from '#src/store/engine.ts';

/** A consignee as shipped, and what the simulated one needs to play it. */
export interface Part {
  id: string;
  channel: 'push' | 'pull';
  /** `whsec_…`, shared by the gateway and a consignee that is pushed to. */
  webhookSecret: string;
  /**
   * The consignee's own; the gateway has the public half alone. Null: nothing of its is encrypted.
   */
  privateKey: KeyObject | null;
  shipped: Record<string, unknown>;
}

export interface Home {
  path: string;
  consigneesDir: string;
  /** Removes it, if it was made for this run. */
  remove(): Promise<void>;
}

const temporaryPrefix = 'waybill-demo-';
/** Waits before each further attempt: a simulated consignee is soon back. */
const scheduleSeconds = [1, 1, 2, 2, 5, 5, 10, 10, 30, 60];

/** The published table's order; whoever else is in the folder comes after. */
const published = [
  ...['mediage', 'bioage', 'samkwang', 'eone', 'medigene', 'greencross', 'bml', 'tnc-pathology'],
  ...['sk-chemicals', 'engitech', 'areumnuri', 'lctech', 'infinite', 's1', 'korea-post'],
  ...['medifix', 'infonet'],
];

/** A fresh temporary home, or the one that stays (`WAYBILL_HOME`, else `.waybill`). */
export async function openHome(once: boolean, wanted: string | undefined): Promise<Home> {
  if (once) await removeAbandoned();
  const path = once
    ? realpathSync(mkdtempSync(join(tmpdir(), `${temporaryPrefix}${process.pid}-`)))
    : resolve(wanted || '.waybill');
  const consigneesDir = join(path, 'demo', 'consignees');
  mkdirSync(consigneesDir, { recursive: true, mode: 0o700 });
  return { path, consigneesDir, remove: () => (once ? removeHome(path) : Promise.resolve()) };
}

async function removeHome(path: string): Promise<void> {
  await removeEngineData(path);
  rmSync(path, { recursive: true, force: true });
}

/** Homes of runs that were killed; their gateways end by themselves. */
async function removeAbandoned(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${temporaryPrefix}(\\d+)-`).exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) await removeHome(join(tmpdir(), name)).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Reads the shipped consignees and makes, or finds, the secrets of the simulated ones. */
export function castParts(home: Home, shippedDir: string): Part[] {
  const ids = readdirSync(shippedDir).flatMap((name) => /^([^.]+)\.yaml$/.exec(name)?.[1] ?? []);
  const rank = (id: string) => (published.includes(id) ? published.indexOf(id) : published.length);
  return ids
    .toSorted((a, b) => rank(a) - rank(b))
    .map((id) => {
      const text = readFileSync(join(shippedDir, `${id}.yaml`), 'utf8');
      const shipped = parse(text) as Part['shipped'] & { channel: Part['channel'] };
      const secret = join(home.consigneesDir, `${id}.webhook`);
      return {
        ...{ id, shipped, channel: shipped.channel },
        webhookSecret: keepSecret(secret, () => `whsec_${randomBytes(32).toString('base64')}`),
        privateKey: shipped['encryptionKeys'] ? keepKey(home, id) : null,
      };
    });
}

/** The consignee's key pair: the private half in a folder of its own, the public one for all. */
function keepKey({ path, consigneesDir }: Home, id: string): KeyObject {
  const text = keepSecret(join(path, 'demo', 'private', `${id}.jwk.json`), () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = privateKey.export({ format: 'jwk' });
    return JSON.stringify({ ...jwk, kid: randomBytes(8).toString('hex'), use: 'enc' });
  });
  const jwk = JSON.parse(text) as Record<string, string>;
  const publicHalf = { ...jwk };
  delete publicHalf['d'];
  writeFileSync(join(consigneesDir, `${id}.public.jwk.json`), `${JSON.stringify(publicHalf)}\n`);
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

/** Writes the gateway's consignees folder. `url`: where each one that is pushed to listens now. */
export function writeConsignees(home: Home, parts: Part[], url: (id: string) => string): void {
  for (const name of readdirSync(home.consigneesDir)) {
    if (name.endsWith('.yaml')) rmSync(join(home.consigneesDir, name));
  }
  for (const { id, channel, privateKey, shipped } of parts) {
    const written = {
      ...shipped,
      ...(privateKey && { encryptionKeys: [`\${file:${id}.public.jwk.json}`] }),
      ...(channel === 'push' && {
        push: { url: url(id), webhookSecret: `\${file:${id}.webhook}` },
        retry: { scheduleSeconds, timeoutSeconds: 10 },
      }),
    };
    writeFileSync(join(home.consigneesDir, `${id}.yaml`), stringify(written));
  }
}

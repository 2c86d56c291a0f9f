/** One engine for a whole test run, in a temporary home, with a migrated template to copy from. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { removeEngineData, startEngine } from '#src/store/engine.ts';
import { migrate } from '#src/store/migrate.ts';

declare module 'vitest' {
  interface ProvidedContext {
    superuserUrl: string;
    ownerUrl: string;
    gatewayUrl: string;
  }
}

export const templateDatabase = 'waybill_template';
const prefix = 'waybill-test-';

/** vitest's globalSetup; it returns the teardown. WAYBILL_TEST_HOME keeps an engine warm. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const kept = process.env['WAYBILL_TEST_HOME'];
  // Dozens of gateways and commands are started: what one has compiled serves those after it.
  const compiled = (process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'waybill-compiled'));
  await removeAbandoned();
  const compiling = existsSync(compiled) ? null : compileOnce();
  const home = kept ?? (await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`)));
  const engine = await startEngine({ home, log: () => undefined });
  await makeTemplate(engine.superuserUrl, engine.ownerUrl);
  await compiling;
  project.provide('superuserUrl', engine.superuserUrl);
  project.provide('ownerUrl', engine.ownerUrl);
  project.provide('gatewayUrl', engine.gatewayUrl);
  return async () => {
    if (kept !== undefined) return engine.stop();
    await engine.stop({ force: true });
    await removeEngineData(home);
    await rm(home, { recursive: true, force: true });
  };
}

/** A process that is killed keeps nothing for the others: one that ends by itself goes first. */
async function compileOnce(): Promise<void> {
  const server = JSON.stringify(new URL('../../src/bin/server.ts', import.meta.url).href);
  const args = ['--input-type=module', '-e', `await import(${server})`];
  await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit');
}

/** The URL of another database of the same server and role. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

async function makeTemplate(superuserUrl: string, ownerUrl: string): Promise<void> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${templateDatabase} WITH (FORCE)`);
  await client.query(`CREATE DATABASE ${templateDatabase} OWNER waybill_owner`);
  await client.end();
  const template = withDatabase(ownerUrl, templateDatabase);
  await migrate({ ownerUrl: template, gatewayRole: 'waybill_gateway' });
}

/** Homes of test runs that were killed: their engines would run for ever. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]);
    if (!(pid > 0) || isAlive(pid)) continue;
    const home = join(tmpdir(), name);
    await removeEngineData(home).catch(() => undefined);
    await rm(home, { recursive: true, force: true }).catch(() => undefined);
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

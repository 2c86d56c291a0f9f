/** A lost machine is put back from its backup, whole; an old backup alone is refused. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runDrill } from '#test/drills/backup.ts';

test('what was acknowledged before the last archived log is there again, and nothing older starts', async () => {
  const figures = await runDrill({
    folder: mkdtempSync(join(tmpdir(), 'waybill-drill-')),
    orders: 20,
    tell: () => undefined,
  });
  expect(figures.acknowledged).toBeGreaterThanOrEqual(40);
  expect(figures.restored).toBe(figures.acknowledged);
  expect(figures).toMatchObject({ faults: 0, repeated: true });
  expect(figures.refusal).toContain('LEDGER_FORKED');
}, 240_000);

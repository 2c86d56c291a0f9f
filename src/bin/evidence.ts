/** `waybill evidence`: fetches one transfer's evidence, byte for byte as it is signed. */
import { parseArgs } from 'node:util';
import { StartupError } from '#src/base/errors.ts';
import { createApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';
import { writePrivately } from './export-file.ts';
import { askForBytes } from './post.ts';

const options = {
  ...callerOptions,
  out: { type: 'string' },
  reason: { type: 'string' },
} as const;

/** The command. */
export async function fetchEvidence(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const { out = '', reason = '' } = values;
  const [transfer = ''] = positionals;
  const missing = Object.entries({ '--out': out, '--reason': reason, TRANSFER: transfer });
  const faults = missing.filter(([, text]) => text === '').map(([name]) => `${name}: not given`);
  if (faults.length > 0) throw new StartupError(faults);
  const api = await createApiClient({ ...readCaller(values), scope: 'audit:read' });
  const path = `/v1/audit/transfers/${encodeURIComponent(transfer)}/evidence`;
  await writePrivately(out, await askForBytes(api, path, { reason }));
  process.stdout.write(`${out}: evidence of transfer ${transfer}\n`);
  return 0;
}

/** `waybill subject erase`: destroys what a running gateway keeps of one person. */
import { parseArgs } from 'node:util';
import { StartupError } from '#src/base/errors.ts';
import type { Erasure } from '#src/oversight/erase.ts';
import { createApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';
import { readSubject } from './subject-file.ts';

/** Prints the counts; 0 also where nobody was known, 1 while something is under way. */
export async function eraseSubject(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...callerOptions,
      'subject-file': { type: 'string' },
      reason: { type: 'string' },
    },
  });
  const { reason = '' } = values;
  if (!reason) throw new StartupError(['--reason: not given']);
  const caller = readCaller(values);
  const subject = readSubject(values['subject-file']);
  const api = await createApiClient(caller);
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ subject, reason });
  const reply = await api.fetch('/v1/subjects/erase', { method: 'POST', headers, body });
  const said = (await reply.json()) as Erasure & { code?: string; detail?: string };
  if (!reply.ok) throw new Error(`${said.code ?? `HTTP ${reply.status}`}: ${said.detail ?? ''}`);
  const { erased, ...counts } = said;
  process.stderr.write(`waybill subject erase: ${erased ? 'destroyed' : 'nobody is known'}\n`);
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  return 0;
}

/** `waybill subject erase`: destroys what a running gateway keeps of one person. */
import { parseArgs } from 'node:util';
import { StartupError } from '#src/base/errors.ts';
import type { Erasure } from '#src/oversight/erase.ts';
import { createApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';
import { ask } from './post.ts';
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
  const body = { subject, reason };
  const { erased, ...counts } = await ask<Erasure>(api, '/v1/subjects/erase', body);
  process.stderr.write(`waybill subject erase: ${erased ? 'destroyed' : 'nobody is known'}\n`);
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  return 0;
}

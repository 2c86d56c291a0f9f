/** `waybill transfer redeliver` and `waybill consignee replay`: what ended goes once more. */
import { parseArgs } from 'node:util';
import { StartupError } from '#src/base/errors.ts';
import type { ReplayReply } from '#src/transfers/replay.ts';
import { createApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';
import { ask } from './post.ts';

/** Lets one transfer of the EMR that calls wait again. */
export async function redeliverTransfer(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...callerOptions, reason: { type: 'string' } },
  });
  const id = onlyOne(positionals, 'the id of a transfer');
  const api = await createApiClient(readCaller(values));
  const { reason } = values;
  const body = reason === undefined ? {} : { reason };
  const path = `/v1/transfers/${encodeURIComponent(id)}/redeliver`;
  const { status } = await ask<{ status: string }>(api, path, body);
  process.stdout.write(`${id} ${status}\n`);
  return 0;
}

/** Lets what a consignee missed wait again, however many requests it takes; prints the sums. */
export async function replayMissed(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...callerOptions,
      what: { type: 'string' },
      since: { type: 'string' },
      reason: { type: 'string' },
    },
  });
  const consignee = onlyOne(positionals, 'the id of a consignee');
  const { what = '', since = '', reason = '' } = values;
  const missing = Object.entries({ what, since, reason }).filter(([, text]) => !text);
  if (missing.length > 0) throw new StartupError(missing.map(([name]) => `--${name}: not given`));
  const api = await createApiClient(readCaller(values));
  const path = `/v1/consignees/${encodeURIComponent(consignee)}/replay`;
  const sums = { replayed: 0, waiting: 0, purged: 0, refused: 0 };
  let cursor: string | null = null;
  do {
    const body: object = { what, since, reason, ...(cursor === null ? {} : { cursor }) };
    const { next, ...counts }: ReplayReply = await ask<ReplayReply>(api, path, body);
    for (const name of ['replayed', 'waiting', 'purged', 'refused'] as const) {
      sums[name] += counts[name];
    }
    process.stderr.write(`waybill: ${sums.replayed} replayed${next === null ? '' : ' so far'}\n`);
    cursor = next;
  } while (cursor !== null);
  process.stdout.write(`${JSON.stringify(sums)}\n`);
  return 0;
}

function onlyOne([one, ...more]: readonly string[], what: string): string {
  if (one === undefined || more.length > 0) throw new StartupError([`name ${what}, and one only`]);
  return one;
}

/** `waybill contract usage`: contracted and never used, sent and contracted for nobody. */
import { parseArgs } from 'node:util';
import type { UsageReport } from '#src/oversight/usage.ts';
import { createApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';

/** Prints the report of a running gateway. Exit status 0, whatever it finds. */
export async function printUsage(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { ...callerOptions, days: { type: 'string' }, json: { type: 'boolean' } },
  });
  const api = await createApiClient(readCaller(values));
  const query =
    values.days === undefined ? '' : `?${new URLSearchParams({ days: values.days }).toString()}`;
  const report = await api.json<UsageReport>(`/v1/contracts/usage${query}`);
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : tell(report));
  return 0;
}

function tell({ days, since, consignees, sentForNobody }: UsageReport): string {
  const unused = consignees.flatMap(({ contract, transfers, neverReleased }) => {
    if (transfers === 0) return [`  ${contract}: no transfer, so nothing can be said`];
    if (neverReleased.length === 0) return [];
    const codes = neverReleased.map(({ item }) => item).join(', ');
    return [`  ${contract} (${transfers} transfers): ${codes}`];
  });
  const sent = sentForNobody.map(
    ({ item, label, transfers }) => `  ${item} (${label.en} / ${label.ko}): ${transfers} transfers`,
  );
  return [
    `The last ${days} days, since ${since}`,
    '',
    'Contracted, and never released:',
    ...(unused.length > 0 ? unused : ['  nothing']),
    '',
    'Sent by an EMR, and contracted for nobody:',
    ...(sent.length > 0 ? sent : ['  nothing']),
    '',
  ].join('\n');
}

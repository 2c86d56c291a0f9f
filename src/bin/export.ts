/** `waybill audit export`: what a search finds, streamed into a file that is whole or not there. */
import { parseArgs } from 'node:util';
import { StartupError } from '#src/base/errors.ts';
import { createApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';
import { writePrivately } from './export-file.ts';
import { askForBytes } from './post.ts';
import { readSubject } from './subject-file.ts';

const text = { type: 'string' } as const;
const filters = {
  ...{ consignee: text, status: text, released: text, withheld: text, client: text },
  ...{ contract: text, transfer: text, from: text, to: text },
};
const options = {
  ...callerOptions,
  ...filters,
  ...{ format: text, reason: text, out: text, lang: text },
  'withheld-reason': text,
  'subject-file': text,
} as const;

/** A whole export ends so; of a table nothing but the end of the reply says that it is whole. */
const endings: Readonly<Record<string, RegExp>> = {
  csv: /(^|\n)$/,
  ndjson: /(^|\n)\{"end":true,"count":\d+\}\n$/,
  fhir: /\]\}\n$/,
};
const endingBytesMax = 64;

/** The command. */
export async function exportToFile(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options });
  const { format = '', reason = '', out = '', lang } = values;
  const missing = Object.entries({ format, reason, out }).filter(([, given]) => given === '');
  if (missing.length > 0) throw new StartupError(missing.map(([name]) => `--${name}: not given`));
  const ending = endings[format];
  if (!ending) throw new StartupError([`--format: one of ${Object.keys(endings).join(', ')}`]);
  const asked = Object.keys(filters).flatMap((name) => {
    const value = values[name as keyof typeof filters];
    return value === undefined ? [] : [[name, value] as const];
  });
  const body = {
    ...{ format, reason, ...Object.fromEntries(asked) },
    ...(lang === undefined ? {} : { lang }),
    ...(values['withheld-reason'] === undefined
      ? {}
      : { withheldReason: values['withheld-reason'] }),
    ...(values['subject-file'] === undefined
      ? {}
      : { subject: readSubject(values['subject-file']) }),
  };
  const api = await createApiClient({ ...readCaller(values), scope: 'audit:read' });
  const pieces = assertWhole(await askForBytes(api, '/v1/audit/export', body), ending);
  await writePrivately(out, pieces, (bytes) => {
    process.stderr.write(`\rexported ${(bytes / 1_048_576).toFixed(1)} MiB`);
  });
  process.stderr.write('\n');
  process.stdout.write(`${out}: ${format}\n`);
  return 0;
}

/** The pieces as they come. Throws at their end where it is not the end of an export. */
async function* assertWhole(
  pieces: AsyncIterable<Uint8Array>,
  ending: RegExp,
): AsyncGenerator<Uint8Array, void, undefined> {
  let last = Buffer.alloc(0);
  for await (const piece of pieces) {
    last = Buffer.concat([last, piece.subarray(-endingBytesMax)]).subarray(-endingBytesMax);
    yield piece;
  }
  if (!ending.test(last.toString('utf8'))) throw new Error('the export broke off');
}

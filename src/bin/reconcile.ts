/** `waybill reconcile`: holds the ids that one side has of a day against the gateway's. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { StartupError } from '#src/base/errors.ts';
import type { Reconciliation } from '#src/oversight/reconcile.ts';
import { createApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';
import { ask } from './post.ts';

const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Exit status 0 when both sides have the same, 1 when not; the differences on standard output. */
export async function reconcileDay(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...callerOptions,
      day: { type: 'string' },
      hour: { type: 'string' },
      what: { type: 'string', default: 'transfers' },
      ids: { type: 'string' },
      side: { type: 'string' },
      consignee: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { day, what, hour, side, consignee, json } = values;
  if (!day) throw new StartupError(['--day: not given (YYYY-MM-DD, Asia/Seoul)']);
  const ids = values.ids === undefined ? undefined : readIds(values.ids);
  const api = await createApiClient(readCaller(values));
  const found = await ask<Reconciliation>(api, '/v1/audit/reconciliations', {
    ...{ what, day, side, consignee, ids },
    ...(hour === undefined ? {} : { hour: Number(hour) }),
  });
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : told(found));
  const { missingRows = [], missingEntries = [] } = found.ledger ?? {};
  return found.agrees === false || missingRows.length + missingEntries.length > 0 ? 1 : 0;
}

/** One id a line; empty lines are passed over. What else stands there is not repeated. */
function readIds(file: string): string[] {
  let text = '';
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch {
    throw new StartupError([`--ids: ${file} cannot be read`]);
  }
  const lines = text.split('\n').map((line) => line.trim().toLowerCase());
  const wrong = lines.findIndex((line) => line !== '' && !id.test(line));
  if (wrong >= 0) throw new StartupError([`--ids: line ${wrong + 1} is not an id (UUID)`]);
  return lines.filter((line) => line !== '');
}

function told(found: Reconciliation): string {
  const lines = [`${found.from} to ${found.to}${found.complete ? '' : ', not over yet'}`];
  for (const { consignee, count, digest } of found.groups) {
    lines.push(`${consignee}: ${count}, SHA-256 ${digest}`);
  }
  lines.push(`in all: ${found.count}, SHA-256 ${found.digest}`);
  for (const one of found.onlyHere.items) {
    lines.push(`only the gateway has ${one.id} (${one.consignee}, ${one.status})`);
  }
  for (const { id, why, status } of found.onlyThere.items) {
    lines.push(`the gateway does not count ${id}: ${why}${status === null ? '' : ` (${status})`}`);
  }
  const { missingRows = [], missingEntries = [] } = found.ledger ?? {};
  for (const id of missingRows) lines.push(`the ledger released ${id}; its row is gone`);
  for (const id of missingEntries) lines.push(`${id} has a row; the ledger never released it`);
  if (found.agrees !== null) {
    const { onlyHere, onlyThere } = found;
    const counts = `${onlyHere.count} only here, ${onlyThere.count} only there`;
    lines.push(found.agrees ? 'both sides have the same' : `NOT THE SAME: ${counts}`);
  }
  return `${lines.join('\n')}\n`;
}

/** `waybill review`: lists the periods, shows what happened in one, and signs what was found. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CompactSign, importJWK, type JWK } from 'jose';
import { sha256 } from '#src/base/canonical.ts';
import { StartupError } from '#src/base/errors.ts';
import { reviewClaims, reviewType } from '#src/oversight/review-sign.ts';
import type { ReviewStanding } from '#src/oversight/review.ts';
import type { ReviewView } from '#src/oversight/review-view.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';
import { languageOf } from './language.ts';
import { ask } from './post.ts';
import { reviewText } from './review-text.ts';
import type { Environment } from './settings.ts';

const options = {
  ...callerOptions,
  json: { type: 'boolean' },
  lang: { type: 'string' },
  summary: { type: 'string' },
  'findings-file': { type: 'string' },
  'measures-file': { type: 'string' },
} as const;

function read(args: readonly string[]) {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  return { values, positionals, ...readCaller(values) };
}

function onePeriod(positionals: readonly string[]): string {
  const [period, ...more] = positionals;
  if (period === undefined || more.length > 0) {
    throw new StartupError(['name one period, such as 2026-01']);
  }
  return period;
}

/** Prints every period and how it stands. Exit status 1 where one is overdue. */
export async function listPeriods(args: readonly string[]): Promise<number> {
  const { values, ...caller } = read(args);
  const api = await createApiClient(caller);
  const list = await api.json<{ items: ReviewStanding[] }>('/v1/audit/reviews');
  const lines = list.items.map(({ period, from, to, dueOn, state, signed }) => {
    const by = signed ? `${signed.at} ${signed.person ?? signed.client}` : `due ${dueOn}`;
    return `${period.padEnd(9)} ${from} ${to} ${state.padEnd(8)} ${by}`;
  });
  process.stdout.write(values.json ? `${JSON.stringify(list)}\n` : `${lines.join('\n')}\n`);
  return list.items.some(({ state }) => state === 'overdue') ? 1 : 0;
}

async function open(api: ApiClient, period: string): Promise<ReviewView> {
  return api.json<ReviewView>(`/v1/audit/reviews/${encodeURIComponent(period)}`);
}

/** Prints what happened in a period. */
export async function showPeriod(env: Environment, args: readonly string[]): Promise<number> {
  const { values, positionals, ...caller } = read(args);
  const language = languageOf(env, values.lang);
  if (!language) throw new StartupError(['--lang: must be en or ko']);
  const review = await open(await createApiClient(caller), onePeriod(positionals));
  process.stdout.write(values.json ? `${JSON.stringify(review)}\n` : reviewText(review, language));
  return 0;
}

/** What a person wrote, from a file, `-` for standard input: others see a command's arguments. */
function readText(name: string, file: string | undefined): string {
  if (!file) throw new StartupError([`--${name}: not given`]);
  const text = readFileSync(file === '-' ? 0 : file, 'utf8').trim();
  if (text === '') throw new StartupError([`--${name}: ${file} is empty`]);
  return text;
}

/**
 * Signs a period with the client's own key. `--summary` says what was shown before: another one is
 * not signed, nor one that is not the SHA-256 of what the gateway shows.
 */
export async function signPeriod(args: readonly string[]): Promise<number> {
  const { values, positionals, ...caller } = read(args);
  const period = onePeriod(positionals);
  const { summary } = values;
  if (!summary) throw new StartupError(['--summary: not given; `review show` prints it']);
  const findings = readText('findings-file', values['findings-file']);
  const measures = readText('measures-file', values['measures-file']);
  const api = await createApiClient(caller);
  const { basis, anomalies } = await open(api, period);
  const shown = sha256(Buffer.from(basis, 'utf8')).toString('base64');
  if (shown !== summary) {
    process.stderr.write(`waybill: the review is not the one of that summary any more\n`);
    return 1;
  }
  const said = { period, summary, findings, measures };
  const signature = await sign(caller.clientKey, reviewClaims(said, anomalies.length));
  const answer = await ask<ReviewStanding>(api, '/v1/audit/reviews', { ...said, signature });
  process.stdout.write(`${answer.period} signed ${answer.signed?.at}\n`);
  return 0;
}

async function sign(clientKey: JWK, claims: Buffer): Promise<string> {
  const { alg = 'ES384', kid } = clientKey;
  const header = { alg, typ: reviewType, ...(kid === undefined ? {} : { kid }) };
  return new CompactSign(claims).setProtectedHeader(header).sign(await importJWK(clientKey, alg));
}

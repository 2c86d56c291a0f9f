/** `waybill disclosures`: who received one person's data, as a table, JSON or a page to print. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { StartupError } from '#src/base/errors.ts';
import type { Words } from '#src/base/words.ts';
import type { Disclosures } from '#src/oversight/disclosures.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';
import { languageOf } from './language.ts';
import { ask, post } from './post.ts';
import type { Environment } from './settings.ts';
import { readSubject } from './subject-file.ts';

const options = {
  ...callerOptions,
  'subject-file': { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  'reason-file': { type: 'string' },
  html: { type: 'string' },
  json: { type: 'boolean' },
  lang: { type: 'string' },
} as const;

/** All pages as one. */
async function readAll(api: ApiClient, asked: object): Promise<Disclosures> {
  const path = '/v1/audit/disclosures';
  const body = { ...asked, limit: 1_000 };
  const first = await ask<Disclosures>(api, path, body);
  for (let { next } = first; next !== null;) {
    const page = await ask<Disclosures>(api, path, { ...body, cursor: next });
    first.disclosures.push(...page.disclosures);
    next = page.next;
  }
  return { ...first, next: null };
}

/** The accounting as lines: one for each recipient, then one for each transfer. */
function textOf(found: Disclosures, language: keyof Words): string {
  const none = { en: 'Nothing is held of this person.', ko: '이 사람의 기록이 없습니다.' };
  if (!found.known) return `${none[language]}\n`;
  const recipients = found.recipients.map(({ name, contract, first, last, count, items }) => {
    const labels = items.map(({ label }) => label[language]).join(', ');
    return `${first.date} ~ ${last.date} ${String(count).padStart(5)}  ${name[language]} (${contract.id}): ${labels}`;
  });
  const all = found.disclosures.map(({ moment, name, words, transfer }) => {
    return `${moment.date} ${transfer} ${name[language]}: ${words[language]}`;
  });
  return `${[...recipients, '', ...all].join('\n')}\n`;
}

/** Prints the accounting, or writes the page into a file that others cannot read. */
export async function tellDisclosures(env: Environment, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options });
  const language = languageOf(env, values.lang);
  if (!language) throw new StartupError(['--lang: must be en or ko']);
  const caller = readCaller(values);
  const { from, to, html } = values;
  const reasonFile = values['reason-file'];
  const reason = reasonFile && readFileSync(reasonFile, 'utf8').trim();
  const asked = {
    subject: readSubject(values['subject-file']),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(reason ? { reason } : {}),
  };
  const api = await createApiClient(caller);
  if (html !== undefined) {
    const reply = await post(api, `/v1/audit/disclosures/page?lang=${language}`, asked);
    writeFileSync(html, await reply.text(), { mode: 0o600, flag: 'wx' });
    return 0;
  }
  const found = await readAll(api, asked);
  const text = values.json ? `${JSON.stringify(found)}\n` : textOf(found, language);
  process.stdout.write(text);
  return 0;
}

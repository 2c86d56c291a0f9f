/** `waybill contract diff`: what a version changes, from the files; its impact, from a gateway. */
import { parseArgs } from 'node:util';
import { diffContracts, type ContractDiff, type DiffItem } from '#src/agreements/diff.ts';
import { loadAgreements } from '#src/agreements/load.ts';
import { readConfig } from '#src/base/config.ts';
import { StartupError } from '#src/base/errors.ts';
import type { Contract, Words } from '#src/base/words.ts';
import { impactOf, type ImpactReport, type ItemCounts } from '#src/oversight/impact.ts';
import { createApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';
import { resolveStandIn } from './stand-ins.ts';
import { rootDir, type Environment } from './settings.ts';

type Language = 'en' | 'ko';

const usage = 'contract diff CONSIGNEE FROM TO [--url URL --client-key FILE] [--days N] [--json]';

/**
 * Prints the difference of two versions of the files, and with `--url` what it would have meant
 * for the transfers of late. Exit status 0, also where nothing differs.
 */
export async function diffVersions(env: Environment, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...callerOptions,
      days: { type: 'string' },
      lang: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const [consignee, from, to] = positionals;
  if (!consignee || !from || !to) throw new StartupError([`say ${usage}`]);
  const { contracts } = loadAgreements({ resolveSecret: resolveStandIn }, readConfig(env, rootDir));
  const diff = diffContracts(
    versionOf(contracts, consignee, from),
    versionOf(contracts, consignee, to),
  );
  const impact = values.url === undefined ? null : await askImpact(values, diff);
  const language: Language = values.lang === 'ko' ? 'ko' : 'en';
  const text = values.json
    ? `${JSON.stringify({ ...diff, impact })}\n`
    : [...linesOf(diff, language), ...impactLines(impact, language), ''].join('\n');
  process.stdout.write(text);
  return 0;
}

function versionOf(contracts: readonly Contract[], consignee: string, version: string): Contract {
  const id = `${consignee}.v${version.replace(/^v/, '')}`;
  const found = contracts.find((one) => one.id === id);
  if (found) return found;
  const known = contracts.filter((one) => one.consignee === consignee).map((one) => one.id);
  const there = known.length > 0 ? `there is ${known.join(', ')}` : 'no such consignee';
  throw new StartupError([`${id} does not exist; ${there}`]);
}

/** From what a gateway counts: it need not have read the version that is being written. */
async function askImpact(
  values: Parameters<typeof readCaller>[0] & { days?: string | undefined },
  diff: ContractDiff,
): Promise<ImpactReport> {
  const api = await createApiClient(readCaller(values));
  const query =
    values.days === undefined ? '' : `?${new URLSearchParams({ days: values.days }).toString()}`;
  const path = `/v1/contracts/${diff.consignee}/counts${query}`;
  const reply = await api.fetch(path);
  if (reply.status === 404) throw new Error(`the gateway does not know ${diff.consignee}`);
  if (reply.status === 403) throw new Error('--client-key: use that of an operator or an auditor');
  if (!reply.ok) throw new Error(`${path.split('?')[0]}: HTTP ${reply.status}`);
  return impactOf(diff, (await reply.json()) as ItemCounts);
}

const say: Readonly<Record<string, Words>> = {
  same: { en: 'Nothing differs.', ko: '달라진 것이 없습니다.' },
  reason: { en: 'Reason', ko: '변경 사유' },
  added: { en: 'Items added', ko: '추가되는 항목' },
  removed: { en: 'Items removed', ko: '빠지는 항목' },
  changed: { en: 'Items that change', ko: '달라지는 항목' },
  terms: { en: 'Other terms that differ', ko: '그 밖에 달라지는 조항' },
  required: { en: 'required', ko: '필수' },
  optional: { en: 'optional', ko: '선택' },
  impact: { en: 'Impact on the last {days} days', ko: '최근 {days}일의 전송에 미칠 영향' },
  transfers: { en: '{n} transfers', ko: '전송 {n}건' },
  none: { en: 'no transfer would have gone another way', ko: '달라졌을 전송이 없습니다' },
  wouldBeReleased: {
    en: 'withheld in {n} transfers, would be released',
    ko: '전송 {n}건에서 보류된 항목으로, 앞으로는 제공됩니다',
  },
  wouldBeWithheld: {
    en: 'released in {n} transfers, would be withheld',
    ko: '전송 {n}건에서 제공된 항목으로, 앞으로는 보류됩니다',
  },
  wouldBeRefused: {
    en: 'missing in {n} transfers, which would be refused',
    ko: '전송 {n}건에 없던 항목으로, 앞으로는 의뢰가 거부됩니다',
  },
  missing: { en: 'NO LEGAL BASIS: would be withheld', ko: '법적 근거 없음: 제공되지 않음' },
  unconfirmed: { en: 'legal basis not confirmed', ko: '법적 근거 미확인' },
  confirmed: { en: 'legal basis confirmed', ko: '법적 근거 확인' },
};

function word(key: string, language: Language, facts: Record<string, string | number> = {}) {
  const text = say[key]?.[language] ?? key;
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(facts[name] ?? ''));
}

function itemLine(sign: string, one: DiffItem, language: Language): string {
  const need = word(one.required ? 'required' : 'optional', language);
  const basis = one.legalBasis === 'notNeeded' ? '' : `, ${word(one.legalBasis, language)}`;
  return `  ${sign} ${one.item} (${one.label[language]}) [${one.class}] ${need}${basis}`;
}

function linesOf(diff: ContractDiff, language: Language): string[] {
  const { added, removed, changed, terms, reason } = diff;
  const shown = (value: string | Words | null) =>
    typeof value === 'object' ? (value?.[language] ?? '-') : value;
  const section = (key: string, lines: string[]) =>
    lines.length > 0 ? ['', word(key, language), ...lines] : [];
  const lines = [
    ...section(
      'added',
      added.map((one) => itemLine('+', one, language)),
    ),
    ...section(
      'removed',
      removed.map((one) => itemLine('-', one, language)),
    ),
    ...section(
      'changed',
      changed.map(({ item, what, from, to }) => {
        return `  ~ ${item} ${what}: ${shown(from)} → ${shown(to)}`;
      }),
    ),
    ...section('terms', terms.length > 0 ? [`  ~ ${terms.join(', ')}`] : []),
  ];
  const why = reason ? [`${word('reason', language)}: ${reason[language]}`] : [];
  const differs = lines.length > 0 ? lines : ['', word('same', language)];
  return [`${diff.from} → ${diff.to}`, ...why, ...differs];
}

function impactLines(impact: ImpactReport | null, language: Language): string[] {
  if (!impact) return [];
  const { days, transfers, items } = impact;
  const head = `${word('impact', language, { days })} (${word('transfers', language, { n: transfers })})`;
  const lines = items.map(
    ({ item, effect, transfers: n }) => `  ${item}: ${word(effect, language, { n })}`,
  );
  return ['', head, ...(lines.length > 0 ? lines : [`  ${word('none', language)}`])];
}

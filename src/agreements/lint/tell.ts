/** Puts what the linter found before people, in English or Korean, or before a program. */
import { relative } from 'node:path';
import type { Consignee, Words } from '#src/base/words.ts';
import { sentenceOf } from '../sentences/said.ts';
import type { Finding } from './finding.ts';
import type { LintReport } from './lint.ts';

type Language = keyof Words;

interface Telling {
  language: Language;
  /** Paths are told from here on. */
  from: string;
  names: ReadonlyMap<string, Pick<Consignee, 'name'>>;
}

const words = {
  error: { en: 'error', ko: '오류' },
  warning: { en: 'warning', ko: '주의' },
  law: { en: 'Law', ko: '법령' },
  nobody: { en: 'Clinic, dictionary and folders', ko: '병원, 항목 사전, 폴더' },
  all: { en: 'Every consignee', ko: '모든 수탁자' },
} as const satisfies Readonly<Record<string, Words>>;

/** What is said of this many consignees and of all of them is said once. */
const togetherMin = 3;

function pathOf(file: string, from: string): string {
  const path = relative(from, file);
  return path === '' || path.startsWith('..') ? file : path;
}

/** A sentence begins with a capital, unless it begins with a name from a file. */
function sentence(text: string, language: Language): string {
  const begun = /^(an? |the |it |its |no |is |not |this |there |these |cannot |holds |stands )/;
  const start = language === 'en' && begun.test(text) ? text[0]?.toUpperCase() : text[0];
  const end = /[.?!…]$/.test(text) ? '' : '.';
  return `${start ?? ''}${text.slice(1)}${end}`;
}

function paragraph(finding: Finding, places: readonly string[], { language }: Telling): string[] {
  const { level, what, right, law } = finding;
  return [
    `  ${words[level][language]}: ${sentence(what[language], language)}`,
    `    → ${sentence(right[language], language)}`,
    ...(law ? [`    ${words.law[language]}: ${law[language]}`] : []),
    ...places.map((place) => `    ${place}`),
    '',
  ];
}

/** What holds for every consignee alike is told once, for all of them. */
function together(report: LintReport): Map<string, Finding[]> {
  const same = new Map<string, Finding[]>();
  for (const finding of report.findings) {
    if (finding.consignee === null) continue;
    const key = `${finding.rule}\0${sentenceOf(finding, 'en')}`;
    same.set(key, [...(same.get(key) ?? []), finding]);
  }
  for (const [key, found] of same) {
    const about = new Set(found.map(({ consignee }) => consignee));
    if (about.size < togetherMin || about.size < report.consignees.length) same.delete(key);
  }
  return same;
}

function summary({ consignees, contracts, errors, warnings }: LintReport): Words {
  const many = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;
  const read = `${many(consignees.length, 'consignee')}, ${many(contracts.length, 'contract')}`;
  const readKo = `수탁자 ${consignees.length}곳, 계약 ${contracts.length}건`;
  const found = `${errors === 0 ? 'no error' : many(errors, 'error')}, ${many(warnings, 'warning')}`;
  const foundKo = `오류 ${errors === 0 ? '없음' : `${errors}건`}, 주의 ${warnings}건`;
  return { en: `${read}: ${found}`, ko: `${readKo}: ${foundKo}` };
}

/** The report for people: by consignee, what is wrong, what would be right, the law, where. */
export function tellPeople(report: LintReport, telling: Telling): string {
  const { language, from, names } = telling;
  const alike = together(report);
  const toldTogether = new Set([...alike.values()].flat());
  const lines: string[] = [];
  const place = ({ file, line }: Finding) => {
    const path = pathOf(file, from);
    return language === 'ko' ? `${path} ${line}번째 줄` : `${path}, line ${line}`;
  };
  if (alike.size > 0) lines.push(words.all[language]);
  for (const [finding, ...others] of alike.values()) {
    if (finding) lines.push(...paragraph(finding, [idsOf([finding, ...others])], telling));
  }
  let group: string | null | undefined;
  for (const finding of report.findings) {
    if (toldTogether.has(finding)) continue;
    if (finding.consignee !== group) {
      group = finding.consignee;
      const name = group === null ? words.nobody[language] : names.get(group)?.name[language];
      lines.push(group === null || !name ? (name ?? group ?? '') : `${name} (${group})`);
    }
    lines.push(...paragraph(finding, [place(finding)], telling));
  }
  return [...lines, summary(report)[language], ''].join('\n');
}

function idsOf(findings: readonly Finding[]): string {
  return findings.map(({ contract, consignee }) => contract ?? consignee ?? '').join(', ');
}

/** The report for programs. Rule names are stable; texts are in the language that was asked for. */
export function tellPrograms(report: LintReport, { language, from }: Telling): string {
  const findings = report.findings.map((finding) => ({
    ...{ level: finding.level, rule: finding.rule },
    ...{ file: pathOf(finding.file, from), line: finding.line },
    ...{ consignee: finding.consignee, contract: finding.contract },
    ...(finding.item !== undefined && { item: finding.item }),
    ...{ text: sentenceOf(finding, language), right: finding.right[language] },
    ...(finding.law && { law: finding.law[language] }),
  }));
  const { ok, errors, warnings } = report;
  return `${JSON.stringify({ ok, errors, warnings, findings })}\n`;
}

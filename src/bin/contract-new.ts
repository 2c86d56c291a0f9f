/** `waybill contract new`: starts a contract version, to be filled in, checked and signed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { collectFaults } from '#src/agreements/faults.ts';
import { isConsigneeId, listVersions } from '#src/agreements/folders.ts';
import { noticeDaysMin } from '#src/agreements/force.ts';
import { firstVersionText, nextVersionText } from '#src/agreements/next-version.ts';
import { readConfig } from '#src/base/config.ts';
import { daysAfter, isRealDate, seoulDate } from '#src/base/seoul.ts';
import type { Words } from '#src/base/words.ts';
import { languageOf } from './language.ts';
import { rootDir, type Environment } from './settings.ts';

/** A week for both to sign, and the week that the notice shows it. */
const daysAhead = 14;

const usage = 'usage: waybill contract new CONSIGNEE [--valid-from YYYY-MM-DD] [--lang en|ko]\n';

interface Asked {
  consignee: string;
  validFrom: string | undefined;
  language: keyof Words;
}

function readArgs(env: Environment, args: readonly string[]): Asked | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { 'valid-from': { type: 'string' }, lang: { type: 'string' } },
    });
    const [consignee, ...others] = positionals;
    const language = languageOf(env, values.lang);
    if (!consignee || others.length > 0 || !language) return undefined;
    return { consignee, validFrom: values['valid-from'], language };
  } catch {
    return undefined;
  }
}

interface Started {
  path: string;
  text: string;
  validFrom: string;
  version: number;
}

/** The version to write, or why there is none to write. */
function start(contractsDir: string, asked: Asked, today: string): Started | Words {
  const { consignee } = asked;
  const folder = join(contractsDir, consignee);
  const last = existsSync(folder) ? listVersions(folder, collectFaults()).at(-1) : undefined;
  const wanted = asked.validFrom ?? daysAfter(today, daysAhead);
  if (!last) {
    const dictionary = listVersions(join(contractsDir, 'dictionary'), collectFaults()).at(-1);
    const text = firstVersionText({
      ...{ consignee, dictionary: dictionary?.version ?? 1, validFrom: wanted },
    });
    return { path: join(folder, 'v1.yaml'), text, validFrom: wanted, version: 1 };
  }
  const before = readFileSync(last.path, 'utf8');
  if (/\bTODO:/.test(before)) return words.unfinished(last.version);
  const from = validFromOf(before);
  if (from === undefined) return words.unreadable(last.version);
  if (asked.validFrom !== undefined && wanted <= from) return words.notLater(last.version, from);
  const validFrom = wanted > from ? wanted : daysAfter(from, 1);
  const version = last.version + 1;
  const text = nextVersionText({ last: before, version, validFrom });
  if (text === undefined) return words.unreadable(last.version);
  return { path: join(folder, `v${version}.yaml`), text, validFrom, version };
}

function validFromOf(text: string): string | undefined {
  try {
    const from = (parse(text) as { validFrom?: unknown } | null)?.validFrom;
    return typeof from === 'string' && isRealDate(from) ? from : undefined;
  } catch {
    return undefined;
  }
}

const words = {
  noId: {
    en: 'that is no id of a consignee; use lower case, digits and hyphens',
    ko: '수탁자 아이디가 아닙니다. 영문 소문자, 숫자, 붙임표(-)만 쓰십시오',
  },
  noDate: {
    en: '--valid-from is no day that exists; give a real date, YYYY-MM-DD',
    ko: '--valid-from이 달력에 없는 날입니다. 실제 날짜를 YYYY-MM-DD로 쓰십시오',
  },
  notLater: (version: number, from: string): Words => ({
    en: `v${version} begins on ${from}; give a later --valid-from`,
    ko: `v${version}이(가) ${from}에 시작합니다. --valid-from에 더 늦은 날짜를 쓰십시오`,
  }),
  unfinished: (version: number): Words => ({
    en: `v${version} is not filled in yet; finish it before you start the next one`,
    ko: `v${version}이(가) 아직 작성되지 않았습니다. 먼저 완성하십시오`,
  }),
  unreadable: (version: number): Words => ({
    en: `v${version} cannot be read as a contract; see npx waybill contract lint`,
    ko: `v${version}을(를) 계약으로 읽을 수 없습니다. npx waybill contract lint로 확인하십시오`,
  }),
};

interface Facts {
  file: string;
  /** `validFrom` is nearer than the days for which the notice has to show a version. */
  soon: boolean;
  /** The consignee has its file. */
  known: boolean;
}

/** What is to be done next, in order. */
function steps(
  { validFrom }: Started,
  { consignee }: Asked,
  { file, soon, known }: Facts,
): Words[] {
  const latest = daysAfter(validFrom, -noticeDaysMin);
  const restart = soon
    ? {
        en: 'Restart the gateway as soon as both have signed.',
        ko: '양쪽이 서명하는 대로 게이트웨이를 다시 시작하십시오.',
      }
    : {
        en: `Restart the gateway by ${latest}: the notice has to show it for seven days before ${validFrom}.`,
        ko: `${latest}까지 게이트웨이를 다시 시작하십시오. 공개문에 ${validFrom} 전 7일 동안 실려야 합니다.`,
      };
  const listed: Words[] = [
    {
      en: `Open ${file} and write what is wanted wherever TODO stands.`,
      ko: `${file}을(를) 열어 TODO가 있는 곳마다 내용을 쓰십시오.`,
    },
    {
      en: `Check it: npx waybill contract lint ${consignee}`,
      ko: `확인하십시오: npx waybill contract lint ${consignee} --lang ko`,
    },
    {
      en: 'Have both parties sign it: npx waybill contract sign',
      ko: '양쪽이 서명하십시오: npx waybill contract sign',
    },
    restart,
  ];
  const add = {
    en: `Write consignees/${consignee}.yaml: copy another consignee's file and adapt it.`,
    ko: `consignees/${consignee}.yaml을 쓰십시오. 다른 수탁자의 파일을 복사해 고치면 됩니다.`,
  };
  return known ? listed : [add, ...listed];
}

/** What was written, and what is next. */
function tell(started: Started, asked: Asked, facts: Facts): string {
  const { validFrom, version } = started;
  const { consignee, language } = asked;
  const head = {
    en: `${facts.file} is started: version ${version} of ${consignee}, from ${validFrom} on.`,
    ko: `${facts.file}을(를) 만들었습니다: ${consignee} 버전 ${version}, ${validFrom}부터.`,
  };
  const soon = {
    en: `${validFrom} is less than seven days ahead: it begins once the notice has shown it for seven.`,
    ko: `${validFrom}까지 7일이 남지 않았습니다. 7일 동안 공개한 뒤에야 시작합니다.`,
  };
  const wait = {
    en: 'Until it is filled in, a gateway that reads this folder does not start.',
    ko: '다 쓰기 전에는 이 폴더를 읽는 게이트웨이가 시작되지 않습니다.',
  };
  return [
    head[language],
    ...(facts.soon ? [soon[language]] : []),
    ...steps(started, asked, facts).map((step, index) => `  ${index + 1}. ${step[language]}`),
    wait[language],
    '',
  ].join('\n');
}

function refuse(text: string): number {
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
  return 2;
}

/** Writes the file and says what is next. Never overwrites; exit status 2 when it cannot begin. */
export function startContract(env: Environment, args: readonly string[]): Promise<number> {
  const asked = readArgs(env, args);
  if (!asked) return Promise.resolve(refuse(usage));
  return Promise.resolve(writeVersion(env, asked));
}

function writeVersion(env: Environment, asked: Asked): number {
  const { consignee, validFrom, language } = asked;
  const { contractsDir, consigneesDir } = readConfig(env, rootDir);
  if (!isConsigneeId(consignee)) return refuse(words.noId[language]);
  if (validFrom !== undefined && !isRealDate(validFrom)) return refuse(words.noDate[language]);
  const today = seoulDate(Date.now());
  const started = start(contractsDir, asked, today);
  if (!('path' in started)) return refuse(started[language]);
  mkdirSync(dirname(started.path), { recursive: true });
  writeFileSync(started.path, started.text, { flag: 'wx' });
  const soon = started.validFrom < daysAfter(today, noticeDaysMin);
  const known = existsSync(join(consigneesDir, `${consignee}.yaml`));
  const file = relative(process.cwd(), started.path);
  process.stdout.write(tell(started, asked, { file, soon, known }));
  return 0;
}

/** `waybill contract lint`: explains what is wrong or doubtful, without starting anything. */
import { parseArgs } from 'node:util';
import { lintAgreements, type LintReport } from '#src/agreements/lint/lint.ts';
import { tellPeople, tellPrograms } from '#src/agreements/lint/tell.ts';
import { nearest } from '#src/agreements/nearest.ts';
import { readConfig } from '#src/base/config.ts';
import { resolveReference } from '#src/base/secrets.ts';
import { seoulDate } from '#src/base/seoul.ts';
import type { Words } from '#src/base/words.ts';
import { languageOf } from './language.ts';
import { rootDir, type Environment } from './settings.ts';
import { resolveStandIn } from './stand-ins.ts';

const usage = `usage: waybill contract lint [CONSIGNEE…] [--lang en|ko] [--json] [--strict]
`;

const options = {
  lang: { type: 'string' },
  json: { type: 'boolean' },
  strict: { type: 'boolean' },
} as const;

interface Asked {
  only: readonly string[];
  language: keyof Words;
  json: boolean;
  strict: boolean;
}

function readArgs(env: Environment, args: readonly string[]): Asked | undefined {
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const language = languageOf(env, values.lang);
    if (!language) return undefined;
    return { only: positionals, language, json: !!values.json, strict: !!values.strict };
  } catch {
    return undefined;
  }
}

function refuse(text: string): number {
  process.stderr.write(text);
  return 2;
}

/** A name that was not meant would otherwise be told that nothing is wrong with it. */
function strangerIn({ consignees }: LintReport, only: readonly string[]): string | undefined {
  return only.find((id) => !consignees.includes(id));
}

/**
 * Exit status 0 when nothing is wrong, or only doubtful; 1 when something is wrong, with `--strict`
 * also when something is doubtful; 2 when the command was not understood.
 */
export async function lintContracts(env: Environment, args: readonly string[]): Promise<number> {
  const asked = readArgs(env, args);
  if (!asked) return refuse(usage);
  const { contractsDir, consigneesDir } = readConfig(env, rootDir);
  const where = { contractsDir, consigneesDir, today: seoulDate(Date.now()) };
  const resolveSecret: Parameters<typeof lintAgreements>[0]['resolveSecret'] = (reference, hint) =>
    // only keys that signatures are checked with matter here, and they are public
    hint.use === 'signingKey'
      ? resolveReference(reference, { env, baseDir: consigneesDir })
      : resolveStandIn(reference, hint);
  const report = await lintAgreements({ resolveSecret }, { ...where, only: asked.only });
  const stranger = strangerIn(report, asked.only);
  if (stranger !== undefined) return refuse(await strangerText(stranger, resolveSecret, where));
  const telling = { language: asked.language, from: process.cwd(), names: report.names };
  process.stdout.write((asked.json ? tellPrograms : tellPeople)(report, telling));
  return report.errors > 0 || (asked.strict && report.warnings > 0) ? 1 : 0;
}

async function strangerText(
  stranger: string,
  resolveSecret: Parameters<typeof lintAgreements>[0]['resolveSecret'],
  where: { contractsDir: string; consigneesDir: string; today: string },
): Promise<string> {
  const { consignees } = await lintAgreements({ resolveSecret }, { ...where, only: [] });
  const meant = nearest(stranger, consignees);
  const right = meant ? `did you mean "${meant}"?` : `there is ${consignees.join(', ')}`;
  return `there is no consignee "${stranger}"; ${right}\n`;
}

/** The language that a command speaks: asked for, or the terminal's own. */
import type { Words } from '#src/base/words.ts';
import type { Environment } from './settings.ts';

/**
 * `--lang`, else Korean where `LC_ALL`, or without it `LC_MESSAGES` or `LANG`, begins with `ko`.
 * Undefined for a language that Waybill does not speak.
 */
export function languageOf(env: Environment, asked: string | undefined): keyof Words | undefined {
  if (asked !== undefined) return asked === 'en' || asked === 'ko' ? asked : undefined;
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  return /^ko(\b|_)/i.test(locale) ? 'ko' : 'en';
}

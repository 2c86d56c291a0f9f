/** How a value is hidden in a text: each of these is promised to be seen through. */
import { pick, type Random } from './random.ts';

export type Disguise =
  | 'plain'
  | 'joined'
  | 'spaced'
  | 'dotted'
  | 'dashed'
  | 'fullWidth'
  | 'zeroWidth'
  | 'base64'
  | 'base64url'
  | 'percent';

const WAYS: Readonly<Record<Disguise, (value: string) => string>> = {
  plain: (value) => value,
  joined: (value) => value.replaceAll(/[-+ ]/g, ''),
  spaced: (value) => [...value].join(' '),
  dotted: (value) => value.replaceAll('-', '.'),
  dashed: (value) => [...value].join('-'),
  fullWidth: (value) =>
    value.replaceAll(/[!-~]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)),
  zeroWidth: (value) => [...value].join('\u200b'),
  base64: (value) => Buffer.from(`환자번호 ${value}`).toString('base64'),
  base64url: (value) => Buffer.from(`환자 확인 ${value}`).toString('base64url'),
  percent: (value) =>
    value.replaceAll(/[!-~]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
};

const ALL = Object.keys(WAYS) as Disguise[];
/** A number that belongs to nobody in the record is only looked for as numbers are written. */
const OF_NUMBERS: readonly Disguise[] = ['plain', 'joined', 'fullWidth', 'base64'];

/** A value in a disguise of its choice. */
export function disguised(
  random: Random,
  value: string,
  isNobodys: boolean,
): [disguise: Disguise, text: string] {
  const disguise = pick(random, isNobodys ? OF_NUMBERS : ALL);
  return [disguise, WAYS[disguise](value)];
}

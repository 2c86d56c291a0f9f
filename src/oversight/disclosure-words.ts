/** What became of a transfer, in words that a patient understands. */
import { underWaySql } from '#src/base/under-way.ts';
import type { Words } from '#src/base/words.ts';

/**
 * `received`: its recipient confirmed it. `turned-away`: it got there, and was not accepted.
 * `uncertain`: it was tried, or taken up and not confirmed; it may have been seen. `on-its-way`:
 * nobody has it yet. `never-left`: nobody ever had it, and nobody will.
 */
export type DisclosureOutcome =
  'received' | 'turned-away' | 'uncertain' | 'on-its-way' | 'never-left';

/** Those by which somebody has, had or may have had the data. */
export const disclosed: readonly DisclosureOutcome[] = ['received', 'turned-away', 'uncertain'];

export const outcomeWords: Readonly<Record<DisclosureOutcome, Words>> = {
  received: { en: 'Received', ko: '전달됨' },
  'turned-away': {
    en: 'It arrived, and the recipient did not accept it',
    ko: '도착하였으나 받는 곳에서 접수하지 않음',
  },
  uncertain: {
    en: 'Sending was tried; it may have arrived',
    ko: '전송을 시도하여 도착하였을 수 있음',
  },
  'on-its-way': { en: 'Not received yet', ko: '아직 받지 않음' },
  'never-left': { en: 'Never left the clinic', ko: '병원 밖으로 나가지 않음' },
};

/**
 * The outcome of a row of `transfers`. An attempt that failed may have arrived all the same; what
 * was only opened and put back counts no attempt.
 */
export const outcomeSql = `CASE
  WHEN taken_at IS NOT NULL OR status = 'delivered' THEN 'received'
  WHEN status = 'rejected' THEN 'turned-away'
  WHEN attempts > 0 THEN 'uncertain'
  WHEN status IN ${underWaySql} THEN 'on-its-way'
  ELSE 'never-left' END`;

/** When it was: taken over, ended, or, while it waits, accepted. */
export const instantSql = 'coalesce(taken_at, settled_at, created_at)';

/** What reviewers are told, in both languages. */
import type { ErrorCode } from '#src/base/errors.ts';
import { say, type Message } from './message.ts';

type ReviewCode = 'PERIOD_OPEN' | 'ALREADY_REVIEWED' | 'REVIEW_CHANGED';

export const reviewMessages: Readonly<Record<ReviewCode & ErrorCode, Message>> = {
  PERIOD_OPEN: say(
    'The period cannot be signed yet',
    'It has not ended, or its last entries are still being counted. Open it again a little later.',
    '아직 서명할 수 없는 기간입니다',
    '기간이 끝나지 않았거나 마지막 기록을 집계하고 있습니다. 잠시 뒤에 다시 여십시오.',
  ),
  ALREADY_REVIEWED: say(
    'The period is signed already',
    'A period is signed once. Write what was found since into the review of the next one.',
    '이미 서명된 기간입니다',
    '한 기간에는 한 번만 서명합니다. 그 뒤에 확인한 내용은 다음 점검에 적으십시오.',
  ),
  REVIEW_CHANGED: say(
    'The review is not the one that you were shown',
    'Open the period again, look at what is different, and sign the new summary.',
    '확인하신 점검 내용과 현재 내용이 다릅니다',
    '기간을 다시 열어 달라진 내용을 확인하고 새 summary에 서명하십시오.',
  ),
};

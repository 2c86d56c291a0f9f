/** What callers are told about what was, or cannot yet be, destroyed or archived. */
import { say } from './message.ts';

export const retentionMessages = {
  SUBJECT_BUSY: say(
    'Something of this person is still under way',
    'Nothing was destroyed.[ Accepted, waiting or being delivered: {count}.] Cancel what waits, or ' +
      'stop it (POST /v1/subjects/suspend), let the rest end, and ask again.',
    '이 사람의 전송이 아직 진행 중입니다',
    '파기한 것이 없습니다.[ 접수되었거나 대기 또는 전달 중인 전송: {count}건.] 대기 중인 전송을 취소하거나 ' +
      '처리를 정지하고(POST /v1/subjects/suspend) 나머지가 끝난 뒤 다시 요청하십시오.',
  ),
  ARCHIVED: say(
    'This was moved to an archive',
    'It is not in the database any more: read it from the archive that the clinic keeps.[ Entries ' +
      'from {from} on are here.] Hash tiles and proofs of everything are still served.',
    '보관소로 옮겨진 기록입니다',
    '데이터베이스에 더 이상 없습니다. 의원이 보관하는 아카이브에서 읽으십시오.[ {from}번부터의 기록은 ' +
      '여기에 있습니다.] 해시 타일과 증명은 모두 계속 제공됩니다.',
  ),
};

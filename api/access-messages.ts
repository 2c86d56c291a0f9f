/** What whoever manages accounts is told. */
import type { ErrorCode } from '#src/base/errors.ts';
import { say, type Message } from './message.ts';

export const accessMessages = {
  OWN_ACCESS: say(
    'Nobody decides about their own access',
    'Ask somebody else who may manage access to do this.',
    '자신의 접근 권한은 스스로 정할 수 없습니다',
    '접근 권한을 관리하는 다른 사람에게 요청하십시오.',
  ),
  ACCOUNT_TAKEN: say(
    'There is an account with this id',
    'Choose another id. A revoked account keeps its id for good; a client can be given new keys.',
    '이 ID의 계정이 이미 있습니다',
    '다른 ID를 고르십시오. 권한이 취소된 계정의 ID도 다시 쓰이지 않습니다. 클라이언트에는 새 키를 줄 수 있습니다.',
  ),
} satisfies Partial<Record<ErrorCode, Message>>;

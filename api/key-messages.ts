/** What everybody is told while a process lacks a key that the others work with. */
import { say } from './message.ts';

export const keyMessages = {
  KEY_MISSING: say(
    'A key is missing here, so nothing is accepted and nothing leaves',
    'This process of the gateway does not hold a key that its database works with' +
      '[: the {key} key {keyId}]. It goes on by itself once it does. Repeat the request; nothing ' +
      'was changed.',
    '키가 없어 아무것도 접수하거나 내보내지 않습니다',
    '이 게이트웨이 프로세스에 데이터베이스가 쓰는 키가 없습니다[({key}, {keyId})]. 키가 주어지면 ' +
      '스스로 다시 시작합니다. 요청을 다시 보내십시오. 변경된 것은 없습니다.',
  ),
};

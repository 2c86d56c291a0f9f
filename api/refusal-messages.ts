/** What an EMR is told when its order is refused; the facts are those of `messages.ts`. */
import type { RefusedReason } from '#src/base/words.ts';
import { say, type Message } from './message.ts';

export const refusalMessages: Readonly<Record<RefusedReason, Message>> = {
  UNKNOWN_CONSIGNEE: say(
    'There is no such consignee',
    'Use the id of a consignee that GET /v1/notice lists.',
    '등록되지 않은 수탁자입니다',
    'GET /v1/notice에 나오는 수탁자 ID를 사용하십시오.',
  ),
  NO_CONTRACT_IN_FORCE: say(
    'No contract with this consignee is in force',
    "Nothing may be sent to it now. Ask the clinic's privacy officer before you try again.",
    '이 수탁자와 효력이 있는 계약이 없습니다',
    '지금은 아무것도 보낼 수 없습니다. 다시 보내기 전에 병원의 개인정보 보호책임자에게 문의하십시오.',
  ),
  WRONG_SUBJECT: say(
    'The contract is about another kind of person',
    'Check consignee and subject.kind: the contract[ ({contract})] does not cover this kind.',
    '계약이 다루는 정보주체의 종류가 아닙니다',
    'consignee와 subject.kind를 확인하십시오. 계약[({contract})]은 이 종류의 정보주체를 다루지 않습니다.',
  ),
  SUBJECT_MISMATCH: say(
    'The record belongs to another person',
    'subject.id and the identifier in the record differ. Check which person this order is for ' +
      'before you send it again.',
    '기록이 다른 사람의 것입니다',
    'subject.id와 기록 안의 식별자가 서로 다릅니다. 누구에 대한 의뢰인지 확인한 뒤에 다시 보내십시오.',
  ),
  REQUIRED_ITEM_MISSING: say(
    'The contract needs an item that is missing',
    'Add the items listed in errors[ ({items})] and send it again.',
    '계약에 필요한 항목이 빠져 있습니다',
    'errors에 나열된 항목[({items})]을 채워 다시 보내십시오.',
  ),
  INVALID_ITEM: say(
    'An item is not as the dictionary defines it',
    'Correct the places listed in errors[ ({items})] and send it again.',
    '항목의 값이 데이터 사전의 정의와 다릅니다',
    'errors에 나열된 곳[({items})]을 바로잡아 다시 보내십시오.',
  ),
  SUBJECT_SUSPENDED: say(
    'This person has said stop',
    'Nothing about this person may go to this consignee until the suspension is lifted. Ask the ' +
      "clinic's privacy officer.",
    '정보주체가 처리 정지를 요구한 상태입니다',
    '정지가 해제될 때까지 이 사람의 정보를 이 수탁자에게 보낼 수 없습니다. 병원의 개인정보 보호책임자에게 문의하십시오.',
  ),
  UNCONTRACTED_VALUE_IN_TEXT: say(
    'A text holds a value that may not leave',
    'Remove it from the places listed in errors[ ({items})]: what the contract withholds may not ' +
      'leave inside a text either.',
    '보낼 수 없는 값이 글 속에 들어 있습니다',
    'errors에 나열된 곳[({items})]에서 지우고 다시 보내십시오. 계약에 없는 값은 글 속에 넣어서도 보낼 수 없습니다.',
  ),
  NO_CONSIGNEE_KEY: say(
    'The consignee has no key to encrypt to',
    'A unique identifier[ ({items})] may leave only encrypted. Ask the operator to add a public ' +
      'key of the consignee, then send it again.',
    '수탁자의 암호화 키가 없습니다',
    '고유식별정보[({items})]는 암호화해야만 보낼 수 있습니다. 운영자에게 수탁자의 공개 키 등록을 요청한 뒤에 다시 보내십시오.',
  ),
  RECORD_TOO_LARGE: say(
    'The record is too large for one transfer',
    'Send less in one record.[ The limit is {limitBytes} bytes.]',
    '기록이 한 번에 보낼 수 있는 크기를 넘습니다',
    '기록을 나누어 보내십시오.[ 한도는 {limitBytes}바이트입니다.]',
  ),
};

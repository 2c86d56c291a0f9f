/** What callers are told about deliveries, receipts, results and files, in both languages. */
import type { ErrorCode } from '#src/base/errors.ts';
import { say, type Message } from './message.ts';

type ExchangeCode =
  | 'NOT_REDELIVERABLE'
  | 'NOT_REPLACEABLE'
  | 'RECEIPT_REQUIRED'
  | 'RESULT_OUT_OF_ORDER'
  | 'DUPLICATE_RESULT'
  | 'TRANSFER_REQUIRED'
  | 'ALREADY_MATCHED'
  | 'ATTACHMENT_UNUSABLE'
  | 'CLIENT_STALLED'
  | 'TOO_MANY_UPLOADS'
  | 'TOO_MANY_REQUESTS';

export const exchangeMessages: Readonly<Record<ExchangeCode & ErrorCode, Message>> = {
  NOT_REDELIVERABLE: say(
    'The transfer cannot be delivered again',
    'It was cancelled, withdrawn or replaced, or its contract or its person lets it go no more. ' +
      'If it still has to go, send the order anew.',
    '다시 전달할 수 없는 전송입니다',
    '취소·철회되었거나 다른 오더로 대체되었거나, 계약 또는 정보주체가 더 이상 허용하지 않습니다. ' +
      '그래도 보내야 하면 오더를 새로 보내십시오.',
  ),
  NOT_REPLACEABLE: say(
    'The order cannot replace that transfer',
    'Name a transfer of yours to the same consignee and of the same subject that has ended: ' +
      'rejected, failed, cancelled, expired, withdrawn or delivered.',
    '이 오더로 그 전송을 대체할 수 없습니다',
    '같은 수탁자와 같은 대상자에 대한, 이미 끝난(반려·실패·취소·만료·철회·전달) 자신의 전송을 지정하십시오.',
  ),
  RECEIPT_REQUIRED: say(
    'This contract asks for a signed receipt',
    'Send receipt: a compact JWS by a key that the clinic has registered for you, over transfer, ' +
      'commitment and time as the reference shows.',
    '이 계약은 서명된 수령증을 요구합니다',
    '병원에 등록된 키로 전송 ID, commitment, 시각에 서명한 JWS(compact)를 receipt로 보내십시오. 형식은 /docs에 있습니다.',
  ),
  RESULT_OUT_OF_ORDER: say(
    'The result does not follow the ones before it',
    'A preliminary result comes before the final one, amended and corrected ones after it, and ' +
      'none is dated before the last that was taken.[ Taken last: {last}.]',
    '앞선 결과와 순서가 맞지 않습니다',
    '중간 결과는 최종 결과보다 먼저, 수정·정정 결과는 그 뒤에 와야 하며, 마지막으로 받은 결과보다 이른 날짜일 수 없습니다.[ 마지막으로 받은 것: {last}.]',
  ),
  DUPLICATE_RESULT: say(
    'This result was taken already',
    'The same state was reported before. Send a correction as amended or corrected.',
    '이미 받은 결과입니다',
    '같은 상태의 결과가 이미 있습니다. 고친 결과는 amended 또는 corrected로 보내십시오.',
  ),
  TRANSFER_REQUIRED: say(
    'Say which transfer the result is for',
    'Send the transfer id that came with the delivery. Results without one are only taken from ' +
      'consignees whose set-up allows it.',
    '어느 전송에 대한 결과인지 지정해야 합니다',
    '전달받은 전송 ID를 보내십시오. ID 없는 결과는 그렇게 설정된 수탁자에게서만 받습니다.',
  ),
  ALREADY_MATCHED: say(
    'This result is matched to another transfer',
    'Take the match back first; that is recorded, too.',
    '이미 다른 전송에 연결된 결과입니다',
    '먼저 연결을 해제하십시오. 해제도 원장에 기록됩니다.',
  ),
  ATTACHMENT_UNUSABLE: say(
    'The attachment cannot go with this result',
    'Upload it whole for the same transfer first, and use it once.',
    '이 결과에 첨부할 수 없는 파일입니다',
    '같은 전송에 대하여 먼저 파일 전체를 올리고, 한 번만 사용하십시오.',
  ),
  TOO_MANY_UPLOADS: say(
    'You have too many uploads under way, or too many files without a result',
    'Let an upload end, or return the results of the files that you uploaded; then send this one ' +
      'again. A file that no result comes for is destroyed after a day.',
    '진행 중인 업로드 또는 결과에 쓰이지 않은 파일이 너무 많습니다',
    '진행 중인 업로드가 끝나거나 이미 올린 파일의 결과를 보낸 뒤에 다시 보내십시오. ' +
      '결과에 쓰이지 않은 파일은 하루 뒤에 파기됩니다.',
  ),
  TOO_MANY_REQUESTS: say(
    'You have too many requests under way while others ask, too',
    'Nothing was done. Send it again after Retry-After, where there is an Idempotency-Key with ' +
      'the same one, and let some of your requests end before you send the next.',
    '다른 이용자도 사용 중인데 진행 중인 요청이 너무 많습니다',
    '이 요청은 처리되지 않았습니다. Retry-After가 지난 뒤에 다시 보내되, Idempotency-Key가 있으면 ' +
      '같은 키를 사용하고, 앞선 요청이 끝난 뒤에 다음 요청을 보내십시오.',
  ),
  CLIENT_STALLED: say(
    'The upload was cut because it stood still',
    'Read the answers while you send, and send without long pauses. What has an answer is ' +
      'durable; send the rest again with the same keys.',
    '업로드가 멈추어 있어 중단했습니다',
    '보내면서 응답을 함께 읽고, 오래 쉬지 말고 보내십시오. 응답이 온 줄은 저장되었습니다. ' +
      '나머지는 같은 키로 다시 보내십시오.',
  ),
};

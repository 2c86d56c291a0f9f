/** Every sentence that a caller can be told, in English and Korean; only the codes are stable. */
import type { ErrorCode } from '#src/base/errors.ts';
import { accessMessages } from './access-messages.ts';
import { exchangeMessages } from './exchange-messages.ts';
import { exportMessages } from './export-messages.ts';
import { say, type Message } from './message.ts';
import { refusalMessages } from './refusal-messages.ts';
import { retentionMessages } from './retention-messages.ts';
import { reviewMessages } from './review-messages.ts';
import { searchMessages } from './search-messages.ts';
import { keyMessages } from './key-messages.ts';
import { witnessMessages } from './witness-messages.ts';

/**
 * Facts by code, all of them dictionary codes, limits or ids: `items`, `contract` (refusals),
 * `reason`, `offset` (`MALFORMED_JSON`), `reason` (`UNAUTHENTICATED`), `scope`
 * (`INSUFFICIENT_SCOPE`), `limitBytes` (`PAYLOAD_TOO_LARGE`, `RECORD_TOO_LARGE`).
 */
export const messages: Readonly<Record<ErrorCode, Message>> = {
  ...refusalMessages,
  ...exchangeMessages,
  ...accessMessages,
  ...retentionMessages,
  ...witnessMessages,
  ...keyMessages,
  ...searchMessages,
  ...exportMessages,
  ...reviewMessages,
  MALFORMED_JSON: say(
    'The body is not JSON that can be taken as it stands',
    'Send UTF-8 JSON without a byte order mark, duplicate keys, NUL, lone surrogates or numbers ' +
      'that lose their value.[ Found: {reason}.][ Place: byte {offset}.]',
    '본문을 그대로 받아들일 수 있는 JSON이 아닙니다',
    '바이트 순서 표시(BOM), 중복된 키, NUL, 짝이 없는 서로게이트, 값이 달라지는 숫자가 없는 ' +
      'UTF-8 JSON으로 보내십시오.[ 원인: {reason}.][ 위치: {offset}바이트.]',
  ),
  INVALID_REQUEST: say(
    'The request does not match the contract of this operation',
    'Correct the places listed in errors; the reference is at /docs.',
    '요청이 이 API의 규격과 다릅니다',
    'errors에 나열된 곳을 바로잡으십시오. 규격은 /docs에 있습니다.',
  ),
  INVALID_IDEMPOTENCY_KEY: say(
    'The Idempotency-Key is not a quoted string',
    'Send it once, in double quotes as RFC 9651 says, for example ' +
      'Idempotency-Key: "order-20260105-0001".',
    'Idempotency-Key가 큰따옴표로 묶인 문자열이 아닙니다',
    'RFC 9651에 따라 큰따옴표로 묶어 한 번만 보내십시오. 예: Idempotency-Key: "order-20260105-0001"',
  ),
  IDEMPOTENCY_KEY_REQUIRED: say(
    'The Idempotency-Key header is missing',
    'Name each request with a key of its own in double quotes, for example ' +
      'Idempotency-Key: "order-20260105-0001".',
    'Idempotency-Key 헤더가 없습니다',
    '요청마다 고유한 키를 큰따옴표로 묶어 보내십시오. 예: Idempotency-Key: "order-20260105-0001"',
  ),
  IDEMPOTENCY_KEY_REUSED: say(
    'This Idempotency-Key already stands for another request',
    'Use a new key for a new request, and repeat an old one word for word.',
    '이 Idempotency-Key는 이미 다른 요청에 사용되었습니다',
    '새 요청에는 새 키를 사용하고, 이전 요청을 되풀이할 때에는 본문을 그대로 보내십시오.',
  ),
  REQUEST_IN_PROGRESS: say(
    'The same request is still being worked on',
    'Send it again with the same Idempotency-Key in a moment; you will get the first answer.',
    '같은 요청을 아직 처리하고 있습니다',
    '잠시 뒤에 같은 Idempotency-Key로 다시 보내면 첫 번째 응답을 받습니다.',
  ),
  UNSUPPORTED_MEDIA_TYPE: say(
    'This kind of body is not accepted',
    'Send JSON in UTF-8 and say so with Content-Type: application/json.',
    '받을 수 없는 형식의 본문입니다',
    'UTF-8 JSON으로 보내고 Content-Type: application/json을 지정하십시오.',
  ),
  NOT_ACCEPTABLE: say(
    'The answer cannot be given in the form that you accept',
    'Accept the media types that the reference names for this operation.',
    '요청한 형식으로 응답할 수 없습니다',
    'Accept 헤더에 이 API의 규격이 정한 미디어 타입을 지정하십시오.',
  ),
  PAYLOAD_TOO_LARGE: say(
    'The body is too large',
    'Send less in one request.[ The limit is {limitBytes} bytes.]',
    '본문이 너무 큽니다',
    '요청을 나누어 보내십시오.[ 한도는 {limitBytes}바이트입니다.]',
  ),
  METHOD_NOT_ALLOWED: say(
    'This address does not take that method',
    'Use one of the methods in the Allow header.',
    '이 주소에서 쓸 수 없는 메서드입니다',
    'Allow 헤더에 있는 메서드를 사용하십시오.',
  ),
  INVALID_CURSOR: say(
    'The cursor is not one that this list gave',
    'Pass the next of the page before unchanged and with the same filters, or begin without one.',
    '이 목록에서 발급한 커서가 아닙니다',
    '앞 페이지의 next를 그대로, 같은 조건과 함께 보내거나 커서 없이 처음부터 조회하십시오.',
  ),
  UNAUTHENTICATED: say(
    'A valid access token is needed',
    'Get a token at /oauth2/token and send it as Authorization: Bearer. Tokens live for at most ' +
      'five minutes.[ Found: {reason}.]',
    '유효한 접근 토큰이 필요합니다',
    '/oauth2/token에서 토큰을 발급받아 Authorization: Bearer로 보내십시오. 토큰의 유효 시간은 최대 5분입니다.[ 원인: {reason}.]',
  ),
  INSUFFICIENT_SCOPE: say(
    'The access token does not allow this',
    'Ask for a token with the scope that the reference names for this operation[ ({scope})].',
    '접근 토큰에 이 작업의 권한이 없습니다',
    '이 API의 규격이 정한 scope[({scope})]로 토큰을 다시 발급받으십시오.',
  ),
  NOT_FOUND: say(
    'There is nothing here for you',
    'It does not exist, or this client may not see it. Check the id and the address.',
    '대상을 찾을 수 없습니다',
    '존재하지 않거나 이 클라이언트가 볼 수 없는 대상입니다. ID와 주소를 확인하십시오.',
  ),
  LEASE_LOST: say(
    'You no longer hold this lease',
    'It ran out or belongs to another claim. Claim the inbox again; the transfer keeps its id.',
    '이 리스(lease)는 더 이상 유효하지 않습니다',
    '리스 시간이 지났거나 다른 요청이 가져갔습니다. 수신함에서 다시 수령하십시오. 전송 ID는 그대로입니다.',
  ),
  NOT_CANCELLABLE: say(
    'The transfer can no longer be cancelled',
    'It is on its way or has already settled. Read the transfer to see where it stands.',
    '이 전송은 더 이상 취소할 수 없습니다',
    '이미 전달이 시작되었거나 끝났습니다. 전송을 조회하여 상태를 확인하십시오.',
  ),
  RESULT_NOT_EXPECTED: say(
    'No result is expected for this transfer',
    'The transfer was not handed out to you, or it ended without you taking it.',
    '이 전송에 대한 결과를 받을 수 없습니다',
    '전송이 아직 전달되지 않았거나 수령하지 않은 채 끝났습니다. 전송 ID를 확인하십시오.',
  ),
  PAYLOAD_PURGED: say(
    'The content is no longer kept',
    'It was collected, or its time was over, and so it was destroyed; the ledger entry remains.',
    '내용을 더 이상 보관하지 않습니다',
    '수령되었거나 보관 기간이 지나 파기했습니다. 원장의 기록은 남아 있습니다.',
  ),
  INVALID_PROOF_RANGE: say(
    'There is no proof for this range',
    'Choose an index below the size, from not above to, and no size beyond the latest checkpoint.',
    '이 범위의 증명은 없습니다',
    'index는 size보다 작고 from은 to보다 크지 않아야 하며, 크기는 최신 체크포인트를 넘을 수 없습니다.',
  ),
  INBOX_LOCKED: say(
    'The inbox is locked',
    'No contract between the clinic and you is in force, so nothing can be claimed. What you ' +
      'hold must be destroyed when a destruction order says so; ask the clinic.',
    '수신함이 잠겼습니다',
    '병원과 효력이 있는 계약이 없어 아무것도 수령할 수 없습니다. 보유한 정보는 파기 요청에 따라 파기하고, 병원에 문의하십시오.',
  ),
  ALREADY_ENDED: say(
    'This relation has already ended',
    'Nothing was changed. A new relation begins with a new contract version.',
    '이미 종료된 위탁 관계입니다',
    '변경된 것이 없습니다. 새로운 관계는 새 계약 버전으로 시작합니다.',
  ),
  ALREADY_CERTIFIED: say(
    'This destruction order already has its certificate',
    'A certificate is never replaced. Ask the clinic if it was wrong.',
    '이미 파기 확인서가 제출된 요청입니다',
    '확인서는 바꿀 수 없습니다. 잘못되었다면 병원에 문의하십시오.',
  ),
  INVALID_SIGNATURE: say(
    'The signature does not hold',
    'Sign with a key that is registered here for you, over exactly what the reference names for ' +
      'this operation.',
    '서명을 확인할 수 없습니다',
    '이곳에 등록된 자신의 키로, 이 API의 규격이 정한 내용에 그대로 서명하십시오.',
  ),
  DATABASE_UNAVAILABLE: say(
    "The gateway's database does not answer",
    'Nothing leaves while it is away. Try again later; where there is an Idempotency-Key, with ' +
      'the same one.',
    '게이트웨이의 데이터베이스가 응답하지 않습니다',
    '복구될 때까지 아무것도 내보내지 않습니다. 나중에 다시 시도하고, Idempotency-Key가 있으면 같은 키를 사용하십시오.',
  ),
  CLOCK_SKEWED: say(
    "The gateway's clock cannot be trusted",
    'Contract dates and leases cannot be decided, so nothing leaves. Try again later; the ' +
      'operator must correct the clock.',
    '게이트웨이의 시계를 신뢰할 수 없습니다',
    '계약 기간과 리스를 판단할 수 없어 아무것도 내보내지 않습니다. 나중에 다시 시도하십시오. ' +
      '운영자가 시계를 맞추어야 합니다.',
  ),
  LEDGER_STALLED: say(
    'The ledger takes no entries now',
    'Nothing leaves without its entry. Try again later; where there is an Idempotency-Key, with ' +
      'the same one.',
    '원장에 기록할 수 없습니다',
    '기록 없이는 아무것도 내보내지 않습니다. 나중에 다시 시도하고, Idempotency-Key가 있으면 같은 키를 사용하십시오.',
  ),
  SHUTTING_DOWN: say(
    'The gateway is stopping',
    'Send the request again in a moment.',
    '게이트웨이가 종료되고 있습니다',
    '잠시 뒤에 다시 요청하십시오.',
  ),
  INTERNAL: say(
    'The gateway failed',
    'This is our fault, not yours. Try again, where there is an Idempotency-Key with the same ' +
      'one, and tell the operator if it lasts.',
    '게이트웨이에 오류가 발생했습니다',
    '요청의 잘못이 아닙니다. 다시 시도하고, Idempotency-Key가 있으면 같은 키를 사용하십시오. 계속되면 운영자에게 알리십시오.',
  ),
};

/** Fills facts into the `[parts]` of a sentence; a part that lacks one of its facts is left out. */
export function fillIn(
  template: string,
  facts: Readonly<Record<string, string | number>> = {},
): string {
  const fact = (name: string) => (Object.hasOwn(facts, name) ? String(facts[name]) : '');
  const fill = (text: string) => text.replaceAll(/\{(\w+)\}/g, (_, name: string) => fact(name));
  return template.replaceAll(/\[([^\]]*)\]/g, (_, part: string) => {
    const names = [...part.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    return names.every((name) => fact(name) !== '') ? fill(part) : '';
  });
}

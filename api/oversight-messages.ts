/** What callers are told about audits, reviews, witnesses and keys, in both languages. */
import type { ErrorCode } from '#src/base/errors.ts';
import { say, type Message } from './message.ts';

type OversightCode =
  | 'INVALID_COSIGNATURE'
  | 'SUBJECT_BUSY'
  | 'ARCHIVED'
  | 'REVIEW_NOT_DUE'
  | 'ALREADY_REVIEWED'
  | 'REVIEW_CHANGED'
  | 'ID_TAKEN'
  | 'TOO_MANY_REQUESTS'
  | 'LEDGER_FORKED'
  | 'KEYS_CHANGING';

export const oversightMessages: Readonly<Record<OversightCode & ErrorCode, Message>> = {
  INVALID_COSIGNATURE: say(
    'This is not a cosignature that counts here',
    'Send a checkpoint of this ledger, unchanged, with the timestamped Ed25519 cosignature of a ' +
      'witness whose verifier key the gateway was given.',
    '이 원장에서 유효한 공동서명이 아닙니다',
    '이 원장의 체크포인트를 그대로, 게이트웨이에 등록된 증인 키의 시각 포함 Ed25519 공동서명과 함께 보내십시오.',
  ),
  SUBJECT_BUSY: say(
    'Something of this person is still under way',
    'Transfers that wait or results that nobody has collected yet would be lost. Suspend the ' +
      'person first, let the results be collected, then ask again.[ Under way: {count}.]',
    '이 정보주체의 전송 또는 결과가 아직 처리 중입니다',
    '대기 중인 전송이나 회수되지 않은 결과가 사라질 수 있습니다. 먼저 전송을 정지하고 결과를 회수한 뒤 다시 요청하십시오.[ 처리 중: {count}건.]',
  ),
  ARCHIVED: say(
    'This part has been moved to an archive',
    'It is old enough to be kept outside the database. Ask the operator for the archive, which ' +
      'verifies by itself.[ Archive: {archive}.]',
    '보관소로 옮겨진 자료입니다',
    '보존 기간에 따라 데이터베이스 밖에 보관되어 있습니다. 운영자에게 보관 파일을 요청하십시오. 그 파일만으로 검증할 수 있습니다.[ 보관 파일: {archive}.]',
  ),
  REVIEW_NOT_DUE: say(
    'This period is not over yet',
    'A review covers a whole period; sign it when its last day has passed.[ Over on: {over}.]',
    '아직 끝나지 않은 점검 기간입니다',
    '점검은 기간 전체에 대하여 합니다. 마지막 날이 지난 뒤에 서명하십시오.[ 종료일: {over}.]',
  ),
  ALREADY_REVIEWED: say(
    'This period has been reviewed',
    'Its review is signed and stands in the ledger. What was found later belongs to the next one.',
    '이미 점검이 끝난 기간입니다',
    '점검 결과가 서명되어 원장에 있습니다. 이후에 알게 된 사항은 다음 점검에 적으십시오.',
  ),
  REVIEW_CHANGED: say(
    'The summary is not the one that you signed',
    'Read the period again and sign what it shows now.',
    '서명한 내용과 현재 요약이 다릅니다',
    '점검 기간을 다시 조회하고, 지금 보이는 내용에 서명하십시오.',
  ),
  ID_TAKEN: say(
    'This id is taken',
    'Ids are never used twice, also when their account has been revoked. Choose another.',
    '이미 사용된 ID입니다',
    'ID는 계정이 해지된 뒤에도 다시 쓰지 않습니다. 다른 ID를 정하십시오.',
  ),
  TOO_MANY_REQUESTS: say(
    'You ask more often than you may',
    'Wait as long as Retry-After says. Whoever waits for work asks with waitSeconds.',
    '요청이 너무 잦습니다',
    'Retry-After만큼 기다린 뒤 다시 요청하십시오. 작업을 기다릴 때에는 waitSeconds를 사용하십시오.',
  ),
  LEDGER_FORKED: say(
    'The ledger is not the one that was published',
    'A signed checkpoint is known that this database does not hold: it was restored from an old ' +
      'backup, or there are two. Nothing is accepted or sent until an operator has decided.',
    '공개된 원장과 일치하지 않습니다',
    '이 데이터베이스에 없는 서명된 체크포인트가 있습니다. 오래된 백업에서 복원되었거나 원장이 둘로 갈라졌습니다. 운영자가 조치할 때까지 접수와 전송을 하지 않습니다.',
  ),
  KEYS_CHANGING: say(
    'The gateway is changing its keys',
    'This takes a moment. Send the same request again; nothing was done.',
    '게이트웨이가 키를 교체하고 있습니다',
    '잠시 후 같은 요청을 다시 보내십시오. 처리된 것은 없습니다.',
  ),
};

/** What witnesses, and everybody while the ledger is forked, are told. */
import { say } from './message.ts';

export const witnessMessages = {
  UNKNOWN_WITNESS: say(
    'The gateway does not know this witness',
    'Ask the clinic to list your vkey with this client as a witness of its ledger.',
    '등록되지 않은 증인입니다',
    '이 클라이언트와 vkey를 원장의 증인으로 등록해 달라고 의원에 요청하십시오.',
  ),
  LEDGER_FORKED: say(
    'The ledger is forked, so nothing is accepted and nothing leaves',
    'The key of the ledger has signed entries that its database no longer holds. Tell whoever ' +
      'operates the gateway: a person must decide how it goes on. Nothing was changed.',
    '원장이 갈라져 아무것도 접수하거나 내보내지 않습니다',
    '원장의 키로 서명된 기록이 데이터베이스에 없습니다. 게이트웨이 운영자에게 알려 주십시오. ' +
      '어떻게 계속할지는 사람이 결정해야 합니다. 변경된 것은 없습니다.',
  ),
};

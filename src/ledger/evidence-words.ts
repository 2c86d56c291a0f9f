/** What an evidence file of format v1 says of itself. Part of the format: these never change. */
import type { Sentence } from './evidence-form.ts';

/** What the file proves, and what it does not. */
export const evidenceSays: Sentence = {
  en:
    'This file proves, to anyone who trusts the verifier key of the ledger, that the gateway ' +
    'recorded this transfer: under which contract text, which items were released, derived and ' +
    'withheld, when it was handed over and what came back. Every entry in it stands in the ' +
    'signed tree. A cosignature proves that its witness saw the same tree. That no entry of the ' +
    'transfer is missing is what the gateway itself has signed. It does not prove what the values ' +
    'were, whether the record of the EMR was true, what the consignee did with it, or who the ' +
    'subject is: neither values nor identifiers of persons are in it.',
  ko:
    '이 파일은 원장의 검증 키를 신뢰하는 누구에게나 게이트웨이가 이 전송을 기록했음을 증명합니다. ' +
    '어떤 계약 문구에 따라 어떤 항목이 제공, 산출, 제외되었는지, 언제 인계되었고 무엇이 ' +
    '회신되었는지를 보여 줍니다. 모든 기록은 서명된 트리에 들어 있습니다. 공동 서명은 그 증인이 ' +
    '같은 트리를 보았음을 증명합니다. 이 전송의 기록이 빠짐없이 들어 있다는 것은 게이트웨이가 ' +
    '스스로 서명한 진술입니다. 값이 무엇이었는지, EMR 기록이 사실이었는지, 수탁자가 그것으로 ' +
    '무엇을 했는지, 정보주체가 누구인지는 증명하지 않습니다. 값과 개인 식별자는 들어 있지 않습니다.',
};

/** How the commitment is recomputed by those who hold what it was made of. */
export const evidenceRecompute: Sentence = {
  en:
    'commitment = SHA-256(salt || record): the 32 bytes of the salt, then the UTF-8 bytes of the ' +
    'minimised record in its RFC 8785 form, in base64. The EMR got the salt with its 202 reply and ' +
    'the consignee with the delivery; it is not in this file. From the whole record of the EMR, ' +
    '`waybill transfer replay` makes the minimised one by the contract text.',
  ko:
    'commitment = SHA-256(salt || record): salt 32바이트 뒤에 최소화된 레코드의 RFC 8785 형식을 ' +
    'UTF-8 바이트로 이어 붙여 해시한 값(base64)입니다. salt는 EMR이 202 응답으로, 수탁자가 전송과 ' +
    '함께 받았으며 이 파일에는 없습니다. EMR의 전체 레코드에서는 `waybill transfer replay`가 ' +
    '계약 문구에 따라 최소화된 레코드를 만듭니다.',
};

/** What the linter says of signatures, papers, the notice and keys: what a version still lacks. */
import type { Words } from '#src/base/words.ts';
import { laws } from '../laws.ts';
import { say } from '../sentences/said.ts';

/** Signatures, the signed paper, the notice, and the time that a version has. */
export const lifeDoubts = {
  'signature.missing': (why: Words) =>
    say(
      [
        `no order goes out under this version: ${why.en}`,
        'have both parties sign it: npx waybill contract sign',
      ],
      [
        `이 버전으로는 아무것도 나가지 않습니다. ${why.ko}`,
        '양쪽이 서명하십시오: npx waybill contract sign',
      ],
      laws.written,
    ),
  'signature.trial-only': () =>
    say(
      [
        'it is a sample: a trial signs it with demo keys, and on a database of your own no order goes out under it',
        'before real use, register the keys of both parties and have both sign: npx waybill contract sign',
      ],
      [
        '예시 계약입니다. 시험 실행에서만 시험용 키로 서명되며, 실제 데이터베이스에서는 아무것도 나가지 않습니다',
        '실제로 쓰기 전에 양쪽의 키를 등록하고 서명하십시오: npx waybill contract sign',
      ],
      laws.written,
    ),
  'signature.invalid': (why: Words) =>
    say(
      [
        `its signatures do not hold: ${why.en}`,
        'restore the text that was signed, or have both parties sign this one',
      ],
      [
        `서명이 올바르지 않습니다. ${why.ko}`,
        '서명한 본문으로 되돌리거나 이 본문에 양쪽이 다시 서명하십시오',
      ],
      laws.written,
    ),
  'signature.key-absent': () =>
    say(
      [
        'a public key that this file names is not on this machine, so its signatures cannot be checked here',
        'put the key where the file names it, or check where the gateway runs',
      ],
      [
        '이 파일이 가리키는 공개키가 이 컴퓨터에 없어 서명을 확인할 수 없습니다',
        '파일이 가리키는 곳에 키를 두거나 게이트웨이가 있는 컴퓨터에서 확인하십시오',
      ],
    ),
  'notice.missing': (validFrom: string, latest: string) =>
    say(
      [
        `it is to begin on ${validFrom}, and nobody has said that the notice shows it`,
        `publish it by ${latest}, and have the privacy officer sign with the day of publication`,
      ],
      [
        `${validFrom}에 시작할 예정이나 공개했다는 기록이 없습니다`,
        `${latest}까지 공개하고, 개인정보 보호책임자가 공개한 날을 넣어 서명하십시오`,
      ],
      laws.published,
    ),
  'notice.late': (validFrom: string, earliest: string) =>
    say(
      [
        `the notice shows it for less than seven days before ${validFrom}`,
        `it begins on ${earliest} at the earliest; next time, publish a week ahead`,
      ],
      [
        `${validFrom} 전에 공개한 기간이 7일이 되지 않습니다`,
        `빨라도 ${earliest}에 시작합니다. 다음에는 7일 전에 공개하십시오`,
      ],
      laws.published,
    ),
  'reason.missing': () =>
    say(
      [
        'it does not say why it replaces the version before',
        'write reason: { en: …, ko: … } in one sentence; the notice shows it',
      ],
      [
        '앞 버전을 왜 바꾸는지 적혀 있지 않습니다',
        'reason: { en: …, ko: … }에 한 문장으로 적으십시오. 공개문에 실립니다',
      ],
      laws.published,
    ),
  'valid-until.near': (validUntil: string, days: number) =>
    say(
      [
        `it ends on ${validUntil}, in ${days} days, and no later version follows`,
        'start the next version now (npx waybill contract new), or prepare to end the work',
      ],
      [
        `${days}일 뒤인 ${validUntil}에 끝나며 이어지는 버전이 없습니다`,
        '다음 버전을 시작하거나(npx waybill contract new) 위탁 종료를 준비하십시오',
      ],
    ),
  'valid-until.past': (validUntil: string) =>
    say(
      [
        `its last day, ${validUntil}, passed before both had signed, so it is never in force; a version before it goes on`,
        'give a later validUntil (once a gateway has known this version: in the next one), or have an operator end the work',
      ],
      [
        `양쪽이 서명하기 전에 마지막 날(${validUntil})이 지나 효력이 없으며, 앞 버전이 계속 적용됩니다`,
        'validUntil을 뒤로 옮기거나(게이트웨이가 이미 읽었으면 다음 버전에서), 운영자가 위탁을 종료하게 하십시오',
      ],
    ),
  'document.absent': () =>
    say(
      [
        'the signed paper does not lie beside this file, so it could not be compared',
        'put the file that document names into the same folder',
      ],
      [
        '서명된 계약서 파일이 이 폴더에 없어 대조하지 못했습니다',
        'document에 적힌 파일을 같은 폴더에 두십시오',
      ],
      laws.written,
    ),
  'document.placeholder': () =>
    say(
      [
        "no signed paper stands behind it yet: the digest is only that of the paper's name",
        'put the signed paper into the same folder, and its SHA-256 into the next version',
      ],
      [
        '아직 서명된 계약서가 없습니다. sha256이 파일 이름의 값일 뿐입니다',
        '서명된 계약서를 같은 폴더에 두고 그 SHA-256을 다음 버전에 적으십시오',
      ],
      laws.written,
    ),
  'document.differs': () =>
    say(
      [
        'the signed paper beside it is not the one that it names: their SHA-256 differ',
        'put back the paper that was signed; for another paper, start the next version',
      ],
      [
        '폴더에 있는 계약서가 이 계약이 가리키는 것과 다릅니다(SHA-256 불일치)',
        '서명된 원래 계약서를 두십시오. 다른 계약서라면 다음 버전을 시작하십시오',
      ],
      laws.written,
    ),
};

/** Keys of the parties, without which nothing is signed or encrypted. */
export const partyDoubts = {
  'clinic.missing': () =>
    say(
      [
        'there is no clinic.yaml, so nobody can sign contracts for the clinic',
        'add it beside the folders of contracts: name, privacyOfficer, signingKeys',
      ],
      [
        'clinic.yaml이 없어 병원을 대신해 서명할 사람이 없습니다',
        '계약 폴더들 옆에 추가하십시오: name, privacyOfficer, signingKeys',
      ],
      laws.published,
    ),
  'clinic.no-signing-key': () =>
    say(
      [
        'the privacy officer has no signing key, so no contract can be signed for the clinic',
        "list the public half of the officer's key (JWK, Ed25519 or P-256) under signingKeys",
      ],
      [
        '개인정보 보호책임자의 서명 키가 없어 병원이 계약에 서명할 수 없습니다',
        '책임자의 공개키(JWK, Ed25519 또는 P-256)를 signingKeys에 적으십시오',
      ],
    ),
  'consignee.no-signing-key': () =>
    say(
      [
        'the consignee has no signing key, so it can sign no contract and no certificate',
        "ask for its public key (Ed25519 or P-256) and list it under signingKeys in the consignee's file",
      ],
      [
        '수탁자의 서명 키가 없어 계약과 파기 확인서에 서명할 수 없습니다',
        '수탁자의 공개키(Ed25519 또는 P-256)를 받아 수탁자 파일의 signingKeys에 적으십시오',
      ],
    ),
  'consignee.no-encryption-key': (item: Words) =>
    say(
      [
        `${item.en} leaves encrypted only, and the consignee has no key for it: orders are refused`,
        "ask for its public key and list it under encryptionKeys in the consignee's file",
      ],
      [
        `${item.ko}은(는) 암호화해서만 나가는데 수탁자의 키가 없어 거절됩니다`,
        '수탁자의 공개키를 받아 수탁자 파일의 encryptionKeys에 적으십시오',
      ],
      laws.encryption,
    ),
};

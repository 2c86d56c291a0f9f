/** What `waybill contract sign`, `key` and `verify` say, in English and Korean. */
import { signerName } from '#src/agreements/signature-words.ts';
import type { Party, Words } from '#src/base/words.ts';

export type Language = 'en' | 'ko';

/** The language that `--lang` asks for: English unless it is `ko`. */
export function languageOf(lang: string | undefined): Language {
  return lang === 'ko' ? 'ko' : 'en';
}

/** Where the public keys of a party are registered. */
export interface Register {
  path: string;
  party: Party;
}

/** Why nothing was signed. Each says what to do about it. */
export const refusals = {
  unknown: (id: string, known: readonly string[]): Words => ({
    en: `there is no contract ${id}; there is ${known.join(', ')}`,
    ko: `계약 ${id}이(가) 없습니다. 있는 계약: ${known.join(', ')}`,
  }),
  otherText: (path: string): Words => ({
    en:
      `${path} holds signatures over another text: the contract or its dictionary was changed ` +
      'after it was signed. Put back the text that was signed; or, if no gateway has been started ' +
      'with this version yet, remove that file and let both sign the new text. A version that a ' +
      'gateway has known never changes: make the change the next version',
    ko:
      `${path}에는 다른 본문에 대한 서명이 있습니다. 서명한 뒤 계약서나 데이터 사전이 바뀌었습니다. ` +
      '서명한 본문으로 되돌리십시오. 이 버전으로 게이트웨이를 시작한 적이 없으면 이 파일을 지우고 ' +
      '양쪽이 새 본문에 서명하십시오. 게이트웨이가 한 번 읽은 버전은 바꿀 수 없으므로 다음 버전으로 만드십시오',
  }),
  notValid: (path: string, why: Words): Words => ({
    en: `${path} cannot be added to: ${why.en}. Remove it and let both sign again`,
    ko: `${path}에 서명을 더할 수 없습니다: ${why.ko}. 이 파일을 지우고 양쪽이 다시 서명하십시오`,
  }),
  signedAlready: (party: Party, signedAt: string | null): Words => ({
    en: `${signerName(party).en} has signed it already (${signedAt}); nothing was changed`,
    ko: `${signerName(party).ko}가 이미 서명했습니다(${signedAt}). 바뀐 것은 없습니다`,
  }),
  keyNotNamed: (): Words => ({
    en: '--key: name the file of your private key; "waybill contract key FILE" makes one',
    ko: '--key: 개인키 파일을 지정하십시오. 없으면 "waybill contract key FILE"로 만듭니다',
  }),
  notAKey: (file: string): Words => ({
    en: `--key: ${file} is not a private key for signatures (a JWK, Ed25519 or P-256)`,
    ko: `--key: ${file}은(는) 서명용 개인키(JWK, Ed25519 또는 P-256)가 아닙니다`,
  }),
  noFile: (file: string): Words => ({
    en: `--key: there is no file ${file}; "waybill contract key ${file}" makes one`,
    ko: `--key: ${file} 파일이 없습니다. "waybill contract key ${file}"로 만듭니다`,
  }),
  notRegistered: ({ path, party }: Register, line: string): Words => ({
    en:
      `this key is not registered for ${signerName(party).en}. If it is theirs, add this line ` +
      `under "signingKeys:" in ${path} (in place of [], where that stands) and sign again:\n${line}`,
    ko:
      `이 키는 ${signerName(party).ko}의 것으로 등록되지 않았습니다. 본인의 키가 맞으면 ` +
      `${path}의 "signingKeys:" 아래에 다음 줄을 넣고([]가 있으면 지우고) 다시 서명하십시오:\n${line}`,
  }),
  noticedByConsignee: (): Words => ({
    en: '--noticed-on: only the clinic says what its notice shows; leave it out',
    ko: '--noticed-on: 공개 여부는 병원만 밝힐 수 있습니다. 빼고 서명하십시오',
  }),
  notADay: (): Words => ({
    en: '--noticed-on: give a day that exists and has come, YYYY-MM-DD in Seoul',
    ko: '--noticed-on: 이미 지난 실제 날짜를 YYYY-MM-DD(서울 기준)로 적으십시오',
  }),
} satisfies Readonly<Record<string, (...facts: never[]) => Words>>;

/** What holds of a version after it was signed, or when it is looked at. */
export const told = {
  signedFor: (id: string, party: Party, path: string): Words => ({
    en: `${id}: signed for ${signerName(party).en}, in ${path}`,
    ko: `${id}: ${signerName(party).ko}의 서명을 ${path}에 넣었습니다`,
  }),
  missing: (id: string, party: Party): Words => ({
    en:
      `still missing: the signature of ${signerName(party).en} ` +
      `(waybill contract sign ${id} --as ${party} --key FILE); until then it is never in force`,
    ko:
      `남은 서명: ${signerName(party).ko} ` +
      `(waybill contract sign ${id} --as ${party} --key FILE). 그때까지 효력이 없습니다`,
  }),
  decidesFrom: (day: string): Words => ({
    en: `signed by both; in force from ${day}`,
    ko: `양쪽이 서명했습니다. ${day}부터 효력이 있습니다`,
  }),
  decidesAfterNotice: (validFrom: string, days: number): Words => ({
    en:
      `signed by both; in force from ${validFrom}, but not before a gateway has shown it in its ` +
      `notice for ${days} days`,
    ko:
      `양쪽이 서명했습니다. 게이트웨이가 공개 목록에 ${days}일 동안 게시한 뒤, ${validFrom}부터 ` +
      '효력이 있습니다',
  }),
  tooLate: (validUntil: string): Words => ({
    en:
      `signed by both, but too late: its last day was ${validUntil}, so it is never in force, and ` +
      'a version before it goes on',
    ko: `양쪽이 서명했지만 마지막 날(${validUntil})이 지나 효력이 없습니다. 앞 버전이 계속 적용됩니다`,
  }),
  restart: (): Words => ({
    en: 'start the gateways again: they read signatures when they start',
    ko: '게이트웨이를 다시 시작하십시오. 서명은 시작할 때 읽습니다',
  }),
  demo: (): Words => ({
    en: 'signed with demo keys: good for a trial, and proof of nothing',
    ko: '시연용 키로 서명했습니다. 시험에만 쓸 수 있고 아무것도 증명하지 않습니다',
  }),
  notSigned: (why: Words): Words => ({
    en: `not signed, never in force: ${why.en}`,
    ko: `서명되지 않아 효력이 없습니다: ${why.ko}`,
  }),
  notValid: (why: Words): Words => ({
    en: `wrongly signed, never in force: ${why.en}`,
    ko: `서명이 잘못되어 효력이 없습니다: ${why.ko}`,
  }),
  keyMade: (file: string): Words => ({
    en: `made ${file}: keep it secret. Its public half, for signingKeys of the one who signs:`,
    ko: `${file}을(를) 만들었습니다. 비밀로 보관하십시오. 서명할 쪽의 signingKeys에 넣을 공개키:`,
  }),
  keyThere: (file: string): Words => ({
    en: `${file} is there already. Its public half, for signingKeys of the one who signs:`,
    ko: `${file}이(가) 이미 있습니다. 서명할 쪽의 signingKeys에 넣을 공개키:`,
  }),
};

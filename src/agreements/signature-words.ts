/** What is missing or wrong about a contract's signatures, in words for people. Closed. */
import type { Party, Words } from '#src/base/words.ts';

const names: Readonly<Record<Party, Words>> = {
  clinic: { en: "the clinic's privacy officer", ko: '병원의 개인정보 보호책임자' },
  consignee: { en: 'the consignee', ko: '수탁자' },
};

/** Who signs for a party, as people say it. */
export function signerName(party: Party): Words {
  return names[party];
}

/** Nobody has signed yet, or one party has not. */
export function missingWords(missing: readonly Party[]): Words {
  if (missing.length > 1) return { en: 'nobody has signed it', ko: '아무도 서명하지 않았습니다' };
  const lacking = missing[0] ?? 'clinic';
  const there = names[lacking === 'clinic' ? 'consignee' : 'clinic'];
  const { en, ko } = names[lacking];
  return {
    en: `${there.en} has signed it, ${en} has not`,
    ko: `${there.ko}는 서명했으나 ${ko}가 아직 서명하지 않았습니다`,
  };
}

/** Faults of the file of signatures as a whole. */
export const fileFaults = {
  unreadable: {
    en: 'its file of signatures cannot be read',
    ko: '서명 파일을 읽을 수 없습니다',
  },
  malformed: {
    en: 'its file of signatures is not a JWS in general JSON form (RFC 7515, 7.2.1)',
    ko: '서명 파일이 일반 JSON 형식의 JWS(RFC 7515, 7.2.1)가 아닙니다',
  },
  otherText: {
    en: 'another text was signed: the contract or its dictionary was changed after it was signed',
    ko: '서명된 본문이 다릅니다. 서명한 뒤 계약서나 데이터 사전이 바뀌었습니다',
  },
  header: {
    en: 'a signature does not say what it must of itself, or says more (its protected header)',
    ko: '서명의 보호 머리글에 있어야 할 것이 없거나 없어야 할 것이 있습니다',
  },
  otherContract: {
    en: 'a signature is for another contract',
    ko: '다른 계약에 대한 서명이 들어 있습니다',
  },
} satisfies Readonly<Record<string, Words>>;

/** Faults of one party's signature. */
export const partyFaults = {
  twice: (party: Party): Words => ({
    en: `${names[party].en} has signed it twice`,
    ko: `${names[party].ko}의 서명이 두 번 들어 있습니다`,
  }),
  unknownKey: (party: Party): Words => ({
    en: `it is signed for ${names[party].en} by a key that is not registered for that`,
    ko: `${names[party].ko}의 것으로 등록되지 않은 키로 서명되었습니다`,
  }),
  broken: (party: Party): Words => ({
    en: `the signature of ${names[party].en} does not hold`,
    ko: `${names[party].ko}의 서명이 올바르지 않습니다`,
  }),
};

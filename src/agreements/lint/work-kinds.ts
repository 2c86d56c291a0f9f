/** Tells from a contract's published work what kind of work it is, where its words say so. */
import type { Contract, Words } from '#src/base/words.ts';

interface WorkKind {
  name: Words;
  en: RegExp;
  ko: RegExp;
  /** Done without the number that the state gave a person. */
  needsNoIdentifier: boolean;
  /** Done without knowing of anyone's health. */
  needsNoHealth: boolean;
}

/** Words of work for which the answer is plain; of any other work the linter says nothing. */
const kinds: readonly WorkKind[] = [
  {
    name: { en: 'testing', ko: '검사 위탁' },
    en: /\b(tests?|testing|laborator(y|ies)|patholog(y|ies))\b/i,
    ko: /검사|병리/,
    needsNoIdentifier: true,
    needsNoHealth: false,
  },
  {
    name: { en: 'security', ko: '보안' },
    en: /\b(security|guard(s|ing)?|cctv)\b/i,
    ko: /보안|경비/,
    needsNoIdentifier: true,
    needsNoHealth: true,
  },
  {
    name: { en: 'shipping', ko: '배송' },
    en: /\b(shipping|couriers?|delivery|mailing|postal)\b/i,
    ko: /발송|배송|택배|우편/,
    needsNoIdentifier: true,
    needsNoHealth: true,
  },
  {
    name: { en: 'hosting', ko: '서버·홈페이지 운영' },
    en: /\b(hosting|servers?|website)\b/i,
    ko: /호스팅|서버|홈페이지/,
    needsNoIdentifier: true,
    needsNoHealth: true,
  },
];

const marketing = {
  en: /\b(marketing|promotions?|promoting|sales|advertis\w*)\b/i,
  ko: /홍보|판매|마케팅|광고/,
};

/** The kinds of work that a contract names; more than one where it names several. */
export function workKinds({ work }: Contract): readonly WorkKind[] {
  return kinds.filter(({ en, ko }) => en.test(work.en) || ko.test(work.ko));
}

/** True where the work speaks of promotion or sales. */
export function isMarketing({ work }: Contract): boolean {
  return marketing.en.test(work.en) || marketing.ko.test(work.ko);
}

/** The law behind what is checked, cited so that a privacy officer can look it up. */
import type { Words } from '#src/base/words.ts';

const act = { en: 'Personal Information Protection Act', ko: '개인정보 보호법' };
const decree = { en: 'Enforcement Decree', ko: '같은 법 시행령' };

function ofAct(article: string, articleKo: string): Words {
  return { en: `${act.en}, ${article}`, ko: `${act.ko} ${articleKo}` };
}

function ofBoth(articles: Words, ofDecree: Words): Words {
  return {
    en: `${act.en}, ${articles.en}; ${decree.en}, ${ofDecree.en}`,
    ko: `${act.ko} ${articles.ko}, ${decree.ko} ${ofDecree.ko}`,
  };
}

/** A clause of the Decree: the third point of Article 26(1) refers to it. */
function ofDecree(point: number): Words {
  return ofBoth(
    { en: 'Article 26(1)3', ko: '제26조제1항제3호' },
    { en: `Article 28(1)${point}`, ko: `제28조제1항제${point}호` },
  );
}

/** The seven clauses that a written consignment must hold: two of the Act, five of the Decree. */
const clauses: Readonly<Record<string, Words>> = {
  noOtherPurpose: ofAct('Article 26(1)1', '제26조제1항제1호'),
  safeguards: ofAct('Article 26(1)2', '제26조제1항제2호'),
  purposeAndScope: ofDecree(1),
  reconsignment: ofDecree(2),
  accessLimits: ofDecree(3),
  supervision: ofDecree(4),
  liability: ofDecree(5),
};

const written = ofBoth(
  { en: 'Article 26(1)', ko: '제26조제1항' },
  { en: 'Article 28(1)', ko: '제28조제1항' },
);

/** The law behind one of the seven clauses; behind all of them when it is none of the seven. */
export function clauseLaw(clause: string): Words {
  return (Object.hasOwn(clauses, clause) ? clauses[clause] : undefined) ?? written;
}

export const laws = {
  /** A consignment is in writing, with the seven clauses. */
  written,
  /** What is consigned, and to whom, is published for as long as it lasts. */
  published: ofBoth(
    { en: 'Article 26(2)', ko: '제26조제2항' },
    { en: 'Article 28(2)', ko: '제28조제2항' },
  ),
  /** Each person is told of a consignee that promotes or sells. */
  marketing: ofAct('Article 26(3)', '제26조제3항'),
  /** A consignee uses nothing beyond the work that it was given. */
  workOnly: ofAct('Article 26(5)', '제26조제5항'),
  /** Work is passed on only with the consent of the one who consigned it. */
  passedOn: ofAct('Article 26(6)', '제26조제6항'),
  /** No more than the purpose needs. */
  minimum: ofAct('Articles 3(1) and 16(1)', '제3조제1항, 제16조제1항'),
  /** Health data are sensitive. */
  sensitive: ofAct('Article 23(1)', '제23조제1항'),
  /** The registration number needs a law that names it. */
  registrationNumber: ofAct('Article 24-2(1)', '제24조의2제1항'),
  /** The registration number is kept and sent encrypted. */
  encryption: ofAct('Article 24-2(2)', '제24조의2제2항'),
  /** Passwords, card data and the like are protected; biometric data are sensitive. */
  neverShared: ofAct('Articles 23 and 29', '제23조, 제29조'),
} as const satisfies Readonly<Record<string, Words>>;

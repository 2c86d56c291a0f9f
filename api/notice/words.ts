/** The sentences of the notice in both languages; what they are about is put in between. */
import type { NoticeTerm } from '#src/agreements/notice-life.ts';
import type { NoticeWarning } from '#src/agreements/notice.ts';
import type { ItemClass, SubjectKind, Words } from '#src/base/words.ts';

export const words = {
  title: {
    en: 'Outsourced processing of personal information',
    ko: '개인정보 처리업무 위탁 안내',
  },
  theClinic: { en: 'The clinic', ko: '본 의료기관' },
  skip: { en: 'Skip to the notice', ko: '본문으로 건너뛰기' },
  language: { en: 'Language', ko: '언어 선택' },
  onThisPage: { en: 'On this page', ko: '목차' },
  asOf: { en: 'As of', ko: '기준일' },
  seoul: { en: '(Seoul)', ko: '(서울 기준)' },
  trial: { en: 'This is a trial notice.', ko: '시험용 안내문입니다.' },
  trialWhy: {
    en: 'Contracts shown here carry demonstration signatures. Nobody has agreed to them, and this notice has no legal effect.',
    ko: '이 안내문의 계약은 시연용 서명으로 만들어졌습니다. 실제로 체결된 계약이 아니며, 이 안내문은 법적 효력이 없습니다.',
  },
  consignees: { en: 'Consignees', ko: '수탁자 현황' },
  consigneesEmpty: {
    en: 'No contract is in force: personal information is passed on to nobody.',
    ko: '현재 효력이 있는 위탁계약이 없으며, 개인정보 처리업무를 위탁하고 있지 않습니다.',
  },
  consignee: { en: 'Consignee', ko: '수탁자' },
  work: { en: 'Outsourced work', ko: '위탁업무의 내용' },
  items: { en: 'Items', ko: '개인정보 항목' },
  retention: { en: 'Retention', ko: '보유 및 이용 기간' },
  contact: { en: 'Contact', ko: '연락처' },
  since: { en: 'In force since', ko: '시행일' },
  lastDay: { en: 'Last day', ko: '종료일' },
  subConsignees: { en: 'Sub-consignees', ko: '재수탁자 현황' },
  subConsigneesEmpty: {
    en: 'No consignee passes its work on to others.',
    ko: '재위탁 중인 업무가 없습니다.',
  },
  subConsigneesIntro: {
    en: 'With the prior consent of the clinic, these consignees pass part of their work on (Article 26(6) of the Act).',
    ko: '「개인정보 보호법」 제26조제6항에 따라 위탁자의 사전 동의를 받아 다음과 같이 재위탁하고 있습니다.',
  },
  subConsignee: { en: 'Sub-consignee', ko: '재수탁자' },
  passedOnWork: { en: 'Work passed on', ko: '재위탁업무의 내용' },
  consentedOn: { en: 'Consent given on', ko: '동의일' },
  passesOnTo: { en: 'Passes work on to', ko: '재위탁' },
  upcoming: { en: 'Upcoming changes', ko: '변경 예정' },
  upcomingEmpty: { en: 'No change has been announced.', ko: '예정된 변경이 없습니다.' },
  isNew: { en: 'New consignee', ko: '신규 수탁자' },
  ends: { en: 'Ends', ko: '위탁 종료' },
  changes: { en: 'Changes', ko: '내용 변경' },
  endsWhat: {
    en: 'After this day nothing more is sent to it, and it has to destroy what it received.',
    ko: '이날이 지나면 개인정보를 더 이상 제공하지 않으며, 수탁자는 제공받은 개인정보를 파기합니다.',
  },
  reason: { en: 'Reason', ko: '변경 사유' },
  added: { en: 'Added', ko: '추가 항목' },
  removed: { en: 'Removed', ko: '삭제 항목' },
  noticedOn: { en: 'Announced on', ko: '공지일' },
  none: { en: 'None', ko: '없음' },
  untilEnd: { en: 'Until the end of the outsourcing contract', ko: '위탁계약 종료 시까지' },
  history: { en: 'Earlier versions', ko: '이전 내역' },
  historyEmpty: { en: 'There is no earlier version.', ko: '이전 내역이 없습니다.' },
  inForce: { en: 'In force', ko: '시행 기간' },
  outcome: { en: 'Outcome', ko: '구분' },
  superseded: { en: 'Replaced by a later version', ko: '새 계약으로 변경' },
  ended: { en: 'Ended', ko: '위탁 종료' },
  notRecorded: { en: 'not recorded', ko: '기록 없음' },
  officer: { en: 'Questions and requests', ko: '문의 및 권리 행사' },
  officerIntro: {
    en: 'To ask about this notice, or to see, correct, delete or stop the processing of your data, write to or call:',
    ko: '이 안내문에 대한 문의와 개인정보의 열람, 정정, 삭제, 처리정지 요구는 아래로 연락하시기 바랍니다.',
  },
  officerEmpty: {
    en: 'The clinic has not published a contact here yet.',
    ko: '아직 연락처가 등록되지 않았습니다.',
  },
  email: { en: 'E-mail', ko: '전자우편' },
  phone: { en: 'Telephone', ko: '전화' },
  asData: { en: 'The same facts as data (JSON)', ko: '같은 내용의 데이터(JSON)' },
} as const satisfies Readonly<Record<string, Words>>;

/** What the clinic says first. */
export function introOf(clinic: Words | undefined): Words {
  const { en, ko } = clinic ?? words.theClinic;
  return {
    en: `Under Article 26(2) of the Personal Information Protection Act and Article 28(2) of its Enforcement Decree, ${clinic ? en : 'the clinic'} publishes which work it outsources, to whom, and which personal information each consignee receives for it. A consignee receives the items listed for it and no others.`,
    ko: `${ko}에서는 「개인정보 보호법」 제26조제2항 및 같은 법 시행령 제28조제2항에 따라 위탁하는 업무의 내용과 수탁자를 다음과 같이 공개합니다. 각 수탁자에게는 아래에 적힌 항목만 제공합니다.`,
  };
}

/** A doubt about an item, or undefined where a sentence for the whole page says it. */
export function warningOf({ code }: NoticeWarning, label: Words): Words | undefined {
  if (code === 'DEMO_SIGNATURE') return undefined;
  if (code === 'LEGAL_BASIS_MISSING') {
    return {
      en: `${label.en} is listed but not sent: no legal basis has been named for it.`,
      ko: `${label.ko}: 법적 근거가 없어 제공하지 않습니다.`,
    };
  }
  return {
    en: `The legal basis for ${label.en} has not been confirmed yet.`,
    ko: `${label.ko}: 처리의 법적 근거를 아직 확인하고 있습니다.`,
  };
}

/** What must be said of an item beside its name. */
export const classWords: Readonly<Partial<Record<ItemClass, Words>>> = {
  uniqueIdentifier: { en: 'unique identifier', ko: '고유식별정보' },
  sensitiveHealth: { en: 'health', ko: '건강정보' },
  video: { en: 'video', ko: '영상정보' },
};

export const termWords: Readonly<Record<NoticeTerm, Words>> = {
  work: words.work,
  purpose: { en: 'Purpose', ko: '위탁 목적' },
  subject: { en: 'Whose data', ko: '정보주체' },
  retention: words.retention,
  meaning: { en: 'What items mean', ko: '항목의 의미' },
  subConsignees: words.subConsignees,
  validUntil: words.lastDay,
};

export const subjectWords: Readonly<Record<SubjectKind, Words>> = {
  patient: { en: 'Patients', ko: '환자' },
  practitioner: { en: 'Practitioners', ko: '의료인' },
  member: { en: 'Members of the website', ko: '홈페이지 회원' },
  visitor: { en: 'Visitors', ko: '방문자' },
};

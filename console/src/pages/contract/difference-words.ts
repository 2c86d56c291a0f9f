/** What the comparison of two versions says. */
import { inBoth, plural } from '../../words/both.ts';

type Effect = (item: string, count: string, all: string, contract: string) => string;
interface Effects {
  wouldBeReleased: Effect;
  wouldBeWithheld: Effect;
  wouldBeRefused: Effect;
}

const inEnglish: Effects = {
  wouldBeReleased: (item, count, all, contract) =>
    `${item} stayed here in ${count} of ${plural(all, 'transfer')}; under ${contract} it would go.`,
  wouldBeWithheld: (item, count, all, contract) =>
    `${item} went in ${count} of ${plural(all, 'transfer')}; under ${contract} it would stay here.`,
  wouldBeRefused: (item, count, all, contract) =>
    `${item} was missing in ${count} of ${plural(all, 'transfer')}; ${contract} requires it and would refuse these.`,
};

const inKorean: Effects = {
  wouldBeReleased: (item, count, all, contract) =>
    `${item}: 제공 ${all}건 중 ${count}건에서 제외되었으나, ${contract}에서는 제공됩니다.`,
  wouldBeWithheld: (item, count, all, contract) =>
    `${item}: 제공 ${all}건 중 ${count}건에서 제공되었으나, ${contract}에서는 제외됩니다.`,
  wouldBeRefused: (item, count, all, contract) =>
    `${item}: 제공 ${all}건 중 ${count}건에 없었으며, 이 항목이 필수인 ${contract}에서는 거부됩니다.`,
};

export const differenceWords = inBoth(
  {
    title: 'What changes between two versions',
    against: (version: string) => `Version ${version} compared with`,
    reason: 'Reason',
    same: 'Nothing differs.',
    added: 'Items added',
    removed: 'Items removed',
    changed: 'Items that change',
    terms: 'Other terms that differ',
    what: { required: 'in a record', meaning: 'meaning', legalBasis: 'legal basis' },
    basis: {
      confirmed: 'legal basis confirmed',
      unconfirmed: 'legal basis not confirmed',
      missing: 'no legal basis: it would be withheld',
    },
    nothing: 'nothing',
    value: {
      ...{ true: 'required', false: 'optional', confirmed: 'confirmed' },
      ...{ unconfirmed: 'not confirmed', missing: 'none', notNeeded: 'not needed' },
    },
    term: {
      dictionary: 'Dictionary of items',
      work: 'Work',
      purpose: 'Purpose',
      subject: 'Whose data',
      returns: 'What may come back',
      validFrom: 'First day',
      validUntil: 'Last day',
      retention: 'Retention',
      onTextMatch: 'Withheld values in text',
      receipts: 'Receipts',
      document: 'Signed paper',
      subConsignees: 'To whom work is passed on',
      'clauses.noOtherPurpose': 'Clause: no other purpose',
      'clauses.safeguards': 'Clause: safeguards',
      'clauses.purposeAndScope': 'Clause: purpose and scope',
      'clauses.reconsignment': 'Clause: passing work on',
      'clauses.accessLimits': 'Clause: limits on access',
      'clauses.supervision': 'Clause: supervision',
      'clauses.liability': 'Clause: liability',
    },
    impact: (days: string) => `What it would have meant in the last ${days} days`,
    noTransfers: 'There was no transfer in these days: nothing can be said.',
    noImpact: (all: string, contract: string) =>
      `Of ${plural(all, 'transfer')} none would have gone another way under ${contract}.`,
    effect: inEnglish,
  },
  {
    title: '두 버전의 차이',
    against: (version) => `버전 ${version}의 비교 대상`,
    reason: '변경 사유',
    same: '달라진 것이 없습니다.',
    added: '추가된 항목',
    removed: '빠진 항목',
    changed: '달라진 항목',
    terms: '그 밖에 달라진 내용',
    what: { required: '기록에서', meaning: '의미', legalBasis: '법적 근거' },
    basis: {
      confirmed: '법적 근거 확인됨',
      unconfirmed: '법적 근거 미확인',
      missing: '법적 근거 없음: 제공되지 않음',
    },
    nothing: '없음',
    value: {
      ...{ true: '필수', false: '선택', confirmed: '확인됨' },
      ...{ unconfirmed: '미확인', missing: '없음', notNeeded: '필요 없음' },
    },
    term: {
      dictionary: '항목 사전',
      work: '위탁 업무',
      purpose: '목적',
      subject: '정보주체',
      returns: '회신받을 수 있는 항목',
      validFrom: '시행일',
      validUntil: '종료일',
      retention: '보유 기간',
      onTextMatch: '글 속의 제외 항목 처리',
      receipts: '수령증',
      document: '서명된 계약서',
      subConsignees: '재수탁업체',
      'clauses.noOtherPurpose': '조항: 목적 외 처리 금지',
      'clauses.safeguards': '조항: 보호조치',
      'clauses.purposeAndScope': '조항: 위탁 목적과 범위',
      'clauses.reconsignment': '조항: 재위탁 제한',
      'clauses.accessLimits': '조항: 접근 제한',
      'clauses.supervision': '조항: 감독',
      'clauses.liability': '조항: 손해배상',
    },
    impact: (days) => `최근 ${days}일의 제공에 적용했다면`,
    noTransfers: '이 기간에 제공한 건이 없어 말할 수 있는 것이 없습니다.',
    noImpact: (all, contract) => `${contract}에서도 제공 ${all}건 모두 그대로였을 것입니다.`,
    effect: inKorean,
  },
);

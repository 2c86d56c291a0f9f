/** What the list of reviews says; how a review stands, for its own page too. */
import { inBoth } from '../../words/both.ts';

export const reviewsWords = inBoth(
  {
    title: 'Reviews',
    intro:
      'The clinic inspects in a cycle what was done with people’s data and who looked at it. Each period is counted from the ledger, and signed once.',
    overdue: (n: string) => `${n} overdue`,
    period: 'Period',
    days: 'Days',
    due: 'To be signed by',
    state: 'State',
    signed: 'Signed',
    anomalies: 'Anomalies',
    empty: 'The ledger has no entry yet. The first period begins with it.',
    states: {
      open: 'still running',
      due: 'to be signed',
      overdue: 'overdue',
      signed: 'signed',
    },
    covered: 'under another cycle',
  },
  {
    title: '점검',
    intro:
      '개인정보를 어떻게 처리했고 누가 조회했는지 정해진 주기로 점검합니다. 기간마다 원장에서 집계하며, 서명은 한 번만 합니다.',
    overdue: (n) => `기한 초과 ${n}건`,
    period: '기간',
    days: '해당 날짜',
    due: '서명 기한',
    state: '상태',
    signed: '서명',
    anomalies: '이상 징후',
    empty: '아직 원장에 기록이 없습니다. 첫 기록부터 점검 기간이 시작됩니다.',
    states: { open: '진행 중', due: '서명 대기', overdue: '기한 초과', signed: '서명 완료' },
    covered: '다른 주기로 서명됨',
  },
);

/** What the search says. */
import { inBoth } from '../../words/both.ts';

export const searchWords = inBoth(
  {
    title: 'Transfers',
    filters: {
      consignee: 'Consignee',
      status: 'State',
      released: 'Released item',
      withheld: 'Withheld item',
      from: 'From',
      to: 'Before',
    },
    any: 'any',
    find: 'Search',
    clear: 'Clear',
    count: (n: string) => `${n} shown`,
    pages: 'Pages of the search',
    older: 'Older',
    newest: 'Newest',
    all: 'That is all.',
    empty: 'No transfer fits. Widen the period or take a filter away.',
    note: 'Each search is an entry of the ledger under your account.',
  },
  {
    title: '제공 내역',
    filters: {
      consignee: '수탁업체',
      status: '상태',
      released: '제공한 항목',
      withheld: '제외한 항목',
      from: '시작',
      to: '끝(미포함)',
    },
    any: '전체',
    find: '검색',
    clear: '초기화',
    count: (n) => `${n}건 표시`,
    pages: '검색 결과 이동',
    older: '이전 내역',
    newest: '최신 내역',
    all: '마지막입니다.',
    empty: '해당하는 제공 내역이 없습니다. 기간을 넓히거나 조건을 줄여 보십시오.',
    note: '검색할 때마다 이 계정의 이름으로 원장에 기록됩니다.',
  },
);

/** What the matrix of contracts says, on the screen, on paper and in a spreadsheet. */
import { inBoth, plural } from '../../words/both.ts';

const needInEnglish = (required: boolean) => (required ? 'required' : 'optional');
const needInKorean = (required: boolean) => (required ? '필수' : '선택');

export const matrixWords = inBoth(
  {
    title: 'Who may have what',
    caption: (day: string, days: string) =>
      `Contracts in force on ${day}, and what went in the ${days} days before`,
    lead: (consignees: string, items: string) =>
      `${consignees} consignees by ${items} items. What is not marked never leaves.`,
    consignee: 'Consignee',
    id: 'Id',
    contract: 'Contract',
    day: 'Day',
    noContract: 'none in force',
    itemCount: 'Items',
    uniqueCount: 'Unique identifiers',
    transfers: (days: string) => `Transfers in ${days} days`,
    holders: 'How many may have it',
    csv: 'Save as CSV',
    print: 'Print',
    point: 'Point at a cell, or go through the table with the arrow keys, to read what it says.',
    short: {
      used: (required: boolean, count: string) =>
        `${needInEnglish(required)}, used ${plural(count, 'time')}`,
      unused: (required: boolean, _count: string) => `${needInEnglish(required)}, never used`,
      idle: (required: boolean, _count: string) => `${needInEnglish(required)}, nothing was sent`,
      earlier: (_required: boolean, count: string) =>
        `not any more; went ${plural(count, 'time')} before`,
      none: (_required: boolean, _count: string) => 'not in the contract',
    },
    may: (name: string, item: string, itemClass: string) => `${name} – ${item} (${itemClass}): `,
    last: (day: string) => `, last on ${day}`,
    row: (items: string, transfers: string, days: string) =>
      `${plural(items, 'item')} · ${plural(transfers, 'transfer')} in ${days} days`,
    legend: {
      title: 'Legend',
      required: 'required',
      optional: 'optional',
      used: 'used',
      unused: (days: string) => `never used in ${days} days`,
      idle: 'without a frame: nothing was sent there at all',
      earlier: 'no longer in the contract, but went earlier in these days',
      none: 'never leaves',
    },
    figures: {
      title: 'In figures',
      inForce: 'consignees with a contract in force',
      cells: 'permissions to have an item',
      unique: 'consignees that may have a unique identifier',
      sensitive: 'consignees that may have health data',
      unused: (days: string) => `permissions that nobody used in ${days} days`,
    },
  },
  {
    title: '수탁업체별 제공 항목',
    caption: (day, days) => `${day} 현재 시행 중인 계약과 최근 ${days}일의 제공 현황`,
    lead: (consignees, items) =>
      `수탁업체 ${consignees}곳, 항목 ${items}개. 표시가 없는 항목은 제공되지 않습니다.`,
    consignee: '수탁업체',
    id: 'ID',
    contract: '계약',
    day: '기준일',
    noContract: '유효한 계약 없음',
    itemCount: '항목 수',
    uniqueCount: '고유식별정보',
    transfers: (days) => `최근 ${days}일 제공 건수`,
    holders: '받을 수 있는 업체 수',
    csv: 'CSV로 저장',
    print: '인쇄',
    point: '칸을 가리키거나 화살표 키로 옮겨 다니면 그 뜻이 여기에 나옵니다.',
    short: {
      used: (required, count) => `${needInKorean(required)}, ${count}건 제공`,
      unused: (required) => `${needInKorean(required)}, 제공한 적 없음`,
      idle: (required) => `${needInKorean(required)}, 기간 내 제공 건 없음`,
      earlier: (_required, count) => `현재 계약에 없음, 그 전에 ${count}건 제공`,
      none: () => '계약에 없음',
    },
    may: (name, item, itemClass) => `${name} – ${item} (${itemClass}): `,
    last: (day) => `, 최근 ${day}`,
    row: (items, transfers, days) => `항목 ${items}개 · 최근 ${days}일 제공 ${transfers}건`,
    legend: {
      title: '범례',
      required: '필수',
      optional: '선택',
      used: '제공함',
      unused: (days) => `최근 ${days}일간 제공한 적 없음`,
      idle: '테두리 없음: 기간 내 제공 건이 전혀 없음',
      earlier: '지금은 계약에 없으나 기간 내 제공함',
      none: '제공되지 않음',
    },
    figures: {
      title: '요약',
      inForce: '계약이 시행 중인 업체',
      cells: '허용된 항목 (업체별 합계)',
      unique: '고유식별정보를 받을 수 있는 업체',
      sensitive: '건강정보를 받을 수 있는 업체',
      unused: (days) => `최근 ${days}일간 쓰이지 않은 허용 항목`,
    },
  },
);

/** Each rule by a name, and what it looks at (docs/reviews.md), in both languages. */
import type { Schemas } from '../../api.ts';
import { inBoth } from '../../words/both.ts';

type Rule = Schemas['Anomaly']['rule'];
type RuleWords = Readonly<Record<Rule, readonly [name: string, rule: string]>>;

const en: RuleWords = {
  VOLUME_HIGH: [
    'More than usual',
    'Over twice the usual number of transfers, and 50 more at least.',
  ],
  VOLUME_LOW: ['Less than usual', 'Under a third of the usual number: something may be missing.'],
  NEW_CONSIGNEE: ['A new consignee', 'It was released something for the first time.'],
  NEW_CLIENT: ['A new sender', 'It sent orders, and had sent none in the periods before.'],
  NEW_ITEM: ['A new item', 'It was released to this consignee for the first time.'],
  ORDERS_OFF_HOURS: [
    'Orders outside the clinic’s hours',
    '20 or more of one sender, and over three times its usual share.',
  ],
  READS_OFF_HOURS: ['Reading outside the clinic’s hours', '10 reads by one account or more.'],
  REFUSALS: ['Many refused orders', '20 or more of one sender, and 5 % or more of what it sent.'],
  MIXED_UP_PERSON: [
    'Mixed-up people',
    '3 orders or more named one person and held the record of another. Nothing left.',
  ],
  EXPORT: ['Export', 'Every export is listed.'],
  EXPORT_LARGE: ['Large export', '1,000 rows or more in one export.'],
  READS_HIGH: ['Much reading', '200 reads by one account or more, and over twice the usual.'],
  SUBJECT_READ_OFTEN: [
    'One person read again and again',
    'The same account opened the records of the same person 5 times or more.',
  ],
  MASS_LOOKUP: [
    'Many people looked up',
    'More than 20 accountings of disclosures by one account on one day.',
  ],
  ACCESS_CHANGED: ['Changes of access', 'Every kind of change to who may do what is listed.'],
  STAFF_LOCKED: ['Locked accounts', 'Accounts that were locked after wrong passwords.'],
  DETAIL_UNREADABLE: [
    'Details that cannot be opened',
    'They were not erased: somebody tampered, or a key is lost.',
  ],
};

const ko: RuleWords = {
  VOLUME_HIGH: ['평소보다 많음', '평소의 2배를 넘고 50건 이상 많은 제공입니다.'],
  VOLUME_LOW: ['평소보다 적음', '평소의 3분의 1에 못 미칩니다. 누락이 있을 수 있습니다.'],
  NEW_CONSIGNEE: ['새 수탁업체', '처음으로 제공이 있었던 수탁업체입니다.'],
  NEW_CLIENT: ['새 발신처', '이전 기간에는 의뢰를 보낸 적이 없습니다.'],
  NEW_ITEM: ['새 항목', '이 수탁업체에 처음으로 제공한 항목입니다.'],
  ORDERS_OFF_HOURS: [
    '진료시간 외 의뢰',
    '한 발신처에서 20건 이상이고, 평소 비율의 3배를 넘습니다.',
  ],
  READS_OFF_HOURS: ['진료시간 외 조회', '한 계정이 10회 이상 조회했습니다.'],
  REFUSALS: ['거부된 의뢰', '한 발신처에서 20건 이상이고, 보낸 의뢰의 5% 이상입니다.'],
  MIXED_UP_PERSON: [
    '대상자가 뒤바뀐 의뢰',
    '지정한 사람과 기록의 사람이 다른 의뢰가 3건 이상입니다. 제공되지는 않았습니다.',
  ],
  EXPORT: ['내려받기', '내려받기는 모두 표시합니다.'],
  EXPORT_LARGE: ['대량 내려받기', '한 번에 1,000행 이상 내려받았습니다.'],
  READS_HIGH: ['많은 조회', '한 계정이 200회 이상, 평소의 2배 넘게 조회했습니다.'],
  SUBJECT_READ_OFTEN: [
    '같은 사람을 반복 조회',
    '같은 계정이 같은 사람의 기록을 5회 이상 열어 보았습니다.',
  ],
  MASS_LOOKUP: ['여러 사람을 조회', '한 계정이 하루에 제공 내역을 20회 넘게 조회했습니다.'],
  ACCESS_CHANGED: ['권한 변경', '권한의 변경은 종류별로 모두 표시합니다.'],
  STAFF_LOCKED: ['계정 잠김', '비밀번호 오류로 잠긴 계정입니다.'],
  DETAIL_UNREADABLE: [
    '열 수 없는 세부 내용',
    '파기된 것이 아닙니다. 변조되었거나 키를 잃었을 수 있습니다.',
  ],
};

export const ruleWords = inBoth(en, ko);

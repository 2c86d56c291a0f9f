/** The sentences of the page that tells a person who received their data, in both languages. */
import type { Words } from '#src/base/words.ts';

export const words = {
  title: { en: 'Who received my personal information', ko: '내 개인정보를 받은 곳' },
  about: { en: 'About whom', ko: '대상자' },
  nameLine: { en: 'Name', ko: '성명' },
  numberLine: { en: 'Chart or member number', ko: '차트번호 또는 회원번호' },
  byHand: {
    en: 'To be filled in by the clinic: this list holds no names and no numbers of people.',
    ko: '병원에서 손으로 적는 칸입니다. 이 내역에는 사람의 이름이나 번호가 들어 있지 않습니다.',
  },
  asOf: { en: 'Made on', ko: '작성일' },
  period: { en: 'Period', ko: '조회 기간' },
  wholePeriod: { en: 'everything that is kept', ko: '보관 중인 전체 기간' },
  intro: {
    en: 'The clinic asks other companies to do part of its work, such as laboratory tests, and sends them only what that work needs. Below stands every company that was sent something about you, what it was, what for, and until when it may keep it. Only the names of the items stand here, never what they said.',
    ko: '병원은 검사와 같은 업무의 일부를 다른 회사에 맡기고, 그 업무에 필요한 정보만 보냅니다. 아래는 귀하에 관한 정보를 보낸 회사와 보낸 항목, 목적, 보관 기간입니다. 항목의 이름만 적혀 있으며 그 내용은 적혀 있지 않습니다.',
  },
  recipients: { en: 'Who received what', ko: '받은 곳과 받은 정보' },
  recipientsEmpty: {
    en: 'No company has received anything about you.',
    ko: '귀하에 관한 정보를 받은 회사가 없습니다.',
  },
  nothing: {
    en: 'Nothing is held here that could be tied to this person: nothing was ever sent through this system, or everything about it has been destroyed.',
    ko: '이 사람과 연결할 수 있는 기록이 없습니다. 이 시스템으로 보낸 정보가 없거나, 관련 기록이 모두 파기되었습니다.',
  },
  recipient: { en: 'Recipient', ko: '받은 곳' },
  purpose: { en: 'What for', ko: '목적' },
  items: { en: 'What was sent', ko: '보낸 항목' },
  when: { en: 'When', ko: '보낸 날' },
  until: { en: 'Kept until', ko: '보관 기간' },
  once: { en: 'once', ko: '1회' },
  passesOn: { en: 'It passes part of the work on to', ko: '업무 일부를 다시 맡긴 곳' },
  destroyed: { en: 'Destroyed by the recipient on', ko: '받은 곳에서 파기한 날' },
  toDestroy: { en: 'To be destroyed by', ko: '파기 기한' },
  basis: { en: 'Contract', ko: '계약' },
  listed: { en: 'One by one', ko: '하나씩 보기' },
  listedEmpty: { en: 'There is nothing to list.', ko: '적을 내역이 없습니다.' },
  day: { en: 'Day', ko: '날짜' },
  became: { en: 'What became of it', ko: '처리 상태' },
  cameBack: { en: 'Came back', ko: '돌아온 결과' },
  unsent: { en: 'Prepared, but never sent', ko: '준비하였으나 보내지 않은 것' },
  unsentWhat: {
    en: 'These were prepared and stopped before they left the clinic. Nobody received them.',
    ko: '준비하였으나 병원을 떠나기 전에 중단된 것입니다. 아무도 받지 않았습니다.',
  },
  unsentEmpty: { en: 'There are none.', ko: '없습니다.' },
  more: {
    en: 'Only the newest are listed one by one. The table above counts all of them; ask the clinic for the rest.',
    ko: '최근 내역만 하나씩 적었습니다. 위 표는 전체를 센 것이며, 나머지는 병원에 요청하십시오.',
  },
  archived: {
    en: 'Orders from before this day are kept in an archive and do not stand here; ask the clinic for them:',
    ko: '다음 날짜 이전의 내역은 별도로 보관되어 여기에 없습니다. 필요하면 병원에 요청하십시오:',
  },
  officerIntro: {
    en: 'To ask about this list, or to see, correct, delete or stop the processing of your data, write to or call:',
    ko: '이 내역에 대한 문의와 개인정보의 열람, 정정, 삭제, 처리정지 요구는 아래로 연락하시기 바랍니다.',
  },
  notKnown: { en: 'not known', ko: '알 수 없음' },
} as const satisfies Readonly<Record<string, Words>>;

/** How often, where it was more than once. */
export function timesOf(count: number): Words {
  return { en: `${count} times`, ko: `${count}회` };
}

/** That some of them are not certain to have arrived. */
export function doubtOf(uncertain: number, turnedAway: number): Words[] {
  const arrived = {
    en: `Not known to have arrived: ${uncertain}`,
    ko: `도착 여부 미확인: ${uncertain}건`,
  };
  const kept = {
    en: `Arrived, and not accepted: ${turnedAway}`,
    ko: `도착하였으나 접수되지 않음: ${turnedAway}건`,
  };
  return [...(uncertain > 0 ? [arrived] : []), ...(turnedAway > 0 ? [kept] : [])];
}

/** Each anomaly as a sentence in both languages, with its numbers. */
import type { Words } from '#src/base/words.ts';
import type { AnomalyFacts, AnomalyRule } from './anomaly.ts';

const about: Readonly<Record<string, Words>> = {
  consignee: { en: 'to', ko: '수탁자' },
  client: { en: 'from client', ko: '클라이언트' },
};

const changes: Readonly<Record<string, Words>> = {
  'access-granted': { en: 'Access of a client was granted', ko: '클라이언트 권한 부여' },
  'access-changed': { en: 'Access of a client was changed', ko: '클라이언트 권한 변경' },
  'access-revoked': { en: 'Access of a client was revoked', ko: '클라이언트 권한 회수' },
  'staff-granted': { en: 'An account of staff was made', ko: '직원 계정 부여' },
  'staff-changed': { en: 'An account of staff was changed', ko: '직원 계정 변경' },
  'staff-revoked': { en: 'An account of staff was revoked', ko: '직원 계정 회수' },
  'staff-unlocked': { en: 'A locked account was opened again', ko: '잠긴 계정 해제' },
};

type Fact = (name: string) => string;

/** How many rows an export handed out, where it has rows: evidence has none. */
function rowsOf(fact: Fact): Words {
  const rows = fact('rows');
  if (rows !== '') return { en: `: ${rows} rows`, ko: `(${rows}행)` };
  if (fact('format') === 'evidence') return { en: '', ko: '' };
  return { en: '; how many rows is not known', ko: '(행 수는 알 수 없음)' };
}

const sentences: Readonly<Record<AnomalyRule, (fact: Fact) => Words>> = {
  VOLUME_HIGH: (fact) => ({
    en: `${fact('count')} transfers ${about[fact('about')]?.en} ${fact('name')}; usually ${fact('usual')}.`,
    ko: `${about[fact('about')]?.ko} ${fact('name')}의 전송이 ${fact('count')}건으로 평소 ${fact('usual')}건보다 많습니다.`,
  }),
  VOLUME_LOW: (fact) => ({
    en: `Only ${fact('count')} transfers ${about[fact('about')]?.en} ${fact('name')}; usually ${fact('usual')}.`,
    ko: `${about[fact('about')]?.ko} ${fact('name')}의 전송이 ${fact('count')}건으로 평소 ${fact('usual')}건보다 적습니다.`,
  }),
  NEW_CONSIGNEE: (fact) => ({
    en: `${fact('consignee')} was released something for the first time.`,
    ko: `수탁자 ${fact('consignee')}에 처음으로 제공이 있었습니다.`,
  }),
  NEW_CLIENT: (fact) => ({
    en: `Client ${fact('client')} sent orders for the first time.`,
    ko: `클라이언트 ${fact('client')}가 처음으로 오더를 보냈습니다.`,
  }),
  NEW_ITEM: (fact) => ({
    en: `${fact('item')} was released to ${fact('consignee')} for the first time.`,
    ko: `수탁자 ${fact('consignee')}에 ${fact('item')} 항목이 처음으로 제공되었습니다.`,
  }),
  ORDERS_OFF_HOURS: (fact) => ({
    en: `${fact('count')} orders of client ${fact('client')} came outside the clinic's hours: ${fact('share')} %, usually ${fact('usualShare')} %.`,
    ko: `클라이언트 ${fact('client')}의 오더 ${fact('count')}건(${fact('share')}%)이 진료시간 외에 접수되었습니다. 평소 ${fact('usualShare')}%입니다.`,
  }),
  READS_OFF_HOURS: (fact) => ({
    en: `${fact('who')} read records ${fact('count')} times outside the clinic's hours.`,
    ko: `${fact('who')}가 진료시간 외에 ${fact('count')}회 기록을 조회했습니다.`,
  }),
  REFUSALS: (fact) => ({
    en: `${fact('count')} orders of client ${fact('client')} were refused (${fact('share')} %), most of them for ${fact('reason')}.`,
    ko: `클라이언트 ${fact('client')}의 오더 ${fact('count')}건(${fact('share')}%)이 거부되었고, 가장 많은 사유는 ${fact('reason')}입니다.`,
  }),
  MIXED_UP_PERSON: (fact) => ({
    en: `${fact('count')} orders of client ${fact('client')} named one person and held the record of another.`,
    ko: `클라이언트 ${fact('client')}의 오더 ${fact('count')}건에서 지정한 사람과 기록의 사람이 달랐습니다.`,
  }),
  EXPORT: (fact) => ({
    en: `${fact('who')} exported records as ${fact('format')}${rowsOf(fact).en}.`,
    ko: `${fact('who')}가 기록을 ${fact('format')} 형식으로 내려받았습니다${rowsOf(fact).ko}.`,
  }),
  EXPORT_LARGE: (fact) => ({
    en: `${fact('who')} exported ${fact('rows')} rows at once as ${fact('format')}.`,
    ko: `${fact('who')}가 한 번에 ${fact('rows')}행을 ${fact('format')} 형식으로 내려받았습니다.`,
  }),
  READS_HIGH: (fact) => ({
    en: `${fact('who')} read records ${fact('count')} times; usually ${fact('usual')}.`,
    ko: `${fact('who')}가 기록을 ${fact('count')}회 조회했습니다. 평소 ${fact('usual')}회입니다.`,
  }),
  SUBJECT_READ_OFTEN: (fact) => ({
    en: `${fact('who')} opened the records of one person ${fact('count')} times.`,
    ko: `${fact('who')}가 같은 사람의 기록을 ${fact('count')}회 열어 보았습니다.`,
  }),
  MASS_LOOKUP: (fact) => ({
    en: `${fact('who')} asked ${fact('count')} times on ${fact('day')} who had received a person's data.`,
    ko: `${fact('who')}가 ${fact('day')}에 개인정보 제공 내역을 ${fact('count')}회 조회했습니다.`,
  }),
  ACCESS_CHANGED: (fact) => ({
    en: `${changes[fact('kind')]?.en ?? 'Access was changed'}: ${fact('count')}.`,
    ko: `${changes[fact('kind')]?.ko ?? '권한 변경'}: ${fact('count')}건.`,
  }),
  STAFF_LOCKED: (fact) => ({
    en: `An account was locked after wrong passwords ${fact('count')} times.`,
    ko: `비밀번호 오류로 계정이 ${fact('count')}회 잠겼습니다.`,
  }),
  DETAIL_UNREADABLE: (fact) => ({
    en: `${fact('count')} entries of kind ${fact('kind')} have a detail that cannot be opened.`,
    ko: `${fact('kind')} 기록 ${fact('count')}건의 세부 내용을 열 수 없습니다.`,
  }),
};

/** What an anomaly says. A fact that is not there is an empty text. */
export function sentenceOf(rule: AnomalyRule, facts: AnomalyFacts): Words {
  return sentences[rule]((name) => String(facts[name] ?? ''));
}

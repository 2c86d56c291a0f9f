/**
 * What doctors write beside a patient's values: full of numbers, dates and other people, and
 * without the patient's own registration number, birth date, phone, address or chart number.
 */
import { recentDay, two } from './people.ts';
import { between, chance, digits, pick, type Random } from './random.ts';

type Sentence = (random: Random) => string;

const number = (random: Random, min: number, max: number) => String(between(random, min, max));
const tenth = (random: Random, min: number, max: number) =>
  `${between(random, min, max)}.${between(random, 0, 9)}`;

const DRUGS = [
  '메트포르민',
  '암로디핀',
  '아토르바스타틴',
  '레보티록신',
  '에스오메프라졸',
  '로사르탄',
];
const PARTS = ['우상복부', '좌측 무릎', '요추부', '경부', '우측 어깨', '흉부', '심와부'];
const CLINICS = ['가람내과', '누리외과', '다온병원', '새봄의원', '한빛대학병원'];

const SENTENCES: readonly Sentence[] = [
  (r) => `${recentDay(r)} 내원, ${pick(r, PARTS)} 통증 ${number(r, 2, 14)}일 전부터.`,
  (r) => `BP ${number(r, 98, 168)}/${number(r, 58, 102)} mmHg, PR ${number(r, 54, 104)}회.`,
  (r) =>
    `혈압 ${number(r, 100, 160)}/${number(r, 60, 99)}, 맥박 ${number(r, 55, 99)}, 체온 36.${number(r, 1, 9)}℃.`,
  (r) => `공복혈당 ${number(r, 82, 189)} mg/dL, HbA1c ${tenth(r, 5, 9)}%.`,
  (r) =>
    `총콜레스테롤 ${number(r, 140, 280)}, LDL ${number(r, 70, 190)}, HDL ${number(r, 32, 80)}, TG ${number(r, 60, 420)}.`,
  (r) =>
    `AST/ALT ${number(r, 14, 88)}/${number(r, 12, 110)}, r-GTP ${number(r, 10, 160)} 경과 관찰.`,
  (r) =>
    `${pick(r, DRUGS)} ${pick(r, ['5', '10', '20', '500', '850'])}mg 1T bid, ${pick(r, ['7', '14', '28', '30', '90'])}일분 처방.`,
  (r) =>
    `${pick(r, DRUGS)} ${pick(r, ['50', '75', '100', '125'])}mcg 증량, ${number(r, 4, 12)}주 후 재검.`,
  (r) => `부친 ${number(r, 48, 79)}세에 심근경색, 모친 ${number(r, 60, 88)}세 고혈압으로 투약 중.`,
  (r) => `동생(${number(r, 25, 60)}세) 갑상선암 수술력 있음.`,
  (r) => `배우자 ${number(r, 1950, 1995)}년생, B형간염 항체 양성.`,
  (r) =>
    `${pick(r, CLINICS)}에서 ${number(r, 2015, 2025)}년 ${number(r, 1, 12)}월 위내시경 시행, 만성 위축성 위염.`,
  (r) =>
    `타원 CT(${number(r, 2019, 2025)}.${two(between(r, 1, 12))}.${two(between(r, 1, 28))}) 지참, 간낭종 ${tenth(r, 0, 4)}cm.`,
  (r) => `검체번호 ${recentDay(r).replaceAll('-', '')}-${digits(r, 4)} 의뢰함.`,
  (r) => `접수번호 A26-${digits(r, 6)}, 바코드 ${digits(r, 8)}.`,
  (r) => `${number(r, 3, 9)}병동 ${number(r, 301, 912)}호 입원 예정.`,
  (r) =>
    `다음 예약 ${number(r, 3, 6)}/${number(r, 11, 30)} ${number(r, 9, 17)}:${pick(r, ['00', '15', '30', '45'])}.`,
  (r) => `문의는 본원 대표전화 02-${number(r, 300, 899)}-${digits(r, 4)}로 안내.`,
  (r) => `상담센터 1577-${digits(r, 4)}, 응급 시 119 안내함.`,
  (r) => `결과는 https://result.clinic.invalid/r/${digits(r, 7)}?d=${recentDay(r)} 에서 확인.`,
  (r) =>
    `BMI ${tenth(r, 18, 33)} (${tenth(r, 150, 188)}cm / ${tenth(r, 45, 98)}kg), 허리둘레 ${number(r, 66, 108)}cm.`,
  (r) =>
    `흡연 ${number(r, 5, 40)}갑년, ${number(r, 2005, 2025)}년 금연. 음주 주 ${number(r, 1, 4)}회.`,
  (r) =>
    `진단 ${pick(r, ['I10.9', 'E11.9', 'K29.5', 'E78.5', 'M54.5'])}, 청구코드 ${pick(r, ['AA157', 'AA254', 'MM301'])}.`,
  (r) => `eGFR ${number(r, 42, 118)} mL/min/1.73m², Cr ${tenth(r, 0, 1)}${number(r, 0, 9)}.`,
  (r) => `독감 백신 접종(LOT ${pick(r, ['AB', 'FX', 'KV'])}${digits(r, 4)}, ${recentDay(r)}).`,
  (r) => `진료의뢰서 제2026-${digits(r, 5)}호 발급, 요양기관기호 ${digits(r, 8)}.`,
  (r) => `TSH ${tenth(r, 0, 9)} uIU/mL, free T4 ${tenth(r, 0, 2)} ng/dL.`,
  (r) =>
    `대장내시경 전 코리트산 ${number(r, 2, 4)}L 복용 설명, ${number(r, 1, 3)}일 전부터 식이 제한.`,
  () => '식이 조절과 주 3회 30분 이상 유산소 운동 권고.',
  () => '특이 소견 없음. 증상 지속 시 재내원하도록 설명함.',
  () => '보호자와 함께 내원, 검사 필요성 설명하고 동의서 받음.',
  () => '약물 알레르기 없음. 복약 순응도 양호.',
];

const HISTORY: readonly Sentence[] = [
  (r) => `고혈압(${number(r, 1998, 2025)}년 진단)`,
  (r) => `제2형 당뇨, ${number(r, 2, 25)}년째 투약`,
  (r) => `충수절제술 ${number(r, 1975, 2024)}.${two(between(r, 1, 12))}`,
  (r) => `${pick(r, CLINICS)} ${recentDay(r)} 추적 중`,
  (r) => `골절 병력(${number(r, 8, 60)}세, 우측 요골)`,
  () => '이상지질혈증',
  () => '없음',
];

const FINDINGS: readonly Sentence[] = [
  (r) => `공복혈당 경계(${number(r, 100, 125)} mg/dL)`,
  (r) => `LDL 콜레스테롤 ${number(r, 130, 190)}, 생활습관 교정`,
  (r) => `폐결절 ${tenth(r, 2, 8)}mm, ${number(r, 3, 12)}개월 후 추적 CT`,
  (r) => `${recentDay(r)} 판정: 정상B`,
  () => '질환 의심 소견 없음',
  () => '요단백 (±) 재검 권고',
];

/** A consultation note of 50 to 400 characters. */
export function consultationNote(random: Random): string {
  const length = between(random, 50, 360);
  const joint = chance(random, 0.3) ? '\n' : ' ';
  let note = pick(random, SENTENCES)(random);
  while (note.length < length) {
    const sentence = pick(random, SENTENCES)(random);
    if (note.length + sentence.length >= 400) break;
    note += joint + sentence;
  }
  return note.length < 50
    ? `${note}${joint}증상 호전 없으면 정밀검사를 위해 상급병원 의뢰하기로 설명함.`
    : note;
}

/** One to four entries of a past medical history. */
export function pastMedicalHistory(random: Random): string[] {
  return several(random, between(random, 1, 4), HISTORY);
}

/** None to three findings of a check-up. */
export function findings(random: Random): string[] {
  return several(random, between(random, 0, 3), FINDINGS);
}

function several(random: Random, count: number, sentences: readonly Sentence[]): string[] {
  return Array.from({ length: count }, () => pick(random, sentences)(random));
}

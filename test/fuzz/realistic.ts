/** Records as a Korean clinic's EMR would submit them, of invented people: far too much of each. */
import type { SubjectKind } from '#src/base/words.ts';
import { consultationNote, findings, pastMedicalHistory } from './notes.ts';
import { ageOn, day, FUZZ_TODAY, koreanName, landline, person, recentDay } from './people.ts';
import type { Person } from './people.ts';
import { between, chance, digits, hexDigits, pick, type Random } from './random.ts';

export type JsonObject = Record<string, unknown>;

export interface SubjectOfRecord {
  kind: SubjectKind;
  id: string;
}

const CLINICS = ['가온의원', '나래내과의원', '다솜검진센터', '라온가정의학과의원'];
const DEPARTMENTS = ['내과', '가정의학과', '외과', '영상의학과', '산부인과', '소아청소년과'];
const COMPANIES = ['누리상사', '(주)가람테크', '한별물산', '새롬전자 2공장', '두레유통'];
const TESTS = [
  ['C3825006', '당화혈색소', '전혈'],
  ['C2243', '갑상선자극호르몬(TSH)', '혈청'],
  ['D2800016', '지질검사 4종', '혈청'],
  ['B2570', 'AST', '혈청'],
  ['D5901', '요검사 10종', '소변'],
  ['C5911', '자궁경부 세포검사', '자궁경부 도말'],
  ['D6801026', 'HBs Ab 정량', '혈청'],
  ['CZ395', '비타민 D(25-OH)', '혈청'],
] as const;
const MEASUREMENTS = [
  ['SBP', '수축기혈압', (r: Random) => between(r, 98, 168), 'mmHg'],
  ['BP', '혈압', (r: Random) => `${between(r, 98, 168)}/${between(r, 58, 102)}`, 'mmHg'],
  ['HBA1C', '당화혈색소', (r: Random) => between(r, 48, 90) / 10, '%'],
  ['FBS', '공복혈당', (r: Random) => between(r, 78, 190), 'mg/dL'],
  ['UPRO', '요단백', (r: Random) => pick(r, ['음성', '음성', '±', '양성(1+)']), undefined],
  ['HT', '신장', (r: Random) => between(r, 1450, 1900) / 10, 'cm'],
  ['WT', '체중', (r: Random) => between(r, 400, 1100) / 10, 'kg'],
  [
    'VA',
    '시력',
    (r: Random) => `${pick(r, ['0.6', '0.8', '1.2'])}/${pick(r, ['0.7', '1.0'])}`,
    undefined,
  ],
  ['CXR', '흉부촬영', (r: Random) => pick(r, ['정상', '비활동성 결핵', '추적 필요']), undefined],
  ['GFR', 'eGFR', (r: Random) => between(r, 42, 118), 'mL/min'],
] as const;
const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/124.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Linux; Android 14; SM-S918N) AppleWebKit/537.36 Chrome/123.0.6312.99 Mobile',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4',
];

/**
 * A record and whose it is. Values agree with one another, every contract finds what it requires,
 * and no text holds an identifier of the record's own person. Order dates lie in the ten weeks
 * before `FUZZ_TODAY`, which is the `today` to minimise with.
 */
export function realisticRecord(
  random: Random,
  kind: SubjectKind = 'patient',
): { subject: SubjectOfRecord; record: JsonObject } {
  const isStaff = kind === 'practitioner';
  const one = isStaff ? person(random, 1955, 1998) : person(random);
  const record: JsonObject = {
    ...identity(random, one),
    ...institution(random, isStaff ? one.name : koreanName(random)),
    ...health(random),
    ...elsewhere(random, one),
  };
  return { subject: subjectOf(kind, record), record };
}

/** The subject of an order about this record, for a contract about this kind of person. */
export function subjectOf(kind: SubjectKind, record: JsonObject): SubjectOfRecord {
  const member = record['websiteMemberInformation'] as JsonObject | null | undefined;
  const id = {
    patient: record['chartNumber'],
    practitioner: record['licenseNumber'],
    member: member?.['memberId'],
    visitor: undefined,
  }[kind];
  return { kind, id: typeof id === 'string' ? id : 'V-2026-0017' };
}

function identity(random: Random, one: Person): JsonObject {
  const date = chance(random, 0.5) ? FUZZ_TODAY : recentDay(random);
  const has = (share: number) => chance(random, share);
  return {
    date,
    chartNumber: chartNumber(random),
    name: one.name,
    ...(has(0.95) && { gender: one.gender }),
    ...(has(0.5) && { age: ageOn(one.birthDate, date) }),
    ...(has(0.9) && { birthDate: one.birthDate }),
    ...(has(0.92) && { residentRegistrationNumber: one.residentRegistrationNumber }),
    ...(has(0.95) && { phoneNumber: one.phone }),
    ...(has(0.8) && { email: one.email }),
    address: one.address,
    contactInformation: has(0.4)
      ? { mobile: one.phone, phone: one.landline }
      : { mobile: one.phone },
    ...(has(0.7) && { companyName: pick(random, COMPANIES) }),
    ...(has(0.2) && { guardianName: koreanName(random), guardianRelation: '모' }),
    ...(has(0.3) && { insuranceType: pick(random, ['건강보험', '의료급여 1종']) }),
    ...(has(0.2) && { bloodType: pick(random, ['A+', 'B+', 'O+', 'AB+']) }),
    ...(has(0.1) && { wardRoom: `${between(random, 3, 9)}0${between(random, 1, 9)}` }),
  };
}

/** As EMRs number: padded to eight, plain and short, by year, or with a letter. */
function chartNumber(random: Random): string {
  const way = random();
  if (way < 0.6) return `000${digits(random, 5)}`;
  if (way < 0.75) return String(between(random, 10_000, 999_999));
  if (way < 0.9) return `26-${digits(random, 6)}`;
  return `C${digits(random, 7)}`;
}

function institution(random: Random, physician: string): JsonObject {
  const clinic = pick(random, CLINICS);
  return {
    institutionName: clinic,
    medicalInstitutionName: clinic,
    medicalDepartment: pick(random, DEPARTMENTS),
    attendingPhysicianName: physician,
    licenseNumber: digits(random, chance(random, 0.7) ? 5 : 6),
    ...(chance(random, 0.7) && { fax: landline(random) }),
  };
}

function health(random: Random): JsonObject {
  const checkedOn = recentDay(random);
  return {
    tests: Array.from({ length: between(random, 1, 8) }, () => orderedTest(random)),
    checkupRecord: {
      checkedOn,
      programme: pick(random, ['일반검진', '종합검진 A', '채용검진', '암검진(위·대장)']),
      measurements: measurements(random),
    },
    checkupResult: {
      judgedOn: checkedOn,
      grade: pick(random, ['정상A', '정상B', '질환의심', '유질환자']),
      findings: findings(random),
    },
    ...(chance(random, 0.9) && { consultationInformation: consultationNote(random) }),
    ...(chance(random, 0.9) && { pastMedicalHistory: pastMedicalHistory(random) }),
    ...(chance(random, 0.2) && { familyHistory: '부: 고혈압, 모: 당뇨' }),
  };
}

function orderedTest(random: Random): JsonObject {
  const [prescriptionCode, testName, specimenName] = pick(random, TESTS);
  const test: JsonObject = { prescriptionCode, testName, specimenName };
  if (chance(random, 0.9)) test['collectionDate'] = recentDay(random);
  if (chance(random, 0.1)) test['memo'] = '응급';
  return test;
}

function measurements(random: Random): JsonObject[] {
  const count = between(random, 2, MEASUREMENTS.length);
  return MEASUREMENTS.slice(0, count).map(([code, name, valueOf, unit]) => {
    const value = valueOf(random);
    return unit === undefined ? { code, name, value } : { code, name, value, unit };
  });
}

/** What other systems of the clinic know: the camera at the door, the website. */
function elsewhere(random: Random, one: Person): JsonObject {
  const at = recentDay(random);
  const minute = between(random, 10, 49);
  return {
    cctv: {
      cameraId: `lobby-${between(random, 1, 4)}`,
      from: `${at}T09:${minute}:00+09:00`,
      to: `${at}T09:${minute + 9}:00+09:00`,
      clipRef: `clips/${at.replaceAll('-', '/')}/${hexDigits(random, 8)}`,
      sha256: hexDigits(random, 64),
    },
    websiteMemberInformation: {
      memberId: `member${digits(random, 5)}`,
      name: one.name,
      email: one.email,
      ...(chance(random, 0.5) && { phone: one.phone }),
      joinedAt: `${day(random, 2012, 2025)}T10:${minute}:00+09:00`,
    },
    cookies: Array.from({ length: between(random, 0, 2) }, (_, place) => ({
      name: place === 0 ? 'session' : '_visit',
      valueHash: hexDigits(random, 64),
    })),
    otherData: {
      accessLog: Array.from({ length: between(random, 1, 2) }, () => accessLog(random, at)),
    },
  };
}

function accessLog(random: Random, at: string): JsonObject {
  return {
    at: `${at}T09:${between(random, 10, 59)}:${between(random, 10, 59)}Z`,
    ip: `192.0.2.${between(random, 1, 254)}`,
    path: pick(random, ['/checkup', '/reservation?step=2', '/result/list?page=1', '/mypage']),
    userAgent: pick(random, AGENTS),
  };
}

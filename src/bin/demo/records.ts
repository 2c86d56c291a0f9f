/**
 * What an EMR holds of one person and sends whole: all thirty items, and keys that nobody may have.
 */
import { createHash } from 'node:crypto';
import { between, digits, nameOf, oneOf, personOf, seeded, type Random } from './people.ts';

export type SubjectKind = 'patient' | 'practitioner' | 'member' | 'visitor';

export interface PlayedOrder {
  consignee: string;
  subject: { kind: SubjectKind; id: string };
  record: Record<string, unknown>;
  reference: string;
}

const seed = 17;
const dayMs = 86_400_000;
const clinic = '가온의원';
const companies = ['누리상사', '다솜물산', '마루건설', '한빛전자'];
const desks = ['lab@clinic.invalid', 'checkup@clinic.invalid', 'ward@clinic.invalid'];
const departments = ['내과', '가정의학과', '건강검진센터', '산부인과', '이비인후과'];
const panel = [
  { prescriptionCode: 'C3825006', testName: '공복혈당', specimenName: '혈청' },
  { prescriptionCode: 'C2243', testName: '갑상선자극호르몬', specimenName: '혈청' },
  { prescriptionCode: 'D2280', testName: '당화혈색소', specimenName: '전혈' },
  { prescriptionCode: 'C5602', testName: '자궁경부세포검사', specimenName: '자궁경부 도말' },
  { prescriptionCode: 'D0002', testName: '일반혈액검사', specimenName: '전혈' },
];

/**
 * The order at a position of the play: the same for the same position and day.
 * @param today the calendar date in Seoul
 */
export function orderAt(input: {
  position: number;
  consignee: string;
  subject: SubjectKind;
  today: string;
}): PlayedOrder {
  const { position, consignee, subject: kind, today } = input;
  const random = seeded(seed, position);
  const ids = {
    patient: digits(position, 8),
    practitioner: digits(100_000 + (position % 900_000), 6),
    member: `member${position}`,
    visitor: `visit-${digits(position, 6)}`,
  };
  return {
    consignee,
    subject: { kind, id: ids[kind] },
    record: recordOf(random, ids, daysBefore(today, between(random, 0, 3))),
    reference: `order-${digits(position, 6)}`,
  };
}

function recordOf(random: Random, ids: Record<SubjectKind, string>, date: string) {
  const person = personOf(random);
  const { name, gender, birthDate, mobile, otherMobile, landline } = person;
  return {
    date,
    ...{ chartNumber: ids.patient, name, gender, birthDate, age: ageOn(date, birthDate) },
    ...{ institutionName: clinic, medicalInstitutionName: clinic },
    residentRegistrationNumber: person.residentRegistrationNumber,
    licenseNumber: ids.practitioner,
    attendingPhysicianName: nameOf(random),
    medicalDepartment: oneOf(random, departments),
    ...{ phoneNumber: mobile, fax: person.fax, email: oneOf(random, desks) },
    ...{ address: person.address, companyName: oneOf(random, companies) },
    contactInformation: { mobile: otherMobile, phone: landline },
    tests: testsOf(random, date),
    checkupRecord: {
      ...{ checkedOn: date, programme: '일반검진' },
      measurements: [
        { code: 'SBP', name: '수축기혈압', value: between(random, 95, 150), unit: 'mmHg' },
        { code: 'BMI', name: '체질량지수', value: between(random, 170, 320) / 10, unit: 'kg/m2' },
      ],
    },
    checkupResult: { judgedOn: date, grade: '정상B', findings: ['공복혈당 경계', '재검 권고'] },
    consultationInformation: '식이 조절과 석 달 뒤 재검사를 안내함',
    pastMedicalHistory: oneOf(random, [['고혈압'], ['충수절제술', '위염'], ['알레르기 비염']]),
    ...onlineOf(random, ids, date, name),
    ...neverSent,
  };
}

function testsOf(random: Random, date: string) {
  const count = between(random, 1, 3);
  return panel
    .toSorted(() => random() - 0.5)
    .slice(0, count)
    .map((test) => ({ ...test, collectionDate: date }));
}

/** The visitor's clip and the member's traces, as other systems of a clinic hold them. */
function onlineOf(random: Random, ids: Record<SubjectKind, string>, date: string, name: string) {
  const at = (minute: number) => `${date}T00:${digits(minute, 2)}:00.000Z`;
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const path = oneOf(random, ['/checkup', '/results', '/reserve']);
  return {
    cctv: {
      ...{ cameraId: 'lobby-1', from: at(0), to: at(10) },
      ...{ clipRef: `clips/lobby-1/${ids.visitor}`, sha256: hash(ids.visitor) },
    },
    websiteMemberInformation: {
      ...{ memberId: ids.member, name, email: `${ids.member}@example.invalid` },
      ...{ joinedAt: at(1), lastLoginAt: at(9) },
      // Sits where a careless export would leave it; no contract can ask for it.
      passwordHash: hash(`${ids.member} password`),
    },
    cookies: [{ name: 'session', valueHash: hash(`${ids.member} session`) }],
    otherData: { accessLog: [{ at: at(9), ip: `192.0.2.${between(random, 1, 254)}`, path }] },
  };
}

/** Keys of an EMR that are in no contract: one that none ever may list, one that nobody defined. */
const neverSent = { fingerprintTemplate: 'Rk1SACAyMAA', guardianName: '보호자' };

function daysBefore(day: string, count: number): string {
  return new Date(Date.parse(day) - count * dayMs).toISOString().slice(0, 10);
}

/** Completed years: what the EMR itself believes, and the gateway has to agree with. */
function ageOn(date: string, born: string): number {
  const years = Number(date.slice(0, 4)) - Number(born.slice(0, 4));
  return date.slice(5) >= born.slice(5) ? years : years - 1;
}

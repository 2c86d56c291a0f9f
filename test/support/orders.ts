/** Orders of invented people, with every item that a record can have. */
import type { SubjectKind } from '#src/base/words.ts';

/** Values that must never be seen where they do not belong; all are invented. */
export const canary = {
  chartNumber: 'C0048213',
  name: '가나다라',
  birthDate: '1984-02-29',
  residentRegistrationNumber: '840229-1234567',
  phoneNumber: '010-0000-4821',
  email: 'ganadara@person.invalid',
  street: '가상대로 4821길 9',
  licenseNumber: '048213',
  memberId: 'member-48213',
};

/** A record with all 30 items. `collected` and order date are the given day (`YYYY-MM-DD`). */
export function fullRecord(date = '2026-03-02'): Record<string, unknown> {
  return {
    date,
    chartNumber: canary.chartNumber,
    name: canary.name,
    gender: 'M',
    age: 42,
    birthDate: canary.birthDate,
    institutionName: '예시의원',
    attendingPhysicianName: '마바사',
    residentRegistrationNumber: canary.residentRegistrationNumber,
    licenseNumber: canary.licenseNumber,
    phoneNumber: canary.phoneNumber,
    medicalDepartment: '내과',
    medicalInstitutionName: '예시의원',
    fax: '02-000-4821',
    email: canary.email,
    address: { zip: '04821', line1: canary.street, line2: '101호' },
    companyName: '예시상사',
    checkupRecord: {
      checkedOn: date,
      programme: '일반검진',
      measurements: [{ code: 'BP', name: '혈압', value: '120/80', unit: 'mmHg' }],
    },
    checkupResult: { judgedOn: date, grade: 'A', findings: ['정상'] },
    consultationInformation: '정기 상담',
    pastMedicalHistory: ['없음'],
    cctv: {
      cameraId: 'lobby-1',
      from: `${date}T00:00:00Z`,
      to: `${date}T00:05:00Z`,
      clipRef: 'clip-1',
      sha256: 'a'.repeat(64),
    },
    contactInformation: { mobile: canary.phoneNumber, phone: '02-000-4822' },
    websiteMemberInformation: {
      memberId: canary.memberId,
      name: canary.name,
      email: canary.email,
    },
    cookies: [{ name: 'session', valueHash: 'b'.repeat(64) }],
    otherData: { accessLog: [{ at: `${date}T00:00:00Z`, ip: '192.0.2.9', path: '/' }] },
    tests: [
      {
        prescriptionCode: 'C3825006',
        testName: '혈당',
        specimenName: '혈청',
        collectionDate: date,
      },
    ],
  };
}

const subjects: Readonly<Record<string, { kind: SubjectKind; id: string }>> = {
  bml: { kind: 'practitioner', id: canary.licenseNumber },
  s1: { kind: 'visitor', id: 'visitor-1' },
  medifix: { kind: 'member', id: canary.memberId },
  infonet: { kind: 'member', id: canary.memberId },
};

/** An order of the full record for a consignee, about the kind of person its contract is about. */
export function orderFor(consignee: string, change: Record<string, unknown> = {}) {
  const subject = subjects[consignee] ?? { kind: 'patient' as const, id: canary.chartNumber };
  return { consignee, subject, record: { ...fullRecord(), ...change } };
}

/** How an order is posted; the key is in double quotes on the wire. */
export function posted(order: object, key: string): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `"${key}"` },
    body: JSON.stringify(order),
  };
}

/** Withheld values in the writings, sources and places that people and programs really use. */
import { describe, expect, test } from 'vitest';
import { agreedWith } from '#test/minimise/agreed.ts';
import { decide, listing, masked, OWN, places, saying } from '#test/minimise/text-guard-cases.ts';

const TEXT = '/record/consultationInformation';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const hex = (text: string) => Buffer.from(text).toString('hex');
const tags = (text: string) =>
  [...text].map((one) => String.fromCodePoint(0xe0000 + one.charCodeAt(0))).join('');

describe('a withheld value is seen', () => {
  test.each([
    ['base64 of sixteen characters with its padding', base64('01023456789')],
    ['base64 of a day, its padding counted', base64('1984-02-29')],
    ['hexadecimal', hex('01023456789')],
    ['hexadecimal behind 0x', `0x${hex('840229-2345678')}`],
    ['markup', '010-<b>2345</b>-6789'],
    ['named character references', '010&nbsp;2345&ndash;6789'],
    ['character references, twice', '&amp;#48;1023456789'],
    ['escapes of JavaScript', '%u0030\\u{31}023456789'],
    ['tag characters, which nobody sees', `정상${tags('010-2345-6789')}`],
    ['words between the parts of a phone', '010 국번 2345 번호 6789'],
    ['hyphens that are said', '010다시2345다시6789'],
    ['letters between the parts', '010x2345x6789'],
    ['words between the parts of the number', '840229 뒤는 2345 그리고 678'],
    ['an email with its sign in words', 'gildong.h at mail.invalid'],
    ['an email with its sign in brackets', 'gildong.h[at]mail.invalid'],
    ['an email with its sign and dots in words', 'gildong.h (at) mail dot invalid'],
    ['an email with its sign in Korean', 'gildong.h골뱅이mail.invalid'],
    ['a code filled up with zeros', '면허 048213'],
    ['a masked number', '840229-2******'],
    ['a masked number without hyphen', '8402292******'],
    ['a birth and the digit behind it', '홍길동 8402292'],
    ['a birth of this century of foreigners', '8402296XXXXXX'],
    ['the year, otherwise said', '1984년도 2월 29일'],
    ['a short day, the day first', '29.02.84'],
    ['a short day, the month first', 'DOB: 02/29/84'],
    ['a short day, its month by name', '29-Feb-84'],
    ['a day as a program writes it', '{"y":1984,"m":2,"d":29}'],
    ['a day of a query', 'year=1984&month=2&day=29'],
    ['the year behind its word', '생년월: 1984-02'],
    ['the year and month in one', '생년월 198402'],
    ['the short year behind its word', 'YOB 84'],
    ['the short year before its word', "'84생, 여"],
    ['the year of a birth in words', '1984년에 태어남'],
    ['the year in English', 'birth date 1984'],
    ['the year with something in it that nobody sees', '19\u200b84년생'],
    ['a short day with such a thing in it', '8\u00ad4. 2. 2\u200d9.'],
  ])('as %s', (_name, text) => {
    expect(places(saying(`참고 ${text} 확인`))).toEqual([TEXT]);
  });

  test.each([48_213, 10_2345_6789, 1984_0229, -1984_0229])('as a measured value: %d', (value) => {
    const measured = { code: 'SBP', name: '수축기혈압', value, unit: 'mmHg' };
    const checkupRecord = {
      ...{ checkedOn: '2026-02-22', programme: '일반검진' },
      measurements: [measured],
    };
    expect(places(saying('상담', { checkupRecord }))).toEqual([
      '/record/checkupRecord/measurements/0/value',
    ]);
  });

  test('torn apart over two texts, in both', () => {
    const record = saying('상담', { pastMedicalHistory: ['연락 010-2345', '-6789 (본인)'] });
    expect(places(record)).toEqual([
      '/record/pastMedicalHistory/0',
      '/record/pastMedicalHistory/1',
    ]);
    const parted = { pastMedicalHistory: ['연락 010-2345', '-6789 (본인)'] };
    expect(masked(saying('상담', parted)).payload).toMatchObject({
      pastMedicalHistory: ['연락 0*******', '-**** (본인)'],
    });
  });

  test.each([
    ['a masked number', { residentRegistrationNumber: '840229-2******' }],
    ['a masked number without hyphen', { residentRegistrationNumber: '8402292******' }],
    ['the front of a number', { residentRegistrationNumber: '840229-*******' }],
    ['a number in two parts', { residentRegistrationNumber: { front: '840229', back: '2345678' } }],
    ['six digits', { birthDate: '840229' }],
    ['a short day', { birthDate: '84.2.29' }],
    ['the day first', { birthDate: '29/02/1984' }],
    ['the month first', { birthDate: '02/29/1984' }],
    ['parts', { birthDate: { year: 1984, month: 2, day: 29 } }],
    ['a value within a value', { birthDate: { value: { text: '1984-02-29' } } }],
  ])('where the EMR gives it as %s', (_name, source) => {
    const said = {
      chartNumber: '00012345',
      age: 42,
      date: '2026-03-10',
      institutionName: '가온의원',
    };
    for (const text of ['840229', '84년생', '1984-02-29', '8402292']) {
      const record = { ...said, ...source, name: `홍길동 ${text}` };
      expect(places(record, agreedWith('mediage'), '00012345')).toEqual(['/record/name']);
    }
  });

  test('in a list of phones within a list', () => {
    const contactInformation = { phones: [{ number: '010-7777-6666' }] };
    expect(places({ contactInformation, consultationInformation: '010 7777 6666' })).toEqual([
      TEXT,
    ]);
  });
});

describe('places that look closed', () => {
  test.each(['840229', '840229-2', '8402292', 'C840229', '84-02-29'])(
    'a chart number may not say a birth that is withheld: %s',
    (chartNumber) => {
      const record = { chartNumber, name: '홍길동', birthDate: '1984-02-29', date: '2026-03-10' };
      const found = places(record, agreedWith('mediage'), chartNumber);
      expect(found).toEqual(['/record/chartNumber']);
    },
  );

  const clip = { cameraId: 'a', to: '2026-03-01T01:00:00Z', clipRef: 'a', sha256: 'a'.repeat(64) };
  const entry = { at: '2026-03-01T00:00:00Z', ip: '192.0.2.1', path: '/' };
  test.each([
    [
      'fractions of a second',
      { cctv: { ...clip, from: '2026-03-01T00:00:00.01023456789Z' } },
      'cctv/from',
    ],
    [
      'an address of sixteen bytes',
      { otherData: { accessLog: [{ ...entry, ip: '8402:2923:4567:8::1' }] } },
      'otherData/accessLog/0/ip',
    ],
    [
      'the name of a member',
      { websiteMemberInformation: { memberId: 'a', name: '홍(84년생)', email: 'a@b.invalid' } },
      'websiteMemberInformation/name',
    ],
  ])('%s', (_name, more, place) => {
    expect(places(saying('상담', more))).toEqual([`/record/${place}`]);
  });
});

describe('what only looks like one passes', () => {
  test.each([
    ['a specimen of the day', '접수 260310-0012345'],
    ['a barcode of a day to come', 'EAN 8801043015678, 5901234123457'],
    ['a chart of another letter', 'D0048213'],
    ['a biopsy and saline', '생검 84생검, 84생리식염수'],
    ['a birth that was a delivery', '출생 체중 3.2kg, 출생 40주, 생일 파티'],
    ['comparisons and markup', 'TSH <0.5, x<3 y>2, <br>정상<br/> &gt; &nbsp;'],
    ['a digest', `sha256:${'9f86d081884c7d65'.repeat(4)}`],
    ['other short days', '84.3.29, 29.03.84, 02/28/84, Feb 28 84'],
  ])('%s', (_name, text) => {
    expect(places(saying(text))).toEqual([]);
  });

  test('digits of a record that would only meet across other digits', () => {
    const pastMedicalHistory = ['010-2345', '혈압 120/80', '6789'];
    expect(places(saying('상담', { pastMedicalHistory }))).toEqual([]);
  });
});

test('a refusal names no value, wherever it was', () => {
  const record = saying('상담', { pastMedicalHistory: ['010-2345', '-6789'] });
  const told = JSON.stringify(decide(record, listing()));
  for (const value of ['2345', '6789', OWN.phoneNumber]) expect(told).not.toContain(value);
});

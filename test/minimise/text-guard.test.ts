/** Nothing hides in text: withheld values are found in whatever they are written, and told of. */
import { describe, expect, test } from 'vitest';
import { agreedWith, contracts } from '#test/minimise/agreed.ts';
import {
  decide,
  DISGUISES,
  listing,
  masked,
  OWN,
  places,
  saying,
} from '#test/minimise/text-guard-cases.ts';

const TEXT = '/record/consultationInformation';
const disguises = Object.entries(DISGUISES);
const number = 'residentRegistrationNumber';

describe('a withheld value in a text refuses the release', () => {
  const values = Object.entries({ ...OWN, contactInformation: OWN.contactInformation.mobile });

  describe.each(values)('%s', (_item, value) => {
    test.each(disguises)('%s', (_disguise, disguise) => {
      expect(places(saying(`참고 ${disguise(value)} 확인`))).toEqual([TEXT]);
    });
  });

  test.each([
    ['the birth date in Korean words', '1984년 2월 29일'],
    ['padded', '1984년 02월 29일생'],
    ['in Chinese characters', '1984年2月29日'],
    ['with a year of two digits', "'84년 2월 29일"],
    ['without the last word', '1984년 2월 29'],
    ['unpadded with dots', '1984. 2. 29.'],
    ['unpadded with slashes', '1984/2/29'],
    ['the day first', '29.02.1984'],
    ['the month first', '2/29/1984'],
    ['the day first, in one', '29021984'],
    ['the month first, in one', '02291984'],
    ['six digits', 'DOB 840229'],
    ['six digits with dots', '84.02.29'],
    ['short and unpadded', '84-2-29'],
    ['a month and a day in one', '1984년 0229'],
    ['in English', 'Feb 29th, 1984'],
    ['in English, the day first', '29 February 1984'],
    ['the year alone', '1984년생'],
    ['the year alone, short', '84년생 여자'],
    ['the year and the month', '1984년 2월생'],
    ['the year, in English', 'born in 1984'],
    ['the phone by +82', '+82-10-2345-6789'],
    ['the phone by 0082', '0082 10 2345 6789'],
    ['the phone behind +82 and a zero', '+82(0)10.2345.6789'],
    ['the phone without 010', '뒷번호 2345-6789'],
    ['the second phone', '023456789'],
    ['the second phone from abroad', '+82 2 345 6789'],
    ['the last seven digits of the number', '뒷자리 2345678'],
    ['the number in two parts with words of space', '840229 \n - \t 2345678'],
    ['the email with its parts apart', 'gildong.h @ mail . invalid'],
    ['the chart number in small letters', 'c-0048213'],
  ])('%s', (_name, text) => {
    expect(places(saying(`참고: ${text} 확인`))).toEqual([TEXT]);
  });

  test.each([
    [
      'an optional member of an object',
      { address: { zip: '04524', line1: '가온로 1', line2: '84.02.29' } },
      '/record/address/line2',
    ],
    [
      'an element of a list',
      { pastMedicalHistory: ['없음', '840229-2345678'] },
      '/record/pastMedicalHistory/1',
    ],
    [
      'a number',
      {
        checkupRecord: {
          checkedOn: '2026-03-01',
          programme: 'A',
          measurements: [
            { name: '키', value: 170 },
            { name: 'x', value: 8402292345678 },
          ],
        },
      },
      '/record/checkupRecord/measurements/1/value',
    ],
    [
      'a number with a fraction',
      {
        checkupResult: { judgedOn: '2026-03-01', grade: 'A', findings: [] },
        checkupRecord: {
          checkedOn: '2026-03-01',
          programme: 'A',
          measurements: [{ name: 'x', value: 102345.6789 }],
        },
      },
      '/record/checkupRecord/measurements/0/value',
    ],
    [
      'a path',
      {
        otherData: {
          accessLog: [
            { at: '2026-03-01T00:00:00Z', ip: '192.0.2.1', path: '/r?tel=%30%31%302345%36789' },
          ],
        },
      },
      '/record/otherData/accessLog/0/path',
    ],
    [
      'an element of tests',
      { tests: [{ memo: 'x' }, { testName: 'TSH' }, { testName: 'TSH 48213' }] },
      '/record/tests/2/testName',
    ],
    ['a name', { name: '홍길동(84년생)' }, '/record/name'],
  ])('wherever it stands: %s', (_name, more, pointer) => {
    expect(places(saying('정기 상담', more))).toEqual([pointer]);
  });

  test('tells every place at once, with its item, and never the value', () => {
    const record = saying(`연락처 ${OWN.phoneNumber}`, {
      pastMedicalHistory: ['84년 2월 29일', '없음', OWN.email],
      tests: [{ testName: OWN.licenseNumber }],
    });
    const outcome = decide(record);
    expect(outcome).toEqual({
      outcome: 'refused',
      reason: 'UNCONTRACTED_VALUE_IN_TEXT',
      items: ['consultationInformation', 'pastMedicalHistory', 'testName'],
      problems: [
        '/record/consultationInformation',
        '/record/pastMedicalHistory/0',
        '/record/pastMedicalHistory/2',
        '/record/tests/0/testName',
      ].map((pointer) => ({ pointer, rule: 'holdsWithheldValue' })),
    });
  });

  test('but other problems are told first', () => {
    const record = saying(OWN.phoneNumber, { name: 7 });
    expect(decide(record)).toMatchObject({ reason: 'INVALID_ITEM' });
  });

  test('is found whatever type or form the EMR gave it', () => {
    const odd = { phoneNumber: 1023456789, birthDate: '1984.2.29 (양력)', [number]: 8402292345678 };
    for (const text of ['010-2345-6789', '19840229', '840229 2345678']) {
      expect(places({ ...odd, consultationInformation: text })).toEqual([TEXT]);
    }
    const two = { phoneNumber: '02-345-6789, 010-2345-6789' };
    for (const text of ['02 345 6789', '01023456789']) {
      expect(places({ ...two, consultationInformation: text })).toEqual([TEXT]);
    }
  });
});

describe('the birth date that a withheld registration number says', () => {
  const only = (text: string) => ({ [number]: OWN[number], consultationInformation: text });

  test.each(['1984년 2월 29일', '84년생', '19840229'])('is withheld too: %s', (text) => {
    expect(places(only(text))).toEqual([TEXT]);
  });

  test('is not, where a contract lists it', () => {
    expect(places(only('1984년 2월 29일, 84년생'), listing(['birthDate']))).toEqual([]);
  });

  test('is withheld where only an age is derived of it', () => {
    const record = { ...only('840229'), date: '2026-03-01' };
    expect(places(record, listing([]))).toEqual([TEXT]);
  });
});

describe('a registration number of anybody', () => {
  const elses = '751108-1234567';

  test.each([
    ['hyphenated', elses],
    ['in one', '7511081234567'],
    ['with another separator', '751108 / 1234567'],
    ['in full width', DISGUISES['in full width']!(elses)],
    ['with zero-width joiners', DISGUISES['with zero-width joiners']!(elses)],
    ['in four groups', '75 11 08 1234567'],
    ['its seventh digit apart', '751108-1-234567'],
    ['every digit apart', [...elses.replace('-', '')].join(' ')],
    ['of a foreigner', '751108-5234567'],
    ['of the century before', '751108-9234567'],
    ['in base64', DISGUISES['in base64']!(elses)],
    ['percent-encoded', DISGUISES['percent-encoded']!(elses)],
  ])('is found: %s', (_name, text) => {
    expect(places({ consultationInformation: `보호자 ${text} 확인` })).toEqual([TEXT]);
  });

  test.each([
    ['without a day that exists', '751308-1234567'],
    ['in a longer number', '17511081234567'],
    ['before further digits', '7511081234567890'],
    ['grouped as nobody writes it', '7511-0812-34567'],
    ['with letters in it', '751108x1234567'],
    ['a mobile number with a zero too many', '+8201023456789'],
  ])('is none: %s', (_name, text) => {
    expect(places({ consultationInformation: `참고 ${text} 확인` })).toEqual([]);
  });

  test('is found in codes, too', () => {
    const record = { tests: [{ prescriptionCode: '751108-1234567' }] };
    expect(places(record)).toEqual(['/record/tests/0/prescriptionCode']);
  });

  test('may stand where the contract lets registration numbers out', () => {
    const legalBasis = agreedWith('lctech').legalBasis;
    const record = { consultationInformation: `보호자 ${elses}` };
    expect(places(record, listing([number], { legalBasis }))).toEqual([]);
    expect(places(record, listing([number]))).toEqual([TEXT]);
  });
});

describe('what is no withheld value passes', () => {
  test.each([
    ['other days', '1984-03-01 수술, 2019.02.29 없음, 2월 29일 예약'],
    ['gender, age, names and institutions', '홍길동 여 42세, 가온의원'],
    ['a blood pressure', '혈압 482/13 맥박 48'],
    ['a chart number within a longer number', '1482130, 482134'],
    ['a chart number as part of a fraction', '0.48213, 48213.5, 1,48213'],
    ['six digits within a longer number', '검체 18402291'],
    ["a year that is nobody's birth", '1984년 진단, 1984년부터'],
    ['a year of birth of somebody else', '배우자 1985년생'],
    ['a pressure beside a date', '124/84 2.29'],
    ['part of the email', 'gildong.h@other.invalid'],
    ['long words and links', 'electroencephalography https://a.invalid/b?c=d%20e&f=%41'],
  ])('%s', (_name, text) => {
    expect(places(saying(text))).toEqual([]);
  });

  test('short codes are not looked for', () => {
    const record = { licenseNumber: '1234', consultationInformation: '1234호, 1,234회' };
    expect(places(record)).toEqual([]);
    const short = { chartNumber: 'A-12', consultationInformation: 'A-12 A12' };
    expect(places(short, listing(), 'A-12')).toEqual([]);
  });

  test('days, closed lists, addresses of machines and digests are not read', () => {
    const birthDate = '2026-03-01';
    const sha256 = `${'a'.repeat(50)}20260301${'0'.repeat(6)}`;
    const record = {
      ...{ birthDate, date: '2026-03-09', phoneNumber: '02-6030-1234' },
      checkupRecord: { checkedOn: birthDate, programme: 'A', measurements: [] },
      otherData: { accessLog: [{ at: '2026-03-01T00:00:00Z', ip: '20.26.3.1', path: '/' }] },
      cctv: {
        ...{ cameraId: 'a', from: '2026-03-01T00:00:00Z', to: '2026-03-01T01:00:00Z' },
        ...{ clipRef: 'a', sha256 },
      },
      cookies: [{ name: 'a', valueHash: sha256 }],
    };
    expect(places(record)).toEqual([]);
  });

  test('a value that the record says in its own place', () => {
    const phones = { ...saying(`${OWN.phoneNumber} ${OWN.email}`), contactInformation: undefined };
    expect(places(phones, listing(['phoneNumber', 'email']))).toEqual([]);
    const same = { ...phones, contactInformation: { mobile: '+82 1023456789' } };
    expect(places(same, listing(['phoneNumber', 'email']))).toEqual([]);
    const member = { memberId: 'C0048213', name: '홍', email: OWN.email, phone: OWN.phoneNumber };
    const record = saying(`${OWN.phoneNumber} ${OWN.email} c0048213`, {
      contactInformation: undefined,
      websiteMemberInformation: member,
    });
    expect(places(record)).toEqual([]);
    const born = { birthDate: '2026-03-09', date: '2026-03-09' };
    expect(places({ ...born, consultationInformation: '2026-03-09 내원' })).toEqual([]);
  });

  test('but a text is no place of its own, however alone the value stands in it', () => {
    expect(places(saying(OWN.phoneNumber))).toEqual([TEXT]);
  });
});

describe('codes', () => {
  test.each([
    ['the birth date', { tests: [{ prescriptionCode: '19840229' }] }, 'tests/0/prescriptionCode'],
    [
      'a phone',
      { websiteMemberInformation: { memberId: '01023456789', name: 'a', email: 'a@b.invalid' } },
      'websiteMemberInformation/memberId',
    ],
    [
      'the number',
      { cookies: [{ name: 'u8402292345678', valueHash: 'a'.repeat(64) }] },
      'cookies/0/name',
    ],
  ])('are searched for what is too long to be there by chance: %s', (_name, more, place) => {
    expect(places(saying('정기 상담', more))).toEqual([`/record/${place}`]);
  });

  test('are not searched for what is short', () => {
    const tests = [{ prescriptionCode: '48213' }, { prescriptionCode: '840229' }];
    expect(places(saying('정기 상담', { tests }))).toEqual([]);
  });

  test('may not hold a birth as a chart number where only an age may leave', () => {
    const record = {
      ...{ date: '2026-03-09', chartNumber: '19840229', name: '홍길동', birthDate: '1984-02-29' },
      ...{ gender: 'F', institutionName: '가온의원(84년생)' },
    };
    expect(places(record, agreedWith('mediage'), '19840229')).toEqual([
      '/record/chartNumber',
      '/record/institutionName',
    ]);
  });
});

describe('where the contract says mask', () => {
  test('the span is masked, in as many characters, and told', () => {
    const record = saying('연락 010-2345-6789 부탁', {
      pastMedicalHistory: ['840229-2345678', '없음'],
    });
    const outcome = masked(record);
    expect(outcome.payload).toMatchObject({
      consultationInformation: '연락 0************ 부탁',
      pastMedicalHistory: ['**************', '없음'],
    });
    expect(outcome.masked).toEqual(['consultationInformation', 'pastMedicalHistory']);
    expect(outcome.rules).toEqual(['textMask@1']);
  });

  test('nothing changes and no rule is named where nothing is found', () => {
    const { payload, masked: codes, rules } = masked(saying('정기 상담'));
    expect(payload['consultationInformation']).toBe('정기 상담');
    expect([codes, rules]).toEqual([[], []]);
  });

  test.each(disguises)('what is found is gone: %s', (_name, disguise) => {
    const text = disguise(OWN.phoneNumber);
    const { payload } = masked(saying(`가 ${text} 나`));
    const left = payload['consultationInformation'] as string;
    expect(left).toHaveLength(`가 ${text} 나`.length);
    expect(left.startsWith('가 ') && left.endsWith(' 나')).toBe(true);
    expect(places(saying(left))).toEqual([]);
  });

  test('a run of base64 is masked whole', () => {
    const run = Buffer.from(`patient: ${OWN.phoneNumber}`).toString('base64').replaceAll('=', '');
    const { payload } = masked(saying(`참고 ${run} 끝`));
    expect(payload['consultationInformation']).toBe(`참고 ${'*'.repeat(run.length)} 끝`);
  });

  test('it goes on until nothing is found', () => {
    // what stood around the first becomes the second
    const { payload } = masked(saying('0102345 840229-2345678 6789'));
    expect(payload['consultationInformation']).toMatch(/^[0-9]?[* ]+$/);
  });

  test.each([
    [
      'a number',
      {
        checkupRecord: {
          checkedOn: '2026-03-01',
          programme: 'A',
          measurements: [{ name: 'x', value: 8402292345678 }],
        },
      },
      '/record/checkupRecord/measurements/0/value',
    ],
    ['a code', { tests: [{ prescriptionCode: '19840229' }] }, '/record/tests/0/prescriptionCode'],
    [
      'a code that would take asterisks',
      { cookies: [{ name: 'u01023456789', valueHash: 'a'.repeat(64) }] },
      '/record/cookies/0/name',
    ],
    [
      'a text of a closed form',
      { licenseNumber: '04821', address: { zip: '04821', line1: '가온로 1' } },
      '/record/address/zip',
    ],
  ])('the order is refused where that cannot be: %s', (_name, more, pointer) => {
    const contract = listing([], { onTextMatch: 'mask' });
    expect(places(saying('정기 상담', more), contract)).toEqual([pointer]);
  });
});

test('what is withheld for want of a legal basis is looked for', () => {
  const record = saying('주민 840229-2345678');
  expect(places(record, listing([number]))).toEqual([TEXT]);
});

test('a contract under which everything guarded leaves looks for nothing', () => {
  const legalBasis = agreedWith('lctech').legalBasis;
  const contract = listing(Object.keys(OWN), { legalBasis });
  expect(
    places(
      saying(
        Object.values(OWN)
          .filter((one) => typeof one === 'string')
          .join(' '),
      ),
      contract,
    ),
  ).toEqual([]);
});

test('a year of birth may stand where the number that says it leaves, a day of birth may not', () => {
  const { legalBasis } = agreedWith('lctech');
  const contract = listing([number], { legalBasis });
  expect(places(saying('배우자도 1984년생'), contract)).toEqual([]);
  expect(places(saying('1984년 2월 29일'), contract)).toEqual([TEXT]);
  const withoutNumber = saying('배우자도 1984년생', { [number]: undefined });
  expect(places(withoutNumber, contract)).toEqual([TEXT]);
});

test('the same record is decided the same on every day', () => {
  const record = { consultationInformation: '490104-3015678' };
  expect(places(record)).toEqual([TEXT]);
});

test('the shipped contracts refuse', () => {
  expect(contracts.map(({ onTextMatch }) => onTextMatch)).toEqual(Array(17).fill('refuse'));
});

test('no hostile text of 4,000 characters takes out of all proportion long', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const texts = [
    '1 '.repeat(2000),
    '1'.repeat(4000),
    '84 02 29 2 '.repeat(363),
    '1984.2.2 '.repeat(440),
    'A'.repeat(4000),
    base64(base64('8402292345679 '.repeat(160))).slice(0, 4000),
    '%38'.repeat(1333),
    '%2538'.repeat(800),
    `x${'\u200b'.repeat(120)}`.repeat(33),
    '\u200b'.repeat(3999),
    '８'.repeat(4000),
    '년생'.repeat(2000),
    '\ufdfa'.repeat(4000),
    'feb1984'.repeat(571),
    '&#'.repeat(2000),
    '😀'.repeat(2000),
  ];
  const timeOf = (text: string) => {
    let best = Infinity;
    for (let round = 0; round < 5; round += 1) {
      const before = process.threadCpuUsage();
      places(saying(text));
      const { user, system } = process.threadCpuUsage(before);
      best = Math.min(best, (user + system) / 1000);
    }
    return best;
  };
  const slow = texts.map((text) => [text.slice(0, 12), timeOf(text)] as const);
  // some 2 ms on a quiet machine; what grows with the square of the length takes hundreds
  expect(slow.filter(([, ms]) => ms >= 40)).toEqual([]);
});

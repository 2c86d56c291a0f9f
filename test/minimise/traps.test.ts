/**
 * The traps of the clinic's published table, each a test of its own, over the shipped contracts: a
 * record that holds everything goes to everyone, and nobody gets what its row does not name.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contractWarnings, pinOf } from '#src/agreements/notice.ts';
import { canonicalBytes } from '#src/base/canonical.ts';
import { newId } from '#src/base/ids.ts';
import { seoulDate } from '#src/base/seoul.ts';
import type { Contract } from '#src/base/words.ts';
import { makeEnvelope } from '#src/delivery/envelope.ts';
import { compileContract } from '#src/minimise/compile.ts';
import { commitmentOf } from '#src/minimise/released.ts';
import { reopen } from '#src/minimise/reopen.ts';
import { replay } from '#src/minimise/replay.ts';
import { minimiseReturned } from '#src/minimise/returned.ts';
import { wireRecord } from '#src/minimise/wire.ts';
import { faultsOf, soundFiles } from '#test/agreements/folders.ts';
import {
  agreedWith,
  contracts,
  contractsDir,
  minimiseUnder,
  releasedUnder,
} from '#test/minimise/agreed.ts';
import { SALT } from '#test/minimise/dictionary.ts';
import { canary, fullRecord } from '#test/support/orders.ts';

const number = 'residentRegistrationNumber';
const named = contracts.map((contract) => [contract.consignee, contract] as const);
const listing = (item: string) => named.filter(([, contract]) => lists(contract, item));
const lists = (contract: Contract, item: string) => contract.items.some((one) => one.item === item);

/** Who the full record is about, by the kind of subject. */
const ids = {
  patient: canary.chartNumber,
  practitioner: canary.licenseNumber,
  member: canary.memberId,
  visitor: 'visitor-1',
};

/** The full record, changed, released under a contract to whomever it is about. */
function released(contract: Contract, change: Record<string, unknown> = {}) {
  return releasedUnder(contract, { ...fullRecord(), ...change }, { id: ids[contract.subject] });
}

describe('trap 1: consignees that may know an age only', () => {
  const ageOnly = ['mediage', 'sk-chemicals'].map((id) => [id, agreedWith(id)] as const);

  test('are two, and list an age without a birth date or a number', () => {
    const some = listing('age').filter(
      ([, contract]) => !lists(contract, 'birthDate') && !lists(contract, number),
    );
    expect(some.map(([id]) => id)).toEqual(ageOnly.map(([id]) => id));
  });

  test.each(ageOnly)(
    '%s gets no day, year or month of birth, by whatever name',
    (_id, contract) => {
      const disguised = {
        ageInMonths: 504,
        ageMonths: 504,
        birthYear: 1984,
        yearOfBirth: '1984',
        dob: '1984-02-29',
        birthday: '0229',
        'PID-7': '19840229',
        PatientBirthDate: '19840229',
        fileName: '홍길동_19840229.pdf',
        생년월일: '1984.02.29',
      };
      const tests = [{ prescriptionCode: 'C1', ...disguised }];
      const {
        payload,
        text,
        released: left,
      } = released(contract, {
        ...disguised,
        age: null,
        tests,
        patient: disguised,
      });
      expect(Object.keys(payload).toSorted()).toEqual(
        ['age', 'chartNumber', 'date', 'gender', 'institutionName', 'name'].toSorted(),
      );
      expect(left.derived).toEqual(['age']);
      expect(text).not.toMatch(/1984|840229|0229|504|birth|dob|month/i);
    },
  );

  test.each(ageOnly)('%s gets the same bytes for a year of birth dates', (_id, contract) => {
    const at = (birthDate: string) =>
      released(contract, { birthDate, [number]: null, age: null, date: '2026-03-02' }).text;
    // from the day after the 43rd birthday fell due to the 42nd birthday itself, two calendar years
    expect(at('1983-03-03')).toBe(at('1984-03-02'));
    expect(at('1983-12-31')).toBe(at('1984-01-01'));
    expect(at('1984-03-03')).not.toBe(at('1984-03-02'));
  });

  test('get no digit that depends on more than the age, whatever the birth date', () => {
    const day = fc.date({
      noInvalidDate: true,
      min: new Date('1930-01-01'),
      max: new Date('2025-12-31'),
    });
    const [, contract] = ageOnly[0]!;
    fc.assert(
      fc.property(day, (born) => {
        const birthDate = born.toISOString().slice(0, 10);
        const { payload, text } = released(contract, { birthDate, [number]: null, age: null });
        const { age } = payload;
        const only = released(contract, { birthDate: null, [number]: null, age }).text;
        expect(text).toBe(only);
      }),
      { numRuns: 200 },
    );
  });
});

describe('trap 2: a registration number says birth date and gender', () => {
  test.each(named)('%s gets of it what it lists, and no more', (_id, contract) => {
    const unsaid = { birthDate: null, gender: null, age: null };
    const { payload, released: left, text } = released(contract, unsaid);
    for (const [item, value] of Object.entries({ birthDate: '1984-02-29', gender: 'M', age: 42 })) {
      expect(payload[item], item).toBe(lists(contract, item) ? value : undefined);
      expect(left.derived.includes(item)).toBe(lists(contract, item));
    }
    if (!lists(contract, 'birthDate') && !lists(contract, number)) {
      expect(text).not.toMatch(/1984|840229/);
    }
  });

  test.each([
    ['2026-02-28', 41],
    ['2026-03-01', 42],
  ])('an age on %s is %i, and says no more than that', (date, age) => {
    const { payload } = released(agreedWith('mediage'), { date, age: null, birthDate: null });
    expect(payload['age']).toBe(age);
  });

  test.each(listing(number))(
    '%s gets the number encrypted, never in clear',
    async (_id, contract) => {
      const { released: left } = released(contract);
      const sent = await wireRecord(left, () => Promise.resolve('a.b.c.d.e'));
      expect(sent[number]).toBe('a.b.c.d.e');
      expect(JSON.stringify(sent)).not.toMatch(/840229|1234567/);
    },
  );
});

describe('trap 3: BML registers practitioners', () => {
  const bml = agreedWith('bml');

  test('a patient is refused, before anything of the record is looked at', () => {
    const outcome = minimiseUnder(bml, fullRecord(), { kind: 'patient', id: canary.chartNumber });
    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'WRONG_SUBJECT', items: [] });
  });

  test('nothing of a patient who strayed into the record leaves', () => {
    const { payload } = released(bml);
    expect(Object.keys(payload).toSorted()).toEqual(bml.items.map(({ item }) => item).toSorted());
    for (const item of ['chartNumber', 'birthDate', 'age', 'gender', 'tests', 'checkupRecord']) {
      expect(payload).not.toHaveProperty(item);
    }
  });

  test('another practitioner is refused', () => {
    const outcome = minimiseUnder(bml, fullRecord(), { id: '999999' });
    expect(outcome).toMatchObject({ reason: 'SUBJECT_MISMATCH', items: ['licenseNumber'] });
  });

  test.each(named)('%s takes one kind of subject and no other', (_id, contract) => {
    for (const kind of ['patient', 'practitioner', 'member', 'visitor'] as const) {
      const outcome = minimiseUnder(contract, fullRecord(), { kind, id: ids[kind] });
      const isOwn = kind === contract.subject;
      expect(outcome.outcome === 'refused' && outcome.reason).toBe(isOwn ? false : 'WRONG_SUBJECT');
    }
  });
});

/** What may never leave, by many names; each value is found again in any bytes. */
const secrets = {
  password: 'SECRET-1',
  passwordHash: 'SECRET-2',
  비밀번호: 'SECRET-3',
  iPin: 'SECRET-4',
  'i-PIN': 'SECRET-5',
  아이핀: 'SECRET-6',
  cardNumber: 'SECRET-7',
  'card-cvc': 'SECRET-8',
  fingerprint: 'SECRET-9',
  fingerprintTemplate: 'SECRET-10',
  지문: 'SECRET-11',
  verificationValue: 'SECRET-12',
};
const health = {
  diagnosis: 'SECRET-13',
  bloodType: 'SECRET-14',
  pastMedicalHistory: ['SECRET-15'],
};

describe('trap 4: member data is a closed list', () => {
  test.each(['medifix', 'infonet'])('%s gets the listed keys, and no secret or health', (id) => {
    const more = { ...secrets, ...health };
    const { payload, text, withheld } = released(agreedWith(id), {
      ...more,
      websiteMemberInformation: {
        memberId: canary.memberId,
        name: canary.name,
        email: canary.email,
        ...more,
        profile: more,
      },
      cookies: [{ name: 'session', valueHash: 'b'.repeat(64), value: 'SECRET-20', ...more }],
      otherData: {
        accessLog: [{ at: '2026-03-02T00:00:00Z', ip: '192.0.2.9', path: '/', ...more }],
        ...more,
      },
    });
    expect(text).not.toContain('SECRET');
    const keys = ['cookies', 'otherData', 'websiteMemberInformation'];
    expect(Object.keys(payload).toSorted()).toEqual(keys);
    expect(Object.keys(payload['otherData'] as object)).toEqual(['accessLog']);
    const reason = new Map(withheld.map(({ item, reason: why }) => [item, why]));
    for (const place of ['', 'websiteMemberInformation.', 'cookies[].', 'otherData.']) {
      for (const key of Object.keys(secrets)) {
        expect(reason.get(`${place}${key}`), `${place}${key}`).toBe('NEVER_SHARED');
      }
      expect(reason.get(`${place}bloodType`)).toBe('UNKNOWN_ITEM');
    }
    expect(reason.get('pastMedicalHistory')).toBe('NOT_IN_CONTRACT');
    expect(reason.get('websiteMemberInformation.profile')).toBe('UNKNOWN_ITEM');
  });

  const hash = 'c'.repeat(64);
  const infonet = agreedWith('infonet');
  const page = (path: string) => ({ at: '2026-03-02T00:00:00Z', ip: '192.0.2.9', path });
  const withCookies = (...cookieNames: string[]) =>
    released(infonet, { cookies: cookieNames.map((name) => ({ name, valueHash: hash })) });
  const withPages = (...paths: string[]) =>
    released(infonet, { otherData: { accessLog: paths.map(page) } });

  test.each([
    ...['password', 'Password', 'login_password', 'passwd', 'pwd', 'i-PIN', 'ipin', 'pin'],
    ...[
      'cardNumber',
      'my_card_no',
      'cvc',
      'fingerprint',
      'verificationValue',
      'accessTokenPassword',
    ],
    ...['비밀번호', '비밀번호'.normalize('NFD'), '회원 지문', '카드번호', 'ｐａｓｓｗｏｒｄ'],
    ...['p%61ssword', 'p%2561ssword', encodeURIComponent('비밀번호')],
  ])('a cookie named %j stays, with its hash', (name) => {
    const { payload, text, withheld, ledgerWithheld } = withCookies('session', name);
    expect(payload['cookies']).toEqual([{ name: 'session', valueHash: hash }]);
    expect(text).not.toContain(name);
    const said = withheld.filter(({ reason }) => reason === 'NEVER_SHARED');
    expect(said).toHaveLength(1);
    expect(said[0]!.item).toMatch(/^cookies\[\]\./);
    expect(infonet.dictionary.neverShared).toContain(said[0]!.item.replace('cookies[].', ''));
    expect(ledgerWithheld).toContainEqual({
      ...{ item: 'NEVER_SHARED', reason: 'NEVER_SHARED', count: 1 },
    });
  });

  test('the account says which name of the list a cookie says, not what else it is called', () => {
    const { withheld, text } = withCookies('password_홍길동', 'hong.password.840229');
    expect(withheld).toContainEqual({ item: 'cookies[].password', reason: 'NEVER_SHARED' });
    expect(JSON.stringify(withheld)).not.toMatch(/홍길동|hong|840229/);
    expect(text).toContain('"cookies":[]');
  });

  test('ordinary cookies go, those of a session among them', () => {
    const ordinary = ['JSESSIONID', 'accessToken', 'session_token', 'refresh-token', '_ga'];
    const named = [...ordinary, 'csrf_secret', 'XSRF-TOKEN', 'shipping', 'pinned', '%70inned'];
    const { payload, withheld } = withCookies(...named);
    expect(payload['cookies']).toHaveLength(named.length);
    expect(withheld.filter(({ reason }) => reason === 'NEVER_SHARED')).toEqual([]);
  });

  test.each([
    ...[
      '/login?password=SECRET',
      '/login?id=1&user[password]=SECRET',
      '/a;pwd=SECRET',
      '/#otp=SECRET',
    ],
    ...['/login?비밀번호=SECRET', `/login?${encodeURIComponent('비밀번호')}=SECRET`],
    ...['/?%70in=SECRET', '/?next=%2Flogin%3Fpassword%3DSECRET', '/?a%26cvc=SECRET'],
    ...['/?accessToken=SECRET', '/pay?card_no=SECRET&card_no=1', '/?p%252561sswd=SECRET'],
  ])('a page asked for as %j is not told', (path) => {
    const { payload, text, withheld } = withPages('/mypage', path);
    expect(payload['otherData']).toEqual({ accessLog: [page('/mypage')] });
    expect(text).not.toContain('SECRET');
    const said = withheld.filter(({ reason }) => reason === 'NEVER_SHARED');
    expect(said).toHaveLength(1);
    expect(said[0]!.item).toMatch(/^otherData\.accessLog\[\]\.[a-z가-힣]+$/);
  });

  test('pages about a password are told, as long as they hold none', () => {
    const paths = ['/password/reset?step=2', '/?tab=password', '/find-password', '/?a=%&b=%zz'];
    expect(withPages(...paths).payload['otherData']).toEqual({ accessLog: paths.map(page) });
  });

  test('an address of any length and any escapes is read in time', () => {
    const paths = [
      '%25'.repeat(50_000),
      '='.repeat(100_000),
      'a'.repeat(100_000),
      '?&'.repeat(9_999),
    ];
    for (const path of paths) {
      const outcome = minimiseUnder(
        infonet,
        { ...fullRecord(), otherData: { accessLog: [page(`/${path}`)] } },
        { id: canary.memberId },
      );
      expect(outcome).toMatchObject({ reason: 'INVALID_ITEM' });
    }
  }, 2000);

  test('what is measured under such a name stays, and what a doctor calls so goes', () => {
    const measured = (name: string, code = 'X') => ({ code, name, value: 'SECRET' });
    const measuring = (...measurements: object[]) =>
      released(agreedWith('engitech'), {
        checkupRecord: { checkedOn: '2026-03-02', programme: '일반검진', measurements },
      });
    const { text, withheld } = measuring(measured('비밀번호'), measured('x', 'Card-Number'));
    expect(text).not.toContain('SECRET');
    const place = 'checkupRecord.measurements[]';
    expect(withheld).toContainEqual({ item: `${place}.비밀번호`, reason: 'NEVER_SHARED' });
    expect(withheld).toContainEqual({ item: `${place}.cardnumber`, reason: 'NEVER_SHARED' });
    const open = ['PIN', 'Iris', 'Secretin', '설문지문항', '암호르몬'].map((name) =>
      measured(name),
    );
    expect(measuring(...open).payload['checkupRecord']).toMatchObject({ measurements: open });
  });

  test('such a cookie does not get past the last look, and one that once left still replays', () => {
    const cookies = [{ name: 'password', valueHash: hash }];
    const payload = { cookies, websiteMemberInformation: fullRecord()['websiteMemberInformation'] };
    const canonical = canonicalBytes(payload);
    const commitment = commitmentOf(SALT, canonical);
    const compiled = compileContract(infonet);
    expect(() => reopen(compiled, { salt: SALT, canonical, commitment })).toThrow('NOT_CONTRACTED');
    const source = { ...fullRecord(), cookies, otherData: null };
    expect(replay(infonet, { source, salt: SALT, commitment }).answer).toBe('yes');
    const { commitment: now } = released(infonet, { cookies, otherData: null }).released;
    expect(replay(infonet, { source, salt: SALT, commitment: now }).answer).toBe('yes');
  });
});

describe('trap 5: S1 works with fingerprints, and gets none', () => {
  test('wherever they stand in the record', () => {
    const { cctv, address } = fullRecord();
    const { text, withheld } = released(agreedWith('s1'), {
      ...secrets,
      cctv: { ...(cctv as object), fingerprint: 'SECRET-30', clip: 'SECRET-31' },
      address: { ...(address as object), 지문: 'SECRET-32' },
      contactInformation: { mobile: canary.phoneNumber, fingerprintTemplate: 'SECRET-33' },
    });
    expect(text).not.toContain('SECRET');
    for (const item of ['fingerprint', 'cctv.fingerprint', 'address.지문']) {
      expect(withheld).toContainEqual({ item, reason: 'NEVER_SHARED' });
    }
  });

  test('and its items do not name them, although its work does', () => {
    const { items, work } = agreedWith('s1');
    expect(work.en).toMatch(/fingerprint/i);
    expect(JSON.stringify(items)).not.toMatch(/fingerprint/i);
  });
});

describe('trap 6: contact information is telephone and mobile', () => {
  test.each(listing('contactInformation'))(
    '%s says so, and gets no e-mail address',
    (_id, contract) => {
      expect(pinOf(contract, 'contactInformation')?.en).toMatch(
        /telephone.*mobile.*never an e-mail/,
      );
      expect(pinOf(contract, 'contactInformation')?.ko).toMatch(/전화.*휴대전화.*전자우편 제외/);
      const { text, withheld } = released(contract, {
        contactInformation: { mobile: '010-0000-4821', email: canary.email, kakaoId: 'ganadara' },
      });
      expect(text).toContain('"contactInformation":{"mobile":"010-0000-4821"}');
      expect(text).not.toMatch(/@|ganadara/);
      expect(withheld).toContainEqual({ item: 'email', reason: 'NOT_IN_CONTRACT' });
      expect(withheld).toContainEqual({
        item: 'contactInformation.email',
        reason: 'UNKNOWN_ITEM',
      });
    },
  );

  test('the courier gets a parcel to its door where there is only an e-mail address', () => {
    const { payload, withheld } = released(agreedWith('korea-post'), {
      contactInformation: { email: canary.email },
    });
    expect(Object.keys(payload)).toEqual(['address', 'name']);
    const own = withheld.filter(({ item }) => item.startsWith('contactInformation'));
    expect(own).toEqual([
      { item: 'contactInformation', reason: 'ABSENT' },
      { item: 'contactInformation.email', reason: 'UNKNOWN_ITEM' },
    ]);
  });

  test('the courier learns nothing of health', () => {
    const { payload } = released(agreedWith('korea-post'));
    expect(Object.keys(payload).toSorted()).toEqual(['address', 'contactInformation', 'name']);
  });
});

describe('trap 7: a date is the day that its contract means, in Seoul', () => {
  test.each(listing('date'))('%s says which day it is, in both languages', (_id, contract) => {
    expect(pinOf(contract, 'date')?.en).toMatch(/^The day .* in Seoul\.$/);
    expect(pinOf(contract, 'date')?.ko).toMatch(/(날|일)\(서울 기준\)$/);
  });

  test('of an order of a lab it is the day of ordering, of images that of the check-up', () => {
    expect(pinOf(agreedWith('samkwang'), 'date')?.en).toMatch(/orders/);
    expect(pinOf(agreedWith('infinite'), 'date')?.en).toMatch(/check-up/);
  });

  test.each([
    ['2026-03-09T14:59:59.999Z', false],
    ['2026-03-09T15:00:00.000Z', true],
  ])('at %s in UTC, 10 March in Seoul has begun: %s', (instant, hasBegun) => {
    const today = seoulDate(Date.parse(instant));
    const record = { ...fullRecord('2026-03-09'), date: '2026-03-10' };
    for (const [id, contract] of listing('date')) {
      const outcome = minimiseUnder(contract, record, { today, id: ids[contract.subject] });
      expect(outcome.outcome, id).toBe(hasBegun ? 'released' : 'refused');
    }
  });

  test.each(listing('date'))('%s gets a day, never an instant', (_id, contract) => {
    const record = { ...fullRecord(), date: '2026-03-02T00:00:00+09:00' };
    const outcome = minimiseUnder(contract, record, { id: ids[contract.subject] });
    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'INVALID_ITEM', items: ['date'] });
  });
});

describe('trap 8: rows without a chart number', () => {
  const numberless = named.filter(([, contract]) => !lists(contract, 'chartNumber'));

  test('are nine, T&C Pathology and the courier among them', () => {
    const found = numberless.map(([id]) => id);
    expect(found).toHaveLength(9);
    expect(found).toEqual(expect.arrayContaining(['tnc-pathology', 'korea-post']));
  });

  test.each(numberless)(
    '%s gets none, and a random id to name its results by',
    async (_id, contract) => {
      const { text, released: left } = released(contract);
      expect(text).not.toContain(canary.chartNumber);
      const [one, two] = [newId(new Date(0)), newId(new Date(0))];
      expect(one).not.toBe(two);
      const proof = { leaf: '', index: 0, hashes: [], checkpoint: '' };
      const encrypt = () => Promise.resolve('a.b.c.d.e');
      const sent = await makeEnvelope(encrypt, { transfer: one, released: left, proof });
      expect(sent.transfer).toBe(one);
      expect(JSON.stringify(sent)).not.toContain(canary.chartNumber);
    },
  );

  test('their results are taken without one, and one that comes along stays', () => {
    const testResult = { reportedOn: '2026-03-09', status: 'final', values: [{ value: '음성' }] };
    const outcome = minimiseReturned(compileContract(agreedWith('tnc-pathology')), {
      result: { testResult, chartNumber: canary.chartNumber, [number]: '840229-1234567' },
      today: '2026-03-10',
      salt: SALT,
    });
    if (outcome.outcome !== 'accepted') throw new Error('refused');
    expect(JSON.parse(outcome.canonical.toString('utf8'))).toEqual({ testResult });
  });
});

describe('trap 9: MediAge and SK Chemicals', () => {
  test.each(['mediage', 'sk-chemicals'])('%s gets no code and no name of a test', (id) => {
    const { payload, text, withheld } = released(agreedWith(id), { prescriptionCode: 'C3825006' });
    expect(payload).not.toHaveProperty('tests');
    expect(text).not.toMatch(/C3825006|혈당|혈청/);
    const codes = withheld.filter(({ item }) => item === 'prescriptionCode');
    expect(codes.map(({ reason }) => reason)).toEqual(['NOT_IN_CONTRACT', 'UNKNOWN_ITEM']);
  });

  test('an institution is not a company', () => {
    const mixed = { institutionName: '가온의원', companyName: '누리상사' };
    for (const [id, contract] of named) {
      const { payload } = released(contract, mixed);
      for (const item of ['institutionName', 'companyName'] as const) {
        expect(payload[item], id).toBe(lists(contract, item) ? mixed[item] : undefined);
      }
    }
    const outcome = released(agreedWith('mediage'), { ...mixed, institutionName: null });
    expect(outcome.text).not.toContain('누리상사');
    expect(outcome.withheld).toContainEqual({ item: 'institutionName', reason: 'ABSENT' });
  });
});

describe('a code of a test at the top of the record', () => {
  test('is an unknown key, told once beside the item that is listed and sent', () => {
    const samkwang = agreedWith('samkwang');
    const {
      payload,
      withheld,
      ledgerWithheld,
      released: left,
    } = released(samkwang, {
      prescriptionCode: 'TOP-LEVEL',
    });
    expect(payload['tests']).toEqual([
      { prescriptionCode: 'C3825006', collectionDate: '2026-03-02' },
    ]);
    expect(left.released.filter((item) => item === 'prescriptionCode')).toHaveLength(1);
    const told = withheld.filter(({ item }) => item.includes('prescriptionCode'));
    expect(told).toEqual([{ item: 'prescriptionCode', reason: 'UNKNOWN_ITEM' }]);
    expect(ledgerWithheld.filter(({ item }) => item === 'prescriptionCode')).toEqual([]);
    expect(ledgerWithheld).toContainEqual({
      ...{ item: 'UNKNOWN_ITEM', reason: 'UNKNOWN_ITEM', count: 1 },
    });
  });

  test('does not stand in for the one that is required', () => {
    const record = { ...fullRecord(), tests: null, prescriptionCode: 'C3825006' };
    const outcome = minimiseUnder(agreedWith('samkwang'), record, { id: canary.chartNumber });
    expect(outcome).toMatchObject({
      reason: 'REQUIRED_ITEM_MISSING',
      problems: [{ pointer: '/record/tests/0/prescriptionCode', rule: 'required' }],
    });
  });
});

describe('a registration number that nobody asked for', () => {
  test.each(listing('chartNumber'))(
    '%s is not refused an order for a masked one',
    (_id, contract) => {
      const { payload, withheld } = released(contract, {
        [number]: '840229-1******',
        ...{ birthDate: null, gender: null, age: null },
      });
      for (const item of ['birthDate', 'gender', 'age'].filter((each) => lists(contract, each))) {
        expect(payload).not.toHaveProperty(item);
        expect(withheld).toContainEqual({ item, reason: 'ABSENT' });
      }
      expect(withheld).toContainEqual({ item: number, reason: 'NOT_IN_CONTRACT' });
    },
  );

  test.each(listing(number))('but %s asked for it, and gets no masked one', (_id, contract) => {
    const record = { ...fullRecord(), [number]: '840229-1******' };
    const outcome = minimiseUnder(contract, record, { id: ids[contract.subject] });
    expect(outcome).toMatchObject({
      reason: 'INVALID_ITEM',
      problems: [{ pointer: `/record/${number}`, rule: 'format' }],
    });
  });
});

describe('the legal basis of a registration number', () => {
  test.each(listing(number))(
    '%s has one that is not confirmed, and is warned of it',
    (_id, contract) => {
      expect(contractWarnings(contract)).toEqual([
        { code: 'LEGAL_BASIS_UNCONFIRMED', item: number },
      ]);
      expect(released(contract).released.released).toContain(number);
    },
  );

  test.each(listing(number))('%s gets no number without one', (_id, contract) => {
    const baseless = { ...contract, legalBasis: new Map() };
    const { text, withheld, warnings } = released(baseless);
    expect(text).not.toMatch(/840229|1234567|registration/i);
    expect(withheld).toContainEqual({ item: number, reason: 'NO_LEGAL_BASIS' });
    expect(warnings).toEqual([]);
  });
});

describe('what may never be shared can never be contracted', () => {
  const shipped = readFileSync(join(contractsDir, 'dictionary/v1.yaml'), 'utf8');
  const C = 'contracts/lab/v1.yaml';
  const D = 'contracts/dictionary/v1.yaml';

  test.each(['password', 'passwordHash', 'iPin', 'cardNumber', 'fingerprint', 'fingerprintImage'])(
    'a contract that lists %s is a fault',
    (item) => {
      const text = soundFiles[C]!.replace(
        'items:\n',
        `items:\n  - { item: ${item}, required: false }\n`,
      );
      const faults = faultsOf({ ...soundFiles, [D]: shipped, [C]: text });
      expect(faults.join('\n')).toContain(`"${item}" may never be shared; remove it`);
    },
  );

  test.each(['password', 'hashedPassword', 'iPinCi', 'cardNo', 'fingerprintTemplate'])(
    'a dictionary that defines %s, or a member of that name, is a fault',
    (key) => {
      const renamed = shipped.replace('code: companyName', `code: ${key}`);
      expect(faultsOf({ ...soundFiles, [D]: renamed }).join('\n')).toContain('may never be shared');
      const nested = shipped.replace('\n        line2:', `\n        ${key}:`);
      expect(faultsOf({ ...soundFiles, [D]: nested }).join('\n')).toContain('may never be shared');
    },
  );
});

/** What a record becomes under a contract, rule by rule. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { compileContract } from '#src/minimise/compile.ts';
import { minimise } from '#src/minimise/minimise.ts';
import { CHART, contract, labRecord, SALT, TODAY } from '#test/minimise/dictionary.ts';
import { payload, refuse, release, sent } from '#test/minimise/support.ts';

describe('an order to a laboratory', () => {
  test('leaves with the contracted items, in RFC 8785 form, under its commitment', () => {
    const { released, withheld } = release(labRecord({ nickname: '길동이' }));
    const text =
      '{"age":41,"birthDate":"1984-03-12","chartNumber":"00012345","date":"2026-03-09",' +
      '"gender":"F","institutionName":"가온의원","name":"홍길동","tests":[' +
      '{"collectionDate":"2026-03-09","prescriptionCode":"C2243"},{"prescriptionCode":"B1010"}]}';
    expect(payload(released)).toBe(text);
    const commitment = createHash('sha256').update(SALT).update(text, 'utf8').digest();
    expect(released.commitment).toEqual(commitment);
    expect(released.contract).toBe('lab.v1');
    expect(released.consignee).toBe('lab');
    expect(withheld).toEqual([
      { item: 'address', reason: 'NOT_IN_CONTRACT' },
      { item: 'testName', reason: 'NOT_IN_CONTRACT' },
      { item: 'specimenName', reason: 'NOT_IN_CONTRACT' },
      { item: 'nickname', reason: 'UNKNOWN_ITEM' },
    ]);
  });

  test('says which optional item the record did not bring', () => {
    const { withheld, released } = release(labRecord({ tests: null }));
    expect(withheld).toContainEqual({ item: 'prescriptionCode', reason: 'ABSENT' });
    expect(withheld).toContainEqual({ item: 'collectionDate', reason: 'ABSENT' });
    expect(payload(released)).not.toContain('tests');
  });

  test('keeps leading zeros, and does not take a number for a chart number', () => {
    expect(sent(labRecord())).toMatchObject({ chartNumber: '00012345' });
    const outcome = refuse({ chartNumber: 12345 }, { items: ['chartNumber'], subject: 'visitor' });
    expect(outcome.problems).toEqual([{ pointer: '/record/chartNumber', rule: 'type' }]);
  });

  test('is the same bytes for the same input', () => {
    const [one, two] = [release(labRecord()), release(labRecord())];
    expect(one.released.canonical()).toEqual(two.released.canonical());
  });

  test('composes strings, deeply, and compares lengths after that', () => {
    const decomposed = '홍길동'.normalize('NFD');
    const address = { zip: '04524', line1: '가온로'.normalize('NFD') };
    const record = labRecord({ name: decomposed, address, pastMedicalHistory: [decomposed] });
    const items = ['name', 'address', 'pastMedicalHistory'];
    expect(sent(record, { items })).toEqual({
      name: '홍길동',
      address: { zip: '04524', line1: '가온로' },
      pastMedicalHistory: ['홍길동'],
    });
    // 17 syllables are 51 letters taken apart
    expect(sent({ name: '힣'.repeat(17).normalize('NFD') }, { items: ['name'] })).toEqual({
      name: '힣'.repeat(17),
    });
  });

  test('leaves the submitted record as it was', () => {
    const record = labRecord({ name: '홍길동'.normalize('NFD') });
    const before = structuredClone(record);
    release(record);
    expect(record).toEqual(before);
  });

  test.each([[null], [[]], ['text'], [7]])('that is no object but %j is refused', (record) => {
    expect(refuse(record).problems).toEqual([{ pointer: '/record', rule: 'type' }]);
  });

  test('of more than a megabyte is refused', () => {
    const line = 'x'.repeat(500);
    const schema = { type: 'array', items: { type: 'string' } };
    const dictionary = withSchema('pastMedicalHistory', schema);
    const record = { pastMedicalHistory: Array<string>(2100).fill(line) };
    const outcome = refuse(record, { items: ['pastMedicalHistory'], dictionary });
    expect(outcome).toMatchObject({ reason: 'RECORD_TOO_LARGE', items: [] });
  });

  test('needs a real date for today and a whole salt', () => {
    const compiled = compileContract(contract({ items: ['name?'] }));
    const order = { record: {}, subject: { kind: 'patient', id: CHART }, today: TODAY } as const;
    expect(() => minimise(compiled, { ...order, salt: Buffer.alloc(16) })).toThrow(RangeError);
    expect(() => minimise(compiled, { ...order, salt: SALT, today: 'zzz' })).toThrow(RangeError);
  });
});

describe('the subject', () => {
  test('of another kind than the contract is refused first', () => {
    const compiled = compileContract(contract({ items: ['name'], subject: 'practitioner' }));
    const subject = { kind: 'patient', id: 'another' } as const;
    const outcome = minimise(compiled, { record: labRecord(), subject, today: TODAY, salt: SALT });
    expect(outcome).toEqual({
      outcome: 'refused',
      reason: 'WRONG_SUBJECT',
      problems: [{ pointer: '/subject/kind', rule: 'mismatch' }],
      items: [],
    });
  });

  test.each([
    ['patient', { chartNumber: '00012346' }, '/record/chartNumber', 'mismatch', 'chartNumber'],
    ['patient', { chartNumber: 12345 }, '/record/chartNumber', 'type', 'chartNumber'],
    ['patient', { chartNumber: '' }, '/record/chartNumber', 'mismatch', 'chartNumber'],
    ['patient', { chartNumber: [CHART] }, '/record/chartNumber', 'type', 'chartNumber'],
    ['practitioner', { licenseNumber: '1' }, '/record/licenseNumber', 'mismatch', 'licenseNumber'],
    [
      'member',
      { websiteMemberInformation: { memberId: 'other' } },
      '/record/websiteMemberInformation/memberId',
      'mismatch',
      'websiteMemberInformation',
    ],
  ] as const)('%s: %j is another person', (subject, record, pointer, rule, code) => {
    // the contract lists none of these: the mix-up counts all the same
    const outcome = refuse({ ...record, date: 'wrong too' }, { items: ['date'], subject });
    expect(outcome).toEqual({
      outcome: 'refused',
      reason: 'SUBJECT_MISMATCH',
      problems: [{ pointer, rule }],
      items: [code],
    });
  });

  test('is not compared with what the record does not say, nor with other people in it', () => {
    const items = ['name'];
    expect(sent({ name: 'a' }, { items })).toEqual({ name: 'a' });
    expect(sent({ name: 'a', chartNumber: null }, { items })).toEqual({ name: 'a' });
    expect(sent({ name: 'a', licenseNumber: '1' }, { items })).toEqual({ name: 'a' });
    expect(sent({ name: 'a', chartNumber: '1' }, { items, subject: 'visitor' })).toEqual({
      name: 'a',
    });
  });

  test('is compared in NFC and never sent', () => {
    const memberId = 'é-member';
    const record = { websiteMemberInformation: { memberId: memberId.normalize('NFD') } };
    const input = { items: ['cookies?'], subject: 'member', subjectId: memberId } as const;
    expect(sent(record, input)).toEqual({});
    expect(JSON.stringify(release(labRecord(), { items: ['name'] }))).not.toContain(CHART);
  });
});

describe('an invalid record', () => {
  test('is told every problem at once, missing items among them', () => {
    const record = labRecord({
      date: '2026-02-30',
      name: '',
      gender: 'X',
      birthDate: 19840312,
      institutionName: null,
    });
    const outcome = refuse(record);
    expect(outcome.reason).toBe('INVALID_ITEM');
    expect(outcome.problems).toEqual([
      { pointer: '/record/date', rule: 'notADate' },
      { pointer: '/record/name', rule: 'length' },
      { pointer: '/record/gender', rule: 'range' },
      { pointer: '/record/birthDate', rule: 'type' },
      { pointer: '/record/institutionName', rule: 'required' },
    ]);
    expect(outcome.items).toEqual(['date', 'name', 'gender', 'birthDate', 'institutionName']);
  });

  test('without required items is told all of them', () => {
    expect(refuse({}, { items: ['name', 'age', 'testName', 'gender?'] })).toEqual({
      outcome: 'refused',
      reason: 'REQUIRED_ITEM_MISSING',
      problems: [
        { pointer: '/record/name', rule: 'required' },
        { pointer: '/record/age', rule: 'required' },
        { pointer: '/record/tests/0/testName', rule: 'required' },
      ],
      items: ['name', 'age', 'testName'],
    });
  });

  test.each([
    ['date', { date: '2026-03-11' }, 'inTheFuture'],
    ['date', { date: '2026-3-1' }, 'notADate'],
    ['birthDate', { birthDate: '1799-12-31' }, 'range'],
    ['birthDate', { birthDate: '2026-03-10', date: '2026-03-09' }, 'afterOrderDate'],
    ['birthDate', { birthDate: '2026-03-11' }, 'inTheFuture'],
    ['birthDate', { birthDate: '2026-03-11', date: 'no date' }, 'inTheFuture'],
    ['birthDate', { birthDate: '2026-03-11', date: '2030-01-01' }, 'afterOrderDate'],
    ['email', { email: 'nobody' }, 'format'],
    ['age', { age: 131 }, 'range'],
    ['age', { age: 1.5 }, 'type'],
  ])('has a wrong %s: %j %s', (code, record, rule) => {
    const outcome = refuse(record, { items: [code] });
    expect(outcome.problems).toEqual([{ pointer: `/record/${code}`, rule }]);
  });

  test('is not invalid for values that the contract neither lists nor needs', () => {
    const wrong = { gender: 7, email: {}, birthDate: 'x', date: 'y', checkupRecord: 'z' };
    expect(sent({ ...wrong, name: '홍길동' }, { items: ['name'] })).toEqual({ name: '홍길동' });
  });

  test('has no value in its problems', () => {
    const canary = '황금박쥐';
    const record = labRecord({
      date: canary,
      gender: canary,
      tests: [{ prescriptionCode: { [canary]: canary } }],
      address: { zip: canary, [canary]: canary, line1: { [canary]: [canary] } },
      checkupRecord: { [canary]: 1, measurements: [{ name: canary, value: { [canary]: 1 } }] },
    });
    const items = ['date', 'gender', 'prescriptionCode', 'address', 'checkupRecord'];
    const outcome = refuse(record, { items });
    expect(outcome.problems.length).toBeGreaterThan(6);
    expect(JSON.stringify(outcome)).not.toContain(canary);
  });
});

describe('tests[]', () => {
  const items = ['prescriptionCode?', 'collectionDate?'];

  test('is filtered inside each element, and an emptied element is dropped', () => {
    const tests = [
      { prescriptionCode: 'A1', testName: '갑' },
      { testName: '을' },
      {},
      { prescriptionCode: null, foo: 1 },
      { prescriptionCode: 'A2', collectionDate: '2026-03-01', note: '병' },
    ];
    const { released, withheld } = release({ tests }, { items });
    expect(JSON.parse(payload(released))).toEqual({
      tests: [{ prescriptionCode: 'A1' }, { prescriptionCode: 'A2', collectionDate: '2026-03-01' }],
    });
    expect(released.released).toEqual(['prescriptionCode', 'collectionDate']);
    expect(withheld).toEqual([
      { item: 'testName', reason: 'NOT_IN_CONTRACT' },
      { item: 'tests[].foo', reason: 'UNKNOWN_ITEM' },
      { item: 'tests[].note', reason: 'UNKNOWN_ITEM' },
    ]);
  });

  test('is left out when nothing of it remains', () => {
    const { released } = release({ name: 'a', tests: [{ testName: 'b' }] }, { items: ['name'] });
    expect(payload(released)).toBe('{"name":"a"}');
  });

  test('is the only place of its items, and they are the only items in it', () => {
    const record = { prescriptionCode: 'A1', tests: [{ name: '홍길동' }] };
    const { released, withheld } = release(record, { items: ['prescriptionCode?', 'name?'] });
    expect(payload(released)).toBe('{}');
    expect(withheld).toEqual([
      { item: 'prescriptionCode', reason: 'ABSENT' },
      { item: 'name', reason: 'ABSENT' },
      { item: 'prescriptionCode', reason: 'UNKNOWN_ITEM' },
      { item: 'tests[].name', reason: 'UNKNOWN_ITEM' },
    ]);
  });

  test.each([
    [{ tests: 'A1' }, '/record/tests', 'type'],
    [{ tests: { prescriptionCode: 'A1' } }, '/record/tests', 'type'],
    [{ tests: [{}, 'A1'] }, '/record/tests/1', 'type'],
    [{ tests: [null] }, '/record/tests/0', 'type'],
    [{ tests: [[{ prescriptionCode: 'A1' }]] }, '/record/tests/0', 'type'],
    [{ tests: Array(501).fill({}) }, '/record/tests', 'length'],
    [{ tests: [{}, { prescriptionCode: 'a' }] }, '/record/tests/1/prescriptionCode', 'format'],
  ])('that cannot be read is invalid where it is wanted', (record, pointer, rule) => {
    expect(refuse(record, { items }).problems).toEqual([{ pointer, rule }]);
  });

  test.each([[{ tests: 'A1' }], [{ tests: ['A1'] }], [{ tests: Array(501).fill({}) }]])(
    'that cannot be read is one more unknown key where it is not wanted',
    (record) => {
      expect(release(record, { items: ['name?'] }).withheld).toEqual([
        { item: 'name', reason: 'ABSENT' },
        { item: 'tests', reason: 'UNKNOWN_ITEM' },
      ]);
    },
  );

  test.each([
    [{ birthDate: '2026-03-02' }, 'beforeBirth'],
    [{ residentRegistrationNumber: '260302-3000000' }, 'beforeBirth'],
  ])('was not collected before birth, listed or not: %j', (person, rule) => {
    const record = {
      ...person,
      tests: [{ collectionDate: '2026-03-02' }, { collectionDate: '2026-03-01' }],
    };
    const outcome = refuse(record, { items });
    expect(outcome.problems).toEqual([{ pointer: '/record/tests/1/collectionDate', rule }]);
  });

  test('was not collected tomorrow', () => {
    const outcome = refuse({ tests: [{ collectionDate: '2026-03-11' }] }, { items });
    const pointer = '/record/tests/0/collectionDate';
    expect(outcome.problems).toEqual([{ pointer, rule: 'inTheFuture' }]);
  });
});

describe('a composite item', () => {
  const measurement = { name: 'SBP', value: 118, operator: '이몽룡' };
  const checkupRecord = {
    checkedOn: '2026-03-01',
    programme: '일반검진',
    measurements: [measurement, { name: 'DBP', value: '76', room: { nurse: '성춘향' } }],
    guardian: { name: '성춘향' },
  };

  test('loses its unknown keys by path, and keeps the rest', () => {
    const { released, withheld } = release({ checkupRecord }, { items: ['checkupRecord'] });
    expect(JSON.parse(payload(released))).toEqual({
      checkupRecord: {
        checkedOn: '2026-03-01',
        programme: '일반검진',
        measurements: [
          { name: 'SBP', value: 118 },
          { name: 'DBP', value: '76' },
        ],
      },
    });
    expect(withheld).toEqual([
      { item: 'checkupRecord.measurements[].operator', reason: 'UNKNOWN_ITEM' },
      { item: 'checkupRecord.measurements[].room', reason: 'UNKNOWN_ITEM' },
      { item: 'checkupRecord.guardian', reason: 'UNKNOWN_ITEM' },
    ]);
  });

  test('is withheld as a whole, and not looked into, where it is not listed', () => {
    const { withheld } = release({ checkupRecord }, { items: ['name?'] });
    expect(withheld).toEqual([
      { item: 'name', reason: 'ABSENT' },
      { item: 'checkupRecord', reason: 'NOT_IN_CONTRACT' },
    ]);
  });

  test('counts a member that is null as absent', () => {
    const address = { zip: '04524', line1: '가온로 1', line2: null };
    expect(sent({ address }, { items: ['address'] })).toEqual({
      address: { zip: '04524', line1: '가온로 1' },
    });
    const outcome = refuse({ address: { zip: null, line1: 'a' } }, { items: ['address'] });
    expect(outcome.problems).toEqual([{ pointer: '/record/address/zip', rule: 'required' }]);
  });

  test('never brings a password along', () => {
    const websiteMemberInformation = { memberId: CHART, password: 'hunter2', 'Card-Number': '4' };
    const input = { items: ['websiteMemberInformation'], subject: 'member' } as const;
    const { released, withheld } = release({ websiteMemberInformation }, input);
    expect(payload(released)).toBe(`{"websiteMemberInformation":{"memberId":"${CHART}"}}`);
    expect(withheld).toEqual([
      { item: 'websiteMemberInformation.password', reason: 'NEVER_SHARED' },
      { item: 'websiteMemberInformation.Card-Number', reason: 'NEVER_SHARED' },
    ]);
  });
});

/** The test dictionary with another schema for one item. */
function withSchema(code: string, schema: Record<string, unknown>) {
  const { dictionary } = contract({ items: [] });
  const items = new Map(dictionary.items);
  items.set(code, { ...items.get(code)!, schema });
  return { ...dictionary, items };
}

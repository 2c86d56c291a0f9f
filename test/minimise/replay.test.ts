/** A replay: what was ever released is recomputed by every later build, and nothing else passes. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Contract, DictionaryItem, SubjectKind } from '#src/base/words.ts';
import { replay, type ReplayInput } from '#src/minimise/replay.ts';
import { agreedWith, contracts, minimiseUnder, releasedUnder } from '#test/minimise/agreed.ts';
import { SALT } from '#test/minimise/dictionary.ts';
import { canary, fullRecord } from '#test/support/orders.ts';

interface Golden {
  contract: string;
  subject: { kind: SubjectKind; id: string };
  record: Record<string, unknown>;
  salt: string;
  commitment: string;
  payload: string;
}

const folder = join(import.meta.dirname, '../golden/replay');
const goldens = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name): [string, Golden] => [
    name.replace('.json', ''),
    JSON.parse(readFileSync(join(folder, name), 'utf8')) as Golden,
  ]);

const contractOf = ({ contract }: Golden) => contracts.find(({ id }) => id === contract)!;
const number = 'residentRegistrationNumber';

function ask(golden: Golden, more: Partial<ReplayInput> = {}) {
  return replay(contractOf(golden), {
    source: golden.record,
    subject: golden.subject,
    salt: Buffer.from(golden.salt, 'base64'),
    commitment: Buffer.from(golden.commitment, 'base64'),
    ...more,
  });
}

/** What commits to these bytes. */
function committed(payload: unknown) {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const commitment = createHash('sha256').update(SALT).update(text).digest();
  return { salt: SALT, commitment };
}

/** The same value with another first leaf. */
function changed(value: unknown): unknown {
  if (typeof value === 'string') return `${value}7`;
  if (typeof value === 'number') return value + 1;
  if (Array.isArray(value)) {
    const [first = '', ...rest] = value as unknown[];
    return [changed(first), ...rest];
  }
  const [[key, member] = ['', '']] = Object.entries(value as object);
  return { ...(value as object), [key]: changed(member) };
}

/** A contract whose dictionary was changed in one item: another text, so another digest. */
function withItem(contract: Contract, code: string, change: Partial<DictionaryItem>): Contract {
  const items = new Map(contract.dictionary.items);
  items.set(code, { ...items.get(code)!, ...change });
  return { ...contract, dictionary: { ...contract.dictionary, items } };
}

describe.each(goldens)('the release %s', (_name, golden) => {
  test('is committed to by its own bytes, and replays', () => {
    const salt = Buffer.from(golden.salt, 'base64');
    const commitment = createHash('sha256').update(salt).update(golden.payload).digest('base64');
    expect(commitment).toBe(golden.commitment);
    expect(ask(golden)).toMatchObject({ answer: 'yes', contract: golden.contract });
    const { record, subject, contract: consignee } = golden;
    const order = { consignee, subject, reference: 'A-1', record };
    expect(ask(golden, { source: order }).answer).toBe('yes');
  });

  test('is told as it was: every item once', () => {
    const { released, derived, rules, withheld } = ask(golden);
    const payload = JSON.parse(golden.payload) as { tests?: object[] };
    const { tests = [], ...top } = payload;
    const sent = new Set([top, ...tests].flatMap((holder) => Object.keys(holder)));
    expect([...released, ...derived].toSorted()).toEqual([...sent].toSorted());
    expect(rules).toHaveLength(derived.length);
    const items = new Set(withheld.map(({ item }) => item));
    for (const code of sent) expect(items).not.toContain(code);
    for (const { item } of contractOf(golden).items) {
      expect(sent.has(item) !== items.has(item), item).toBe(true);
    }
  });

  test('of which anything was changed is not the one', () => {
    const flipped = (base64: string) => {
      const bytes = Buffer.from(base64, 'base64');
      bytes.writeUInt8(bytes.readUInt8(31) ^ 1, 31);
      return bytes;
    };
    const { salt, commitment, record } = golden;
    expect(ask(golden, { salt: flipped(salt) }).answer).toBe('no');
    expect(ask(golden, { commitment: flipped(commitment) }).answer).toBe('no');
    const payload = JSON.parse(golden.payload) as Record<string, unknown>;
    for (const code of ask(golden).released.filter((each) => Object.hasOwn(payload, each))) {
      const outcome = ask(golden, { source: { ...record, [code]: changed(payload[code]) } });
      expect(outcome.answer, code).toBe('no');
      expect(outcome.reason).toMatch(/another one\.$/);
    }
    const { tests } = payload as { tests?: object[] };
    if (tests)
      expect(ask(golden, { source: { ...record, tests: changed(tests) } }).answer).toBe('no');
  });

  test('is the same whatever stands in the record that was withheld', () => {
    const source = { ...golden.record, nickname: '별명', companyMotto: [1, { a: 2 }] };
    expect(ask(golden, { source }).answer).toBe('yes');
  });

  test('is what this build releases, where it still does', () => {
    const { id, kind } = golden.subject;
    const more = { id, kind, today: '9999-12-31' };
    const outcome = minimiseUnder(contractOf(golden), golden.record, more);
    if (outcome.outcome === 'refused') return;
    expect(outcome.released.canonical().toString('utf8')).toBe(golden.payload);
  });
});

test('each shipped contract has a release that replays', () => {
  const covered = new Set(goldens.map(([, { contract }]) => contract));
  for (const { id } of contracts) expect(covered).toContain(id);
});

describe('a replay is never a false no', () => {
  const mediage = agreedWith('mediage');
  const samkwang = agreedWith('samkwang');
  const base = { chartNumber: '1', name: '라마바' };

  test.each<[string, Contract, Record<string, unknown>, unknown]>([
    [
      'for a day that lies ahead of today',
      mediage,
      { ...base, date: '2999-01-01' },
      { chartNumber: '1', date: '2999-01-01', name: '라마바' },
    ],
    [
      'where a value is no longer taken',
      mediage,
      { ...base, gender: 'X' },
      { chartNumber: '1', gender: 'X', name: '라마바' },
    ],
    ['where a required item is missing', samkwang, base, { chartNumber: '1', name: '라마바' }],
    [
      'where two facts of a person disagree',
      mediage,
      { ...base, age: 3, birthDate: '1984-03-12', date: '2026-03-02' },
      { age: 3, chartNumber: '1', date: '2026-03-02', name: '라마바' },
    ],
    [
      'where the age was derived of a birth that came after the order',
      mediage,
      { ...base, birthDate: '2030-01-01', date: '2029-01-01' },
      { age: -1, chartNumber: '1', date: '2029-01-01', name: '라마바' },
    ],
    [
      'where a withheld value stands in a text',
      agreedWith('lctech'),
      { ...base, consultationInformation: '차트 00012345', chartNumber: '00012345' },
      { consultationInformation: '차트 00012345', name: '라마바' },
    ],
    [
      'where there are more tests than are taken now',
      samkwang,
      { ...base, tests: Array(600).fill({ prescriptionCode: 'C1' }) },
      { chartNumber: '1', name: '라마바', tests: Array(600).fill({ prescriptionCode: 'C1' }) },
    ],
  ])('%s: yes, and it is told where it would be refused', (name, contract, source, payload) => {
    const outcome = replay(contract, { source, ...committed(payload) });
    expect(outcome.answer).toBe('yes');
    expect(outcome.reason ?? '').toMatch(/^$|would refuse the record: [A-Z_]+\.$/);
    if (!/a day|a birth/.test(name)) expect(outcome.reason).toBeDefined();
  });

  test('for a subject that the record does not name: yes, and it is told', () => {
    const subject = { kind: 'patient', id: '2' } as const;
    const source = { ...base };
    const payload = { chartNumber: '1', name: '라마바' };
    const outcome = replay(mediage, { source, subject, ...committed(payload) });
    expect(outcome).toMatchObject({
      answer: 'yes',
      reason: expect.stringContaining('SUBJECT_MISMATCH') as string,
    });
  });

  test('where a rule is not known that a listed item may be derived by', () => {
    const later = withItem(mediage, 'age', { derivedBy: ['age@2', 'age@1'] });
    const outcome = replay(later, { source: base, ...committed({}) });
    expect(outcome).toMatchObject({
      answer: 'cannot decide',
      reason: expect.stringContaining('age@2') as string,
    });
    const elsewhere = withItem(mediage, 'birthDate', { derivedBy: ['birthDate@2'] });
    const payload = { chartNumber: '1', name: '라마바' };
    expect(replay(elsewhere, { source: base, ...committed(payload) }).answer).toBe('yes');
  });

  test('where the ledger names a rule that is not known', () => {
    const rules = ['age@1', 'age@7'];
    const outcome = replay(mediage, { source: base, ...committed({}), rules });
    expect(outcome).toMatchObject({
      answer: 'cannot decide',
      reason: expect.stringContaining('age@7') as string,
    });
  });

  test('where the text that was read is not the one of the digest', () => {
    const input = { source: base, ...committed({}) };
    const other = replay(mediage, { ...input, digest: Buffer.alloc(32) });
    expect(other).toMatchObject({
      answer: 'cannot decide',
      reason: expect.stringContaining('digest') as string,
    });
    expect(replay(mediage, { ...input, digest: mediage.digest }).answer).toBe('no');
  });

  test('where the contract cannot be compiled', () => {
    const open = withItem(mediage, 'name', { schema: { type: 'object' } });
    expect(replay(open, { source: base, ...committed({}) }).answer).toBe('cannot decide');
  });

  test('for a record that has a member of the name record', () => {
    const source = { ...base, record: { name: '사아자' } };
    const payload = { chartNumber: '1', name: '라마바' };
    expect(replay(mediage, { source, ...committed(payload) }).answer).toBe('yes');
  });

  test('whatever is released, under whichever contract', () => {
    const items = Object.keys(fullRecord());
    const change = fc.record(
      {
        birthDate: fc.constantFrom('1984-02-29', '1984-02-30', '2030-01-01', null),
        [number]: fc.constantFrom(canary.residentRegistrationNumber, '840229-1******', null),
        age: fc.constantFrom(42, 41, null),
        gender: fc.constantFrom('M', 'U', null),
        contactInformation: fc.constantFrom({}, { email: 'a@b.invalid' }, { phone: '02-000-0000' }),
        tests: fc.constantFrom([], [{}], [{ testName: 'a', note: 1 }], 'x', null),
      },
      { requiredKeys: [] },
    );
    const dropped = fc.subarray(items, { maxLength: 4 });
    let releases = 0;
    fc.assert(
      fc.property(fc.constantFrom(...contracts), change, dropped, (contract, changed, without) => {
        const record: Record<string, unknown> = { ...fullRecord(), ...changed };
        for (const item of without) delete record[item];
        const { subject } = contract;
        const ids = { patient: canary.chartNumber, practitioner: canary.licenseNumber };
        const id = { ...ids, member: canary.memberId, visitor: 'v' }[subject];
        const outcome = minimiseUnder(contract, record, { id });
        if (outcome.outcome === 'refused') return;
        releases += 1;
        const { commitment, released, derived } = outcome.released;
        const again = replay(contract, { source: record, salt: SALT, commitment });
        expect(again).toMatchObject({ answer: 'yes', released, derived });
        expect(again.rules).toEqual(outcome.rules);
        expect(again.withheld).toEqual(outcome.ledgerWithheld);
        expect(again.reason).toBeUndefined();
      }),
      { numRuns: 300 },
    );
    expect(releases).toBeGreaterThan(60);
  });
});

describe('a contract that masks texts', () => {
  const masking: Contract = { ...agreedWith('lctech'), onTextMatch: 'mask' };
  const record = {
    ...{ name: '라마바', chartNumber: '00012345' },
    consultationInformation: '차트번호 00012345 확인',
  };
  const { released, rules, text } = releasedUnder(masking, record);
  const { salt, commitment } = released;

  test('is replayed masked, and as it was before there was a mask', () => {
    expect(text).not.toContain('00012345');
    expect(replay(masking, { source: record, salt, commitment })).toMatchObject({
      ...{ answer: 'yes', rules },
    });
    const { name, consultationInformation } = record;
    const open = { consultationInformation, name };
    expect(replay(masking, { source: record, ...committed(sorted(open)) }).answer).toBe('yes');
  });

  test('cannot be decided on without the rules that were applied, and is with them', () => {
    const source = { ...record, name: '사아자' };
    const input = { source, salt, commitment };
    expect(replay(masking, input).answer).toBe('cannot decide');
    expect(replay(masking, { ...input, rules }).answer).toBe('no');
    expect(replay(masking, { ...input, rules: ['textMask@9'] }).answer).toBe('cannot decide');
  });
});

test('an answer holds no value and no key of the record', () => {
  const secret = { name: 'ZZZ-1', ZZZkey: 'ZZZ-2', password: 'ZZZ-3', chartNumber: 'ZZZ-4' };
  for (const payload of ['{}', sorted({ chartNumber: 'ZZZ-4', name: 'ZZZ-1' })]) {
    const outcome = replay(agreedWith('mediage'), { source: secret, ...committed(payload) });
    expect(JSON.stringify(outcome)).not.toContain('ZZZ');
  }
});

test('needs a whole salt and a whole commitment', () => {
  const input = { source: {}, salt: SALT, commitment: Buffer.alloc(31) };
  expect(() => replay(agreedWith('mediage'), input)).toThrow(RangeError);
});

/** The RFC 8785 text of a flat object: its members by name. */
function sorted(flat: Record<string, unknown>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(flat).toSorted()));
}

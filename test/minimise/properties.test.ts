/**
 * Law 1 for any record: nothing but contracted items leaves, and every item is accounted for once.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileContract } from '#src/minimise/compile.ts';
import { minimise } from '#src/minimise/minimise.ts';
import { reopen } from '#src/minimise/reopen.ts';
import { minimiseReturned } from '#src/minimise/returned.ts';
import { CHART, contract, DICTIONARY, ITEMS, SALT, TODAY } from '#test/minimise/dictionary.ts';

const RUNS = { numRuns: 1000 };
const CODES = ITEMS.map(({ code }) => code);
const AT = new Map(ITEMS.map(({ code, at }) => [code, at]));

/** A value that no schema of the dictionary takes apart, and that is found again in any bytes. */
const canary = fc.nat(0xffffff).map((n) => `CANARY${n.toString(16).padStart(6, '0')}`);

/** Valid values of every item, every string in them a canary where its schema allows one. */
const valid: Record<string, fc.Arbitrary<unknown>> = {
  date: fc.constantFrom('2026-03-09', '2026-03-10'),
  chartNumber: fc.constant(CHART),
  name: canary,
  gender: fc.constantFrom('M', 'F', 'O', 'U'),
  age: fc.integer({ min: 0, max: 130 }),
  birthDate: fc.constantFrom('1984-03-12', '2000-02-29'),
  institutionName: canary,
  licenseNumber: fc.constantFrom('1', '123456'),
  email: canary.map((text) => `${text}@clinic.invalid`),
  residentRegistrationNumber: fc.constantFrom('840312-2000009', '000229-3000000'),
  address: fc.record({ zip: fc.constant('04524'), line1: canary }),
  contactInformation: fc.record({ mobile: canary.map((text) => text.slice(0, 20)) }),
  checkupRecord: fc.record({
    checkedOn: fc.constant('2026-03-01'),
    programme: canary,
    measurements: fc.array(fc.record({ name: canary, value: canary }), { maxLength: 3 }),
  }),
  pastMedicalHistory: fc.array(canary, { maxLength: 3 }),
  websiteMemberInformation: fc.record({ memberId: canary, name: canary }),
  cookies: fc.array(fc.record({ name: canary, valueHash: canary }), { maxLength: 2 }),
  prescriptionCode: fc.constantFrom('A1', 'B2'),
  testName: canary,
  specimenName: canary,
  collectionDate: fc.constantFrom('2026-03-01', '2026-03-09'),
  testResult: fc.record({
    reportedOn: fc.constant('2026-03-09'),
    status: fc.constant('final'),
    values: fc.array(fc.record({ testName: canary, value: canary }), { maxLength: 2 }),
  }),
  workReport: fc.record({ summary: canary }),
};

/** Keys that mean something to somebody: to this room, to JavaScript, to JSON, or to no one. */
const nastyKey = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'toJSON',
    'length',
    'Name',
    'name ',
    'tests[]',
    'tests[].testName',
    'password',
    'UNKNOWN_ITEM',
    'NEVER_SHARED',
    '',
  ),
  fc.constantFrom(...CODES, 'tests'),
  fc.string({ unit: 'binary', maxLength: 12 }).filter((key) => key.isWellFormed()),
  canary,
);

/** Any JSON, canaries at its ends. */
const nastyValue = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    canary,
    fc.constantFrom(null, true, 0, -1.5, ''),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.array(fc.tuple(nastyKey, tie('node')), { maxLength: 3 }).map(object),
  ),
})).node;

/** Own members, whatever their keys: as `JSON.parse` would make them. */
function object(members: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [key, value] of members) {
    const member = { value, enumerable: true, writable: true, configurable: true };
    Object.defineProperty(made, key, member);
  }
  return made;
}

/** Some valid items of a place, with strange members among them, and some inside composites. */
function membersAt(at: 'record' | 'tests' | 'result', nasty: fc.Arbitrary<unknown>) {
  const own = CODES.filter((code) => AT.get(code) === at);
  const items = fc
    .subarray(own)
    .chain((codes) =>
      fc.tuple(...codes.map((code) => fc.tuple(fc.constant(code), spiced(valid[code]!)))),
    );
  const codes = new Set(own);
  const strange = fc.array(fc.tuple(nastyKey, nasty), { maxLength: 4 });
  return fc.tuple(items, strange).map(([known, unknown]) =>
    // strange members may not break valid ones here: refusals have tests of their own
    object([...unknown.filter(([key]) => !codes.has(key) && key !== 'tests'), ...known]),
  );
}

/** Adds unknown members to objects, wherever they stand in a valid value. */
function spiced(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const key = fc.constantFrom('x', 'password', '__proto__', 'residentRegistrationNumber');
  return fc.tuple(value, key, canary).map(([plain, name, text]) => spice(plain, name, text));
}

function spice(value: unknown, key: string, text: string): unknown {
  if (Array.isArray(value)) return value.map((each) => spice(each, key, text));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(
    ([name, each]) => [name, spice(each, key, text)] as const,
  );
  return object([...members, [key, `STRANGE${text}`]]);
}

const plausible = fc
  .tuple(
    membersAt('record', nastyValue),
    fc.option(fc.array(membersAt('tests', nastyValue), { maxLength: 4 })),
  )
  .map(([record, tests]) =>
    tests ? object([...Object.entries(record), ['tests', tests]]) : record,
  );
const hostile = fc.array(fc.tuple(nastyKey, nastyValue), { maxLength: 12 }).map(object);
const listed = fc.subarray(CODES.filter((code) => AT.get(code) !== 'result'));
const anyContract = fc.tuple(listed, fc.boolean()).map(([codes, hasBasis]) =>
  contract({
    items: codes.map((code) => `${code}?`),
    returns: ['testResult?', 'workReport?', 'name?'],
    subject: 'visitor',
    legalBasis: hasBasis ? ['residentRegistrationNumber'] : [],
  }),
);

function order(record: unknown) {
  return { record, subject: { kind: 'visitor', id: 'x' } as const, today: TODAY, salt: SALT };
}

/** Every canary in any text. */
function canariesIn(text: string): Set<string> {
  return new Set(text.match(/(?:STRANGE)?CANARY[0-9a-f]{6}/g) ?? []);
}

/** The part of a record that a contract lets out, worked out the slow and obvious way. */
function allowed(record: Record<string, unknown>, codes: ReadonlySet<string>): unknown[] {
  const own = (holder: unknown, at: string): unknown[] =>
    Object.entries(holder ?? {})
      .filter(([key]) => AT.get(key) === at && codes.has(key))
      .map(([, value]) => value as unknown);
  const tests = Object.entries(record).find(([key]) => key === 'tests')?.[1];
  const elements = Array.isArray(tests) ? (tests as unknown[]) : [];
  return [...own(record, 'record'), ...elements.flatMap((each) => own(each, 'tests'))];
}

describe('whatever the record', () => {
  test('its bytes hold contracted items only, and no canary of anything else', () => {
    let releases = 0;
    fc.assert(
      fc.property(anyContract, fc.oneof(plausible, hostile), (agreed, record) => {
        const outcome = minimise(compileContract(agreed), order(record));
        if (outcome.outcome === 'refused') return;
        releases += 1;
        const text = outcome.released.canonical().toString('utf8');
        const codes = new Set(agreed.items.map(({ item }) => item));
        const payload = JSON.parse(text) as Record<string, unknown>;
        for (const key of Object.keys(payload)) {
          expect(key === 'tests' || (codes.has(key) && AT.get(key) === 'record')).toBe(true);
        }
        for (const element of (payload['tests'] ?? []) as object[]) {
          const keys = Object.keys(element);
          expect(keys.length).toBeGreaterThan(0);
          for (const key of keys) expect(codes.has(key) && AT.get(key) === 'tests').toBe(true);
        }
        const mayLeave = canariesIn(JSON.stringify(allowed(record, codes)));
        for (const each of canariesIn(text)) {
          expect(each).not.toContain('STRANGE');
          expect(mayLeave).toContain(each);
        }
      }),
      RUNS,
    );
    expect(releases).toBeGreaterThan(250);
  });

  test('each listed item and each dictionary item found is accounted for exactly once', () => {
    fc.assert(
      fc.property(anyContract, fc.oneof(plausible, hostile), (agreed, record) => {
        const outcome = minimise(compileContract(agreed), order(record));
        if (outcome.outcome === 'refused') return;
        const { released, withheld, ledgerWithheld } = outcome;
        const isItem = (each: { reason: string }) =>
          each.reason !== 'UNKNOWN_ITEM' && each.reason !== 'NEVER_SHARED';
        const accounts = [
          ...released.released,
          ...released.derived,
          ...withheld.filter(isItem).map(({ item }) => item),
        ];
        const found = Object.entries(record)
          .filter(([key, value]) => value !== null && AT.has(key) && AT.get(key) !== 'tests')
          .map(([key]) => key);
        expect(new Set(accounts).size).toBe(accounts.length);
        for (const code of [...agreed.items.map(({ item }) => item), ...found]) {
          expect(accounts).toContain(code);
        }
        const payload = JSON.parse(released.canonical().toString('utf8')) as Record<
          string,
          unknown
        >;
        const elements = (payload['tests'] ?? []) as object[];
        const sent = new Set([payload, ...elements].flatMap((each) => Object.keys(each)));
        sent.delete('tests');
        expect(sent).toEqual(new Set([...released.released, ...released.derived]));
        expect(ledgerWithheld.filter(isItem)).toEqual(withheld.filter(isItem));
      }),
      RUNS,
    );
  });

  test('the ledger and a refusal hold dictionary codes and counts, never a name or a value', () => {
    const names = new Set([...CODES, 'UNKNOWN_ITEM', 'NEVER_SHARED']);
    fc.assert(
      fc.property(anyContract, fc.oneof(plausible, hostile), (agreed, record) => {
        const outcome = minimise(compileContract(agreed), order(record));
        if (outcome.outcome === 'refused') {
          expect(JSON.stringify(outcome)).not.toMatch(/CANARY/);
          for (const code of outcome.items) expect(names).toContain(code);
          return;
        }
        for (const { item } of outcome.ledgerWithheld) expect(names).toContain(item);
        expect(JSON.stringify([outcome.ledgerWithheld, outcome.warnings])).not.toMatch(/CANARY/);
      }),
      RUNS,
    );
  });

  test('minimising what was minimised changes nothing, and it reopens as it was', () => {
    fc.assert(
      fc.property(anyContract, plausible, (agreed, record) => {
        const compiled = compileContract(agreed);
        const outcome = minimise(compiled, order(record));
        if (outcome.outcome === 'refused') return;
        const { released } = outcome;
        const canonical = released.canonical();
        const again = minimise(compiled, order(JSON.parse(canonical.toString('utf8'))));
        if (again.outcome === 'refused') throw new Error('refused what it had released');
        expect(again.released.canonical()).toEqual(canonical);
        const { commitment } = released;
        expect(reopen(compiled, { salt: SALT, canonical, commitment }).canonical()).toEqual(
          canonical,
        );
      }),
      RUNS,
    );
  });
});

describe('whatever the result', () => {
  test('its bytes hold what may come back only', () => {
    const compiled = compileContract(contract({ items: [], returns: ['testResult?', 'name?'] }));
    const results = fc.oneof(
      fc
        .tuple(membersAt('result', nastyValue), membersAt('record', nastyValue))
        .map(([one, two]) => object([...Object.entries(two), ...Object.entries(one)])),
      hostile,
    );
    fc.assert(
      fc.property(results, (result) => {
        const outcome = minimiseReturned(compiled, { result, today: TODAY, salt: SALT });
        if (outcome.outcome === 'refused') return;
        const text = outcome.canonical.toString('utf8');
        const { testResult, name, ...rest } = JSON.parse(text) as Record<string, unknown>;
        expect(rest).toEqual({});
        expect(text).not.toContain('STRANGE');
        const own = Object.entries(result).filter(
          ([key]) => key === 'testResult' || key === 'name',
        );
        const mayReturn = canariesIn(JSON.stringify(own));
        for (const each of canariesIn(JSON.stringify([testResult, name]))) {
          expect(mayReturn).toContain(each);
        }
      }),
      RUNS,
    );
  });
});

test('the generators cover every item of the dictionary', () => {
  expect(Object.keys(valid).sort()).toEqual([...DICTIONARY.items.keys()].sort());
});

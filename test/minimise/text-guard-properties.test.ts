/** Whatever the value, the text around it and the disguise: it does not pass, and others do. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, DISGUISES, listing, places } from '#test/minimise/text-guard-cases.ts';

const RUNS = { numRuns: 400 };
const two = (value: number) => String(value).padStart(2, '0');
const digits = (count: number) =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: count, maxLength: count })
    .map((each) => each.join(''));

const born = fc
  .record({
    year: fc.integer({ min: 1900, max: 1999 }),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 28 }),
  })
  .map(({ year, month, day }) => ({ year, month, day, iso: `${year}-${two(month)}-${two(day)}` }));

/** Facts of a person that agree with one another. */
const person = fc
  .record({
    born,
    gender: fc.constantFrom('1', '2', '5', '6'),
    tail: digits(6),
    phone: fc.tuple(fc.constantFrom('010', '016', '02', '051'), digits(4), digits(4)),
    mobile: fc.tuple(digits(4), digits(4)),
    email: fc.tuple(fc.stringMatching(/^[a-z][a-z.]{2,8}[a-z]$/), digits(3)),
    chart: fc.tuple(fc.constantFrom('', 'C', '26-'), digits(6)),
    license: digits(6),
  })
  .map((one) => ({
    residentRegistrationNumber: `${one.born.iso.slice(2).replaceAll('-', '')}-${one.gender}${one.tail}`,
    birthDate: one.born.iso,
    phoneNumber: one.phone.join('-'),
    contactInformation: { mobile: `010-${one.mobile.join('-')}` },
    email: `${one.email.join('')}@mail.invalid`,
    chartNumber: one.chart.join(''),
    licenseNumber: one.license,
  }));

/** Words as doctors write them, without a digit. */
const words = fc
  .array(
    fc.constantFrom(
      ...['내원', '통증', '경과 관찰', '재검 권고', 'LDL', 'BP', '정상', '\n', '—', '(타원)', '…'],
      ...['환자', '생활습관', '½', 'µg', '℃', 'e.g.', '“확인”', 'Helicobacter pylori', '😀', '%'],
    ),
    { maxLength: 12 },
  )
  .map((all) => all.join(' '));

const disguise = fc.constantFrom(...Object.keys(DISGUISES));

describe('a withheld value never passes', () => {
  test('in whatever text, place and disguise', () => {
    const item = fc.constantFrom(
      ...([
        'residentRegistrationNumber',
        'birthDate',
        'phoneNumber',
        'contactInformation',
      ] as const),
      ...(['email', 'chartNumber', 'licenseNumber'] as const),
    );
    fc.assert(
      fc.property(person, item, disguise, words, words, (own, code, way, before, after) => {
        const value = code === 'contactInformation' ? own[code].mobile : own[code];
        const text = `${before} ${DISGUISES[way]!(value)} ${after}`;
        const record = { ...own, consultationInformation: text };
        const found = places(record, listing(), own.chartNumber);
        expect(found).toEqual(['/record/consultationInformation']);
      }),
      RUNS,
    );
  });

  test('nor, masked, do its characters leave', () => {
    const contract = listing([], { onTextMatch: 'mask' });
    fc.assert(
      fc.property(person, disguise, words, words, (own, way, before, after) => {
        const hidden = DISGUISES[way]!(own.phoneNumber);
        const text = `${before} ${hidden} ${after}`;
        const record = { ...own, consultationInformation: text };
        const outcome = decide(record, contract, own.chartNumber);
        if (outcome.outcome === 'refused') throw new Error(JSON.stringify(outcome));
        const payload = JSON.parse(outcome.released.canonical().toString()) as typeof record;
        const left = payload.consultationInformation;
        expect(left).toHaveLength(text.normalize('NFC').length);
        expect(left).not.toContain(hidden);
        const again = { ...own, consultationInformation: left };
        expect(places(again, listing(), own.chartNumber)).toEqual([]);
      }),
      RUNS,
    );
  });

  test('as a day, however people write it', () => {
    const ways = fc.constantFrom<(y: string, m: number, d: number) => string>(
      (y, m, d) => `${y}년 ${m}월 ${d}일`,
      (y, m, d) => `${y.slice(2)}년${two(m)}월${two(d)}일생`,
      (y, m, d) => `${y}. ${m}. ${d}.`,
      (y, m, d) => `${y}/${two(m)}/${two(d)}`,
      (y, m, d) => `${y.slice(2)}.${m}.${d}`,
      (y, m, d) => `${y.slice(2)}${two(m)}${two(d)}`,
      (y, m, d) => `${two(d)}${two(m)}${y}`,
      (y, m, d) => `${m}/${d}/${y}`,
      (y) => `${y}년생`,
      (y) => `${y.slice(2)} 년생`,
      (y, m) => `${y}년 ${m}월생`,
      (y) => `born ${y}`,
    );
    fc.assert(
      fc.property(born, ways, words, words, ({ iso, year, month, day }, way, before, after) => {
        const text = `${before} ${way(String(year), month, day)} ${after}`;
        const found = places({ birthDate: iso, consultationInformation: text });
        expect(found).toEqual(['/record/consultationInformation']);
      }),
      RUNS,
    );
  });
});

describe('what holds none passes', () => {
  test('whatever characters it is made of', () => {
    // no letter or digit of any needle, and none that an encoding could make of others
    const harmless = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((text) => {
      return text.isWellFormed() && !/[\p{Nd}\p{No}]/u.test(text.normalize('NFKC'));
    });
    fc.assert(
      fc.property(person, harmless, (own, text) => {
        const record = { ...own, consultationInformation: `가${text}` };
        expect(places(record, listing(), own.chartNumber)).toEqual([]);
      }),
      RUNS,
    );
  });

  test('whatever values of one to four digits it tells', () => {
    const value = fc.tuple(
      fc.constantFrom('혈압', '맥박', 'LDL', '체중', 'eGFR', '용량'),
      fc.oneof(
        digits(2),
        digits(3),
        fc.tuple(digits(3), digits(2)).map((each) => each.join('/')),
      ),
      fc.constantFrom('mg/dL', 'kg', '회', '세', '일분'),
    );
    fc.assert(
      fc.property(person, fc.array(value, { maxLength: 12 }), (own, values) => {
        const text = `소견: ${values.map((each) => each.join(' ')).join(', ')}`;
        const record = { ...own, consultationInformation: text };
        expect(places(record, listing(), own.chartNumber)).toEqual([]);
      }),
      RUNS,
    );
  });
});

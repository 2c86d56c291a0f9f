/** A change of contract shows itself whole: nothing that differs is left out. */
import { describe, expect, test } from 'vitest';
import { diffContracts } from '#src/agreements/diff.ts';
import { loadAgreements } from '#src/agreements/load.ts';
import { resolveStandIn } from '#src/bin/stand-ins.ts';
import { rootDir } from '#src/bin/settings.ts';
import type { Contract } from '#src/base/words.ts';

const { contracts } = loadAgreements(
  { resolveSecret: resolveStandIn },
  { contractsDir: `${rootDir}contracts`, consigneesDir: `${rootDir}consignees` },
);
const named = (id: string) => contracts.find((one) => one.id === id) as Contract;

describe('what a version changes', () => {
  test('is nothing against itself', () => {
    const diff = diffContracts(named('samkwang.v1'), named('samkwang.v1'));
    const { added, removed, changed, terms } = diff;
    expect([added, removed, changed, terms]).toEqual([[], [], [], []]);
  });

  test('is each item that only one of the two lists, the most delicate class first', () => {
    const diff = diffContracts(named('mediage.v1'), named('engitech.v1'));
    expect(diff.added.map(({ item }) => item)).toEqual([
      'residentRegistrationNumber',
      ...['checkupRecord', 'checkupResult', 'consultationInformation'],
      ...['address', 'phoneNumber', 'companyName'],
    ]);
    expect(diff.added[0]).toMatchObject({ class: 'uniqueIdentifier', legalBasis: 'unconfirmed' });
    expect(diff.removed.map(({ item }) => item).sort()).toEqual(
      ['date', 'chartNumber', 'gender', 'age', 'institutionName'].sort(),
    );
  });

  test('is what differs about an item that both list', () => {
    const from = named('engitech.v1');
    const items = from.items.map(({ item }) => ({ item, required: item === 'address' }));
    const pins = { name: { en: 'The full name.', ko: '이름 전체' } };
    const text = { ...from.text, pins };
    const diff = diffContracts(from, { ...from, items, legalBasis: new Map(), text });
    expect(diff.changed).toContainEqual(
      expect.objectContaining({ item: 'address', what: 'required', from: 'false', to: 'true' }),
    );
    expect(diff.changed[0]).toMatchObject({ what: 'legalBasis', to: 'missing' });
    expect(diff.changed).toContainEqual(
      expect.objectContaining({ item: 'name', what: 'meaning', from: null, to: pins.name }),
    );
  });

  test('is every other part of the text, clause by clause', () => {
    const from = named('samkwang.v1');
    const clauses = from.text['clauses'] as Record<string, unknown>;
    const liability = { en: 'Without limit.', ko: '한도 없음' };
    const text = { ...from.text, validFrom: '2027-01-01', clauses: { ...clauses, liability } };
    const diff = diffContracts(from, { ...from, text });
    expect(diff.terms.sort()).toEqual(['clauses.liability', 'validFrom']);
  });
});

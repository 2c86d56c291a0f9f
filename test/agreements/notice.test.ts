/** The notice tells who receives what, what will change and what was, and nothing else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contractInForce } from '#src/agreements/force.ts';
import type { NoticeStanding } from '#src/agreements/notice-life.ts';
import { notice } from '#src/agreements/notice.ts';
import type { Contract } from '#src/base/words.ts';
import { daysAfter } from '#src/base/seoul.ts';
import { loadFiles, soundFiles } from './folders.ts';

const agreements = loadFiles(soundFiles);
const [base] = agreements.contracts;
if (!base) throw new Error('the sound files hold a contract');

const signed: Contract['signature'] = { ...base.signature, state: 'signed', why: null };

function version(number: number, validFrom: string, other: Partial<Contract> = {}): Contract {
  const id = `lab.v${number}`;
  return { ...(base as Contract), id, version: number, validFrom, signature: signed, ...other };
}

const numbered = { item: 'residentRegistrationNumber', required: false };
const named = { item: 'name', required: true };
const reason = { en: 'A new machine.', ko: '새 장비' };

/** As if everything had been shown since the end of 2025. */
function shown(contracts: readonly Contract[], other: Partial<NoticeStanding> = {}) {
  const noticedOn = new Map(contracts.map(({ id }) => [id, '2025-12-01']));
  const standing: NoticeStanding = { noticedOn, activated: new Set(), endedThrough: new Map() };
  const merged = { ...standing, ...other };
  return (today: string) => notice({ ...agreements, contracts }, merged, today);
}

describe('the line of a consignee', () => {
  it('says since when and until when it holds, whom to ask, and to whom work is passed on', () => {
    const sub = {
      name: { en: 'Courier', ko: '운송' },
      work: { en: 'Transport', ko: '검체 운송' },
      ...{ items: ['name'], consentedOn: '2025-12-20' },
    };
    const contract = version(1, '2026-01-01', { validUntil: '2026-12-31', subConsignees: [sub] });
    const [row] = shown([contract])('2026-02-01').consignees;
    expect(row).toMatchObject({
      ...{ consignee: 'lab', contract: 'lab.v1', since: '2026-01-01', validUntil: '2026-12-31' },
      contact: { email: 'desk@lab.invalid' },
      subConsignees: [{ name: sub.name, items: [{ item: 'name', label: { en: 'Name' } }] }],
      ...{ signed: { demo: false }, warnings: [] },
    });
  });

  it('begins when the version was noticed for seven days, where that is later than its text', () => {
    const late = shown([version(1, '2026-01-01')], {
      noticedOn: new Map([['lab.v1', '2026-03-01']]),
    });
    expect(late('2026-03-07').consignees).toEqual([]);
    expect(late('2026-03-07').upcoming).toMatchObject([{ from: '2026-03-08' }]);
    expect(late('2026-03-08').consignees).toMatchObject([{ since: '2026-03-08' }]);
  });

  it('warns of a legal basis that is unconfirmed or missing, and of demo signatures', () => {
    const isDemo = version(1, '2026-01-01', {
      items: [named, numbered],
      signature: { ...signed, isDemo: true },
    });
    const basis = { basis: { en: 'A law', ko: '법' }, confirmed: false };
    const based = { ...isDemo, legalBasis: new Map([['residentRegistrationNumber', basis]]) };
    const codes = (contract: Contract) => shown([contract])('2026-02-01').consignees[0]?.warnings;
    const item = 'residentRegistrationNumber';
    expect(codes(isDemo)).toEqual([
      { code: 'LEGAL_BASIS_MISSING', item },
      { code: 'DEMO_SIGNATURE' },
    ]);
    expect(codes(based)).toEqual([
      { code: 'LEGAL_BASIS_UNCONFIRMED', item },
      { code: 'DEMO_SIGNATURE' },
    ]);
    expect(shown([isDemo])('2026-02-01').demoSigned).toBe(true);
  });

  it('names the clinic and its privacy officer, or nobody', () => {
    const contracts = [version(1, '2026-01-01')];
    expect(shown(contracts)('2026-02-01').clinic).toBeNull();
    const privacyOfficer = { title: reason, email: 'privacy@clinic.invalid' };
    const clinic = { name: reason, privacyOfficer, signingKeys: [] };
    const standing = {
      noticedOn: new Map(),
      activated: new Set<string>(),
      endedThrough: new Map(),
    };
    expect(notice({ ...agreements, contracts, clinic }, standing, '2026-02-01').clinic).toEqual({
      ...{ name: reason, privacyOfficer: { ...privacyOfficer, phone: null } },
    });
  });
});

describe('what is going to change', () => {
  const second = version(2, '2026-06-01', {
    ...{ reason, items: [numbered], work: reason },
    retention: { ...base.retention, text: reason },
  });

  it('is told from the day of the notice until it happens, against what is in force before', () => {
    const on = shown([version(1, '2026-01-01'), second]);
    expect(on('2026-05-31').upcoming).toMatchObject([
      {
        ...{ contract: 'lab.v2', from: '2026-06-01', noticedOn: '2025-12-01', reason },
        ...{ added: [{ item: 'residentRegistrationNumber' }], removed: [{ item: 'name' }] },
        ...{ terms: ['work', 'retention'], ends: false, entry: { contract: 'lab.v2' } },
      },
    ]);
    expect(on('2026-06-01').upcoming).toEqual([]);
  });

  it('says that an item is to mean something else', () => {
    const pins = { name: { en: 'As in the passport.', ko: '여권 표기' } };
    const pinned = version(2, '2026-06-01', { text: { ...base.text, pins } });
    const [change] = shown([version(1, '2026-01-01'), pinned])('2026-05-01').upcoming;
    expect(change).toMatchObject({ added: [], removed: [], terms: ['meaning'] });
  });

  it('compares one version that will come with the one that comes before it', () => {
    const third = version(3, '2026-09-01', { items: [named, numbered] });
    const { upcoming } = shown([version(1, '2026-01-01'), second, third])('2026-05-01');
    expect(upcoming.map(({ contract }) => contract)).toEqual(['lab.v2', 'lab.v3']);
    expect(upcoming[1]).toMatchObject({ added: [{ item: 'name' }], removed: [] });
  });

  it('shows all items of a consignee that is new', () => {
    const [change] = shown([version(1, '2026-06-01', { items: [named, numbered] })])(
      '2026-05-01',
    ).upcoming;
    expect(change?.added.map(({ item }) => item)).toEqual(['name', 'residentRegistrationNumber']);
    expect(change).toMatchObject({ removed: [], terms: [] });
  });

  it('is silent about what is not signed, not shown, ended, or overtaken before it begins', () => {
    const first = version(1, '2026-01-01');
    const unsigned = { ...second, signature: base.signature };
    expect(shown([first, unsigned])('2026-05-01').upcoming).toEqual([]);
    const noticedOn = new Map([['lab.v1', '2025-12-01']]);
    expect(shown([first, second], { noticedOn })('2026-05-01').upcoming).toEqual([]);
    const endedThrough = new Map([['lab', 2]]);
    expect(shown([first, second], { endedThrough })('2026-05-01').upcoming).toEqual([]);
    const third = version(3, '2026-06-01');
    const { upcoming } = shown([first, second, third])('2026-05-01');
    expect(upcoming.map(({ contract }) => contract)).toEqual(['lab.v3']);
  });

  it('announces the end of a relation, and none where another version takes over', () => {
    const first = version(1, '2026-01-01', { validUntil: '2026-08-31' });
    const [end] = shown([first])('2026-05-01').upcoming;
    expect(end).toMatchObject({
      ...{ contract: 'lab.v1', from: '2026-09-01', ends: true, entry: null, added: [] },
      removed: [{ item: 'name' }],
    });
    expect(shown([first])('2026-08-31').upcoming).toHaveLength(1);
    expect(shown([first])('2026-09-01').upcoming).toEqual([]);
    const { upcoming } = shown([first, second])('2026-05-01');
    expect(upcoming.map(({ contract, ends }) => [contract, ends])).toEqual([['lab.v2', false]]);
  });
});

describe('what was before', () => {
  const first = version(1, '2026-01-01');
  const second = version(2, '2026-06-01');

  it('is a version until the day before the one that took its place', () => {
    const past = shown([first, second]);
    expect(past('2026-05-31').history).toEqual([]);
    expect(past('2026-06-01').history).toMatchObject([
      ...[{ contract: 'lab.v1', from: '2026-01-01', until: '2026-05-31', status: 'superseded' }],
    ]);
  });

  it('is a relation that ended by its date, or on the day that an operator ended it', () => {
    const dated = version(2, '2026-06-01', { validUntil: '2026-06-30' });
    expect(shown([first, dated])('2026-07-01').history).toMatchObject([
      { contract: 'lab.v2', until: '2026-06-30', status: 'ended' },
      { contract: 'lab.v1', until: '2026-05-31', status: 'superseded' },
    ]);
    const recorded = new Map([['lab.v2 ended', '2026-06-15']]);
    const both = { endedThrough: new Map([['lab', 2]]), activated: new Set(['lab.v1', 'lab.v2']) };
    const stopped = shown([first, second], { ...both, recorded })('2026-07-01');
    expect(stopped.consignees).toEqual([]);
    expect(stopped.history[0]).toMatchObject({ until: '2026-06-15', status: 'ended' });
    const unknown = shown([first, second], both)('2026-07-01').history;
    expect(unknown[0]).toMatchObject({ contract: 'lab.v2', until: null, status: 'ended' });
    const before = shown([first, dated], { ...both, recorded })('2026-07-02');
    expect(before.history[0]).toMatchObject({ contract: 'lab.v2', until: '2026-06-15' });
  });

  it('goes by the recorded days, and keeps a version whose relation began anew', () => {
    const recorded = new Map([
      ['lab.v1 activated', '2026-01-08'],
      ['lab.v1 ended', '2026-03-01'],
    ]);
    const standing = {
      recorded,
      activated: new Set(['lab.v1']),
      endedThrough: new Map([['lab', 1]]),
    };
    const { consignees, history } = shown([first, second], standing)('2026-07-01');
    expect(consignees).toMatchObject([{ contract: 'lab.v2' }]);
    expect(history).toMatchObject([{ from: '2026-01-08', until: '2026-03-01', status: 'ended' }]);
  });

  it('leaves out a version that never decided', () => {
    const noticedOn = new Map([
      ['lab.v1', '2026-05-30'],
      ['lab.v2', '2026-05-30'],
    ]);
    expect(shown([first, second], { noticedOn })('2026-07-01').history).toEqual([]);
  });
});

it('leaves out a version that a later one overtook, also past one between them', () => {
  const contracts = [version(1, '2026-01-01'), version(2, '2026-01-02'), version(3, '2026-01-03')];
  const noticedOn = new Map([
    ['lab.v1', '2026-01-01'],
    ['lab.v2', '2026-01-02'],
    ['lab.v3', '2026-01-01'],
  ]);
  const standing = { noticedOn, endedThrough: new Map(), activated: new Set<string>() };
  expect(notice({ ...agreements, contracts }, standing, '2026-01-09').history).toEqual([]);
});

it('puts every version in one place at most, and in force only what decides', () => {
  const day = fc.integer({ min: 0, max: 60 }).map((days) => daysAfter('2026-01-01', days));
  const histories = fc
    .uniqueArray(fc.tuple(day, fc.option(day), day), { selector: ([from]) => from, maxLength: 5 })
    .map((days) => days.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  fc.assert(
    fc.property(histories, day, fc.nat(5), (days, today, through) => {
      const contracts = days.map(([from, until], at) =>
        version(at + 1, from, { validUntil: until !== null && until >= from ? until : null }),
      );
      const noticedOn = new Map(days.map(([, , noticed], at) => [`lab.v${at + 1}`, noticed]));
      const endedThrough = new Map(through > 0 ? [['lab', through]] : []);
      const standing = { noticedOn, endedThrough, activated: new Set<string>() };
      const made = notice({ ...agreements, contracts }, standing, today);
      const decides = contractInForce({ contracts, standing }, 'lab', today);
      expect(made.consignees.map(({ contract }) => contract)).toEqual(decides ? [decides.id] : []);
      const coming = made.upcoming.filter(({ ends }) => !ends);
      const places = [...made.consignees, ...coming, ...made.history].map((one) => one.contract);
      expect(new Set(places).size).toBe(places.length);
      expect(made.upcoming.every(({ from }) => from > today)).toBe(true);
      for (const { from, until } of made.history) expect(from <= (until ?? today)).toBe(true);
    }),
  );
});

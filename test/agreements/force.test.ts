/** One contract version decides, which one it is on a day, and what of an older one may go. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contractBegun,
  contractInForce,
  decidesFrom,
  outdated,
  requireContract,
  type Standing,
  type Versions,
} from '#src/agreements/force.ts';
import type { Contract, ContractSignature } from '#src/base/words.ts';
import { loadFiles, soundFiles } from './folders.ts';

const [base] = loadFiles(soundFiles).contracts;
if (!base) throw new Error('the sound files hold a contract');

const signed: ContractSignature = { ...base.signature, state: 'signed', why: null };
const unsigned: ContractSignature = { ...base.signature, state: 'unsigned' };

function version(number: number, validFrom: string, validUntil: string | null = null): Contract {
  const id = `lab.v${number}`;
  const text = { version: number, validFrom, validUntil };
  return { ...(base as Contract), id, ...text, signature: signed };
}

const noStanding: Standing = {
  noticedOn: new Map(),
  activated: new Set(),
  endedThrough: new Map(),
};

/** All versions noticed long before, unless told otherwise. */
function versions(contracts: readonly Contract[], change: Partial<Standing> = {}): Versions {
  const noticedOn = new Map(contracts.map(({ id }) => [id, '2025-01-01']));
  return { contracts, standing: { ...noStanding, noticedOn, ...change } };
}

const inForce = (given: Versions, today: string) => contractInForce(given, 'lab', today)?.id;

const year = fc.integer({ min: 1, max: 28 }).map((d) => `2026-01-${String(d).padStart(2, '0')}`);
const history = fc
  .uniqueArray(fc.tuple(year, fc.option(year)), { selector: ([from]) => from, maxLength: 6 })
  .map((days) => days.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  .map((days) => days.map(([from, until], index) => version(index + 1, from, until)));

describe('contractInForce', () => {
  const contracts = [version(1, '2026-01-01'), version(2, '2026-06-01', '2026-09-30')];
  it.each([
    ['2025-12-31', undefined],
    ['2026-01-01', 'lab.v1'],
    ['2026-05-31', 'lab.v1'],
    ['2026-06-01', 'lab.v2'],
    ['2026-09-30', 'lab.v2'],
    ['2026-10-01', undefined],
  ])('on %s it is %s', (today, id) => {
    expect(inForce(versions(contracts), today)).toBe(id);
  });

  it('knows no contract of another consignee', () => {
    expect(contractInForce(versions(contracts), 'other', '2026-07-01')).toBeUndefined();
  });

  it('lets a later version begin the relation anew after a gap', () => {
    const again = versions([version(1, '2026-01-01', '2026-03-31'), version(2, '2026-06-01')]);
    expect(inForce(again, '2026-04-01')).toBeUndefined();
    expect(inForce(again, '2026-06-01')).toBe('lab.v2');
  });

  it('never revives a version once a later one has begun', () => {
    fc.assert(
      fc.property(history, year, fc.boolean(), (all, today, reversed) => {
        const chosen = inForce(versions(reversed ? all.toReversed() : all), today);
        const begun = all.filter(({ validFrom }) => validFrom <= today).at(-1);
        const ended = (begun?.validUntil ?? today) < today;
        expect(chosen).toBe(ended ? undefined : begun?.id);
      }),
    );
  });
});

describe('a version that is not signed by both', () => {
  const [one, two] = [version(1, '2026-01-01'), version(2, '2026-06-01')];

  it.each(['unsigned', 'invalid'] as const)('decides on no day: %s', (state) => {
    const alone = versions([{ ...one, signature: { ...unsigned, state } }]);
    for (const today of ['2025-12-31', '2026-01-01', '2036-01-01']) {
      expect(inForce(alone, today)).toBeUndefined();
    }
    expect(decidesFrom(alone.contracts[0] as Contract, alone.standing)).toBeNull();
  });

  it('does not supersede the one before it', () => {
    const both = versions([one, { ...two, signature: unsigned }]);
    expect(inForce(both, '2026-06-01')).toBe('lab.v1');
    expect(inForce(both, '2036-01-01')).toBe('lab.v1');
  });

  it('leaves nothing in force where it had begun: its signatures vanished, it did not', () => {
    const activated = new Set(['lab.v1', 'lab.v2']);
    const vanished = versions([one, { ...two, signature: unsigned }], { activated });
    expect(contractBegun(vanished, 'lab', '2026-06-01')?.id).toBe('lab.v2');
    expect(inForce(vanished, '2026-06-01')).toBeUndefined();
  });
});

describe('a version that the notice has not shown for seven days', () => {
  const [one, two] = [version(1, '2026-01-01'), version(2, '2026-06-01')];
  const noticed = (day: string | null) => {
    const noticedOn = new Map([['lab.v1', '2025-01-01']]);
    if (day !== null) noticedOn.set('lab.v2', day);
    return versions([one, two], { noticedOn });
  };

  it.each([
    ['2026-05-25', '2026-06-01', 'lab.v2'],
    ['2026-05-26', '2026-06-01', 'lab.v1'],
    ['2026-05-26', '2026-06-02', 'lab.v2'],
    ['2026-07-28', '2026-08-03', 'lab.v1'],
    ['2026-07-28', '2026-08-04', 'lab.v2'],
    [null, '2036-01-01', 'lab.v1'],
  ])('noticed on %s, on %s it is %s', (day, today, id) => {
    expect(inForce(noticed(day), today)).toBe(id);
  });
});

describe('an ended relation', () => {
  it('never comes back by an earlier version or the same; a later one can begin anew', () => {
    fc.assert(
      fc.property(history, year, fc.nat(7), (all, today, through) => {
        const given = versions(all, { endedThrough: new Map([['lab', through]]) });
        const chosen = contractInForce(given, 'lab', today);
        const free = inForce(versions(all), today);
        expect(chosen?.id).toBe(Number(free?.slice(5) ?? 0) > through ? free : undefined);
      }),
    );
  });
});

describe('every history of signatures, notices and ends', () => {
  const facts = fc.record({
    state: fc.constantFrom('signed', 'unsigned', 'invalid'),
    noticedOn: fc.option(year),
    activated: fc.boolean(),
  });

  it('puts in force only what is signed, noticed for seven days, begun, and not over', () => {
    fc.assert(
      fc.property(history, fc.array(facts), year, fc.nat(3), (all, told, today, through) => {
        const contracts = all.map((one, at) => {
          const state = told[at]?.state ?? 'unsigned';
          return { ...one, signature: { ...signed, state } };
        });
        const noticedOn = new Map(
          contracts.flatMap(({ id }, at) => {
            const day = told[at]?.noticedOn;
            return day ? [[id, day] as const] : [];
          }),
        );
        const activated = new Set(
          contracts.map(({ id }) => id).filter((_, at) => told[at]?.activated),
        );
        const endedThrough = new Map([['lab', through]]);
        const standing = { noticedOn, activated, endedThrough };
        const chosen = contractInForce({ contracts, standing }, 'lab', today);
        if (!chosen) return;
        const from = decidesFrom(chosen, standing);
        expect(chosen.signature.state).toBe('signed');
        expect(chosen.validFrom <= today && (chosen.validUntil ?? today) >= today).toBe(true);
        expect(activated.has(chosen.id) || (from !== null && from <= today)).toBe(true);
        expect(chosen.version).toBeGreaterThan(through);
        const later = contracts.filter(({ version: number }) => number > chosen.version);
        expect(later.some(({ id, validFrom }) => activated.has(id) && validFrom <= today)).toBe(
          false,
        );
      }),
    );
  });
});

describe('outdated', () => {
  const codes = ['name', 'chartNumber', 'age', 'birthDate'] as const;
  const some = fc.subarray([...codes]);
  const listing = (number: number, items: readonly string[]) => ({
    ...version(number, '2026-01-01'),
    items: items.map((item) => ({ item, required: false })),
  });

  it('lets what was released go exactly when the version now in force lets all of it leave', () => {
    fc.assert(
      fc.property(some, some, (released, allowed) => {
        const goes = released.every((item) => allowed.includes(item));
        const now = listing(2, allowed);
        const expected = goes ? undefined : 'contract-superseded';
        expect(outdated(listing(1, codes), now, released)).toBe(expected);
        expect(outdated(now, now, released)).toBeUndefined();
        expect(outdated(now, undefined, released)).toBe('contract-ended');
        const other = { ...now, subject: 'visitor' as const };
        expect(outdated(listing(1, codes), other, released)).toBe('contract-superseded');
      }),
    );
  });

  it('lets no unique identifier go that has lost its legal basis', () => {
    const number = 'residentRegistrationNumber';
    const basis = { basis: { en: 'Article 1', ko: '제1조' }, confirmed: true };
    const based = { ...listing(2, [number]), legalBasis: new Map([[number, basis]]) };
    const bare = { ...based, legalBasis: new Map() };
    expect(outdated(listing(1, [number]), based, [number])).toBeUndefined();
    expect(outdated(listing(1, [number]), bare, [number])).toBe('contract-superseded');
  });
});

describe('requireContract', () => {
  it('finds a version by its id and throws for one that is not loaded', () => {
    const agreements = { contracts: [version(1, '2026-01-01')] };
    expect(requireContract(agreements, 'lab.v1').version).toBe(1);
    expect(() => requireContract(agreements, 'lab.v2')).toThrow('contract lab.v2 is not loaded');
  });
});

/** One contract version decides, and which one it is on a day. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contractInForce, requireContract } from '#src/agreements/force.ts';
import type { Contract } from '#src/base/words.ts';
import { loadFiles, soundFiles } from './folders.ts';

const [base] = loadFiles(soundFiles).contracts;
if (!base) throw new Error('the sound files hold a contract');

function version(number: number, validFrom: string, validUntil: string | null = null): Contract {
  return { ...(base as Contract), id: `lab.v${number}`, version: number, validFrom, validUntil };
}

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
    expect(contractInForce(contracts, 'lab', today)?.id).toBe(id);
  });

  it('knows no contract of another consignee', () => {
    expect(contractInForce(contracts, 'other', '2026-07-01')).toBeUndefined();
  });

  it('lets a later version begin the relation anew after a gap', () => {
    const again = [version(1, '2026-01-01', '2026-03-31'), version(2, '2026-06-01')];
    expect(contractInForce(again, 'lab', '2026-04-01')).toBeUndefined();
    expect(contractInForce(again, 'lab', '2026-06-01')?.id).toBe('lab.v2');
  });

  it('never revives a version once a later one has begun', () => {
    const day = fc.integer({ min: 1, max: 28 }).map((d) => `2026-01-${String(d).padStart(2, '0')}`);
    const history = fc
      .uniqueArray(fc.tuple(day, fc.option(day)), { selector: ([from]) => from, maxLength: 6 })
      .map((days) => days.toSorted(([a], [b]) => (a < b ? -1 : 1)))
      .map((days) => days.map(([from, until], index) => version(index + 1, from, until)));
    fc.assert(
      fc.property(history, day, fc.boolean(), (versions, today, reversed) => {
        const given = reversed ? versions.toReversed() : versions;
        const chosen = contractInForce(given, 'lab', today);
        const begun = versions.filter(({ validFrom }) => validFrom <= today).at(-1);
        const ended = (begun?.validUntil ?? today) < today;
        expect(chosen?.id).toBe(ended ? undefined : begun?.id);
      }),
    );
  });
});

describe('requireContract', () => {
  it('finds a version by its id and throws for one that is not loaded', () => {
    const agreements = { contracts: [version(1, '2026-01-01')] };
    expect(requireContract(agreements, 'lab.v1').version).toBe(1);
    expect(() => requireContract(agreements, 'lab.v2')).toThrow('contract lab.v2 is not loaded');
  });
});

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { LeafFacts } from '#src/ledger/leaf.ts';
import { readLeaf } from '#src/ledger/leaf.ts';
import { createLifeCheck } from '#src/ledger/life.ts';
import type { DetailSays } from '#src/ledger/life.ts';
import type { LifeFault } from '#src/ledger/versions.ts';
import { detailFor } from '#src/ledger/entry-check.ts';
import { ledgerLives } from '#test/support/ledger-lives.ts';

const transfer = randomUUID();
const contract = { id: 'samkwang.v1', digest: `${'A'.repeat(43)}=` };
const next = { id: 'samkwang.v2', digest: `${'B'.repeat(42)}A=` };

type Told = Partial<LeafFacts> & { says?: DetailSays };

/** `'pulled'`, or a kind with more of its leaf and detail. */
type Entry = string | [kind: string, more: Told];

const activated: Entry = ['contract-activated', { transfer: null }];
const ofResult: Entry = ['purged', { says: { result: 'one' } }];
const payload: Entry = ['purged', { says: {} }];

/** What is wrong with the last of these entries, and at the end; those before it are right. */
function problemOf(entries: readonly Entry[], second = 0): string | undefined {
  const found: (string | undefined)[] = [];
  const check = createLifeCheck();
  for (const [index, entry] of entries.entries()) {
    const [kind, { says, ...more }] = typeof entry === 'string' ? [entry, {} as Told] : entry;
    const at = new Date(Date.UTC(2026, 0, 1, 0, 0, index * second)).toISOString();
    const leaf = { kind, at, transfer, consignee: 'samkwang', contract, detail: '', ...more };
    found.push(check.step(index, leaf, says));
  }
  expect(found.slice(0, -1).filter((problem) => problem !== undefined)).toEqual([]);
  const last: readonly LifeFault[] = check.finish();
  return found.at(-1) ?? last[0]?.problem;
}

describe('a life that is right', () => {
  test.each<[string, Entry[]]>([
    ['is pushed', ['released', 'delivered', 'receipt', payload]],
    ['is claimed twice', ['released', 'pulled', 'pulled', 'delivered']],
    ['has a result before its end', ['released', 'pulled', 'result-received', 'delivered']],
    ['goes once more', ['released', 'failed', 'redelivered', 'pulled', 'delivered', payload]],
    ['is sent again', ['released', 'delivered', 'redelivered', 'expired', 'redelivered']],
    ['has a result after its end', ['released', 'delivered', payload, 'result-received']],
    [
      'has its result matched, collected and taken back',
      [
        ...['released', 'delivered', 'result-received', 'result-matched', 'result-collected'],
        ...[ofResult, 'result-unmatched', payload],
      ],
    ],
    ['has a result destroyed while it waits', ['released', 'result-received', ofResult]],
    ['is withdrawn by its person', ['released', 'withdrawn', payload]],
    ['is refused', ['released', 'rejected', 'redelivered', 'withdrawn', payload]],
    ['is cancelled', ['released', 'cancelled', payload]],
    ['of which nobody knows what was purged', ['released', 'result-received', 'purged', 'purged']],
  ])('%s', (_, entries) => {
    expect(problemOf([activated, ...entries])).toBeUndefined();
  });

  test('is what a thousand made ones are', () => {
    const check = createLifeCheck();
    const lives = ledgerLives(11);
    for (let index = 0; index < 4_000; index += 1) {
      const { leaf, salt, content } = lives.next().value;
      const facts = readLeaf(leaf)!;
      const detail = detailFor(facts.kind, { detail: { salt, content } });
      expect(check.step(index, facts, detail)).toBeUndefined();
    }
    expect(check.finish()).toEqual([]);
  });
});

const continuations = [
  ...['pulled', 'delivered', 'receipt', 'redelivered', 'rejected', 'failed', 'cancelled'],
  ...['expired', 'withdrawn', 'result-received', 'result-collected', 'purged'],
];
const ends = ['delivered', 'rejected', 'failed', 'cancelled', 'expired', 'withdrawn'];

describe('a life that cannot be', () => {
  test.each(continuations)('%s before it is released', (kind) => {
    expect(problemOf([activated, kind])).toBe(`the transfer was ${kind} before it was released`);
  });

  test.each(ends.flatMap((one) => ends.map((two) => [one, two])))('%s, and then %s', (one, two) => {
    expect(problemOf([activated, 'released', one, two])).toMatch(/^the transfer was .* while/);
  });

  test.each<[string, Entry[], RegExp]>([
    ['released twice', ['released', 'released'], /released twice/],
    ['pulled after its end', ['released', 'delivered', 'pulled'], /pulled while it was delivered/],
    [
      'sent again, and settled twice',
      ['released', 'failed', 'redelivered', 'failed', 'failed'],
      /./,
    ],
    ['brought back from being called off', ['released', 'cancelled', 'redelivered'], /cancelled/],
    ['withdrawn and brought back', ['released', 'withdrawn', 'redelivered'], /withdrawn/],
    ['purged while it waits', ['released', payload], /purged while it was waiting/],
    ['purged twice', ['released', 'expired', payload, payload], /purged twice/],
    ['sent again after it was purged', ['released', 'failed', payload, 'redelivered'], /after/],
    ['cancelled after it was claimed', ['released', 'pulled', 'cancelled'], /may have left/],
    ['answered although it was cancelled', ['released', 'cancelled', 'result-received'], /./],
    ['a result collected that never came', ['released', 'delivered', 'result-collected'], /came/],
    [
      'one result collected twice',
      ['released', 'delivered', 'result-received', 'result-collected', 'result-collected'],
      /never came/,
    ],
    ['a receipt without a delivery', ['released', 'pulled', 'receipt'], /receipt while it was/],
    ['a match without a result', ['released', 'result-matched'], /without a result/],
    ['a purge of a result that never came', ['released', 'delivered', ofResult], /never came/],
    ["another's step", ['released', ['delivered', { consignee: 'eone' }]], /another consignee/],
    [
      'a step under another digest',
      ['released', ['delivered', { contract: { ...contract, digest: next.digest } }]],
      /another digest/,
    ],
    [
      'a step under another contract',
      ['released', ['delivered', { contract: next }]],
      /another contract/,
    ],
  ])('%s', (_, entries, problem) => {
    expect(problemOf([activated, ...entries])).toMatch(problem);
  });
});

describe('a contract version', () => {
  const of = (kind: string, contractOf = contract): Entry => [
    kind,
    { transfer: null, contract: contractOf },
  ];
  const release = (contractOf = contract): Entry => [
    'released',
    { transfer: randomUUID(), contract: contractOf },
  ];

  test('lets nothing be released after its end', () => {
    expect(problemOf([activated, of('contract-ended'), release()])).toMatch(/had ended/);
  });
  test('whose end is told by a later version has ended too', () => {
    expect(problemOf([activated, of('contract-ended', next), release()])).toMatch(/had ended/);
  });
  test('lets nothing be released after a later one has begun', () => {
    const begun = of('contract-activated', next);
    expect(problemOf([activated, release(), begun, release(next)])).toBeUndefined();
    expect(problemOf([activated, release(), begun, release()])).toMatch(/later version/);
  });
  test('may be ended, and a later one begins anew', () => {
    const again = [of('contract-ended'), of('contract-activated', next), release(next)];
    expect(problemOf([activated, release(), ...again])).toBeUndefined();
  });
  test('lets nothing be released long before it is activated, or without that', () => {
    expect(problemOf([release(), activated], 59)).toBeUndefined();
    expect(problemOf([release(), activated], 61)).toMatch(/before its contract was activated/);
    expect(problemOf([release(), 'audit-read'], 61)).toMatch(/before its contract was activated/);
  });
  test('has one digest for ever', () => {
    const other = { ...contract, digest: next.digest };
    expect(problemOf([activated, of('contract-noticed', other)])).toMatch(/another digest/);
  });
});

describe('access', () => {
  const of = (kind: string, says: DetailSays): Entry => [
    kind,
    { transfer: null, contract: null, says },
  ];
  test.each([
    ['access', { client: 'eone' }],
    ['staff', { staff: 'staff-7f3k' }],
  ])('of %s that was revoked is not changed or revoked before it is granted', (whose, says) => {
    const revoked = [of(`${whose}-granted`, says), of(`${whose}-revoked`, says)];
    expect(problemOf([...revoked, of(`${whose}-changed`, says)])).toMatch(/had been revoked/);
    expect(problemOf([...revoked, of(`${whose}-revoked`, says)])).toMatch(/had been revoked/);
    const again = [of(`${whose}-granted`, says), of(`${whose}-changed`, says)];
    expect(problemOf([...revoked, ...again])).toBeUndefined();
  });
});

test('no more details are destroyed than entries say', () => {
  const erased: Entry = ['audit-read', { transfer: null, contract: null, says: { erased: true } }];
  const said = (entries: number): Entry => [
    'subject-erased',
    { transfer: null, contract: null, says: { entries } },
  ];
  expect(problemOf([erased, erased, said(2)])).toBeUndefined();
  expect(problemOf([erased, erased, said(3)])).toBeUndefined();
  expect(problemOf([erased, erased, said(1)])).toMatch(/more details are destroyed/);
});

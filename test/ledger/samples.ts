/** One entry of every kind, made of nothing but constants. */
import type { EntryInput } from '#src/ledger/entry.ts';
import type { EntryKind } from '#src/ledger/kinds.ts';
import { oversightSamples } from './samples-of-oversight.ts';

const at = new Date('2026-03-02T01:02:03.004Z');
const transfer = '019cabcd-0000-7000-8000-000000000001';
const result = '019cabcd-0000-7000-8000-000000000002';
const subject = '5b0c0f0e-0000-4000-8000-000000000003';
const contract = { id: 'samkwang.v1', digest: Buffer.alloc(32, 0x11) };
const commitment = Buffer.alloc(32, 0x22);
const gateway = { client: null, kind: 'system' } as const;
const emr = { client: 'emr', kind: 'emr' } as const;
const lab = { client: 'samkwang', kind: 'consignee' } as const;
const operator = { client: 'operator', kind: 'operator' } as const;
const source = '192.0.2.7';
const order = '019cabcd-0000-7000-8000-000000000004';
const quarantined = '019cabcd-0000-7000-8000-000000000005';
const version = { at, consignee: 'samkwang', contract, items: ['age', 'name'] };
const of = { at, transfer, consignee: 'samkwang' };

export const samples: { [K in EntryKind]: Extract<EntryInput, { kind: K }> } = {
  released: {
    kind: 'released',
    ...of,
    contract,
    items: ['age', 'chartNumber', 'date', 'name'],
    commitment,
    detail: {
      actor: emr,
      source,
      subject,
      withheld: [
        { item: 'address', reason: 'NOT_IN_CONTRACT' },
        { item: 'UNKNOWN_ITEM', reason: 'UNKNOWN_ITEM', count: 2 },
      ],
      rules: ['age@1'],
    },
  },
  refused: {
    kind: 'refused',
    at,
    consignee: 'samkwang',
    contract,
    detail: {
      actor: emr,
      source,
      reason: 'INVALID_ITEM',
      problems: [{ pointer: '/record/birthDate', rule: 'notADate' }],
    },
  },
  pulled: {
    kind: 'pulled',
    ...of,
    detail: { actor: lab, source, leaseUntil: '2026-03-02T01:03:03.004Z' },
  },
  delivered: {
    kind: 'delivered',
    ...of,
    detail: { actor: gateway, via: 'push', outcome: 'http-200', attempts: 1 },
  },
  receipt: {
    kind: 'receipt',
    ...of,
    contract,
    commitment,
    detail: {
      ...{ actor: lab, source, signer: 's'.repeat(43), jws: 'aaaa.bbbb.cccc' },
      signedAt: '2026-03-02T01:02:02.000Z',
    },
  },
  redelivered: {
    kind: 'redelivered',
    ...of,
    detail: { actor: operator, source, outcome: 'replay', reason: 'they lost a day' },
  },
  rejected: {
    kind: 'rejected',
    ...of,
    detail: {
      actor: lab,
      source,
      via: 'inbox',
      outcome: 'SPECIMEN_MISSING',
      reason: 'no such specimen',
    },
  },
  failed: {
    kind: 'failed',
    ...of,
    detail: { actor: gateway, via: 'push', outcome: 'timeout', attempts: 9 },
  },
  cancelled: { kind: 'cancelled', ...of, detail: { actor: emr, source } },
  expired: { kind: 'expired', ...of, detail: { actor: gateway, outcome: 'not-claimed-in-time' } },
  withdrawn: { kind: 'withdrawn', ...of, detail: { actor: gateway, outcome: 'contract-ended' } },
  'result-received': {
    kind: 'result-received',
    ...of,
    contract,
    items: ['testResult'],
    commitment,
    detail: { actor: lab, source, result, withheld: [] },
  },
  'result-refused': {
    kind: 'result-refused',
    ...of,
    detail: { actor: lab, source, reason: 'RESULT_NOT_EXPECTED' },
  },
  'result-collected': { kind: 'result-collected', ...of, detail: { actor: emr, source, result } },
  'result-quarantined': {
    kind: 'result-quarantined',
    ...{ at, consignee: 'samkwang', contract, items: ['testResult'], commitment },
    detail: { actor: lab, source, quarantined, withheld: [] },
  },
  'result-matched': {
    kind: 'result-matched',
    ...of,
    detail: { actor: emr, source, quarantined, result, reason: 'same name and day' },
  },
  'result-unmatched': {
    kind: 'result-unmatched',
    ...of,
    detail: { actor: emr, source, quarantined, result, reason: 'it was her sister' },
  },
  purged: { kind: 'purged', ...of, detail: { actor: gateway, outcome: 'retention-ended' } },
  'contract-drafted': { kind: 'contract-drafted', ...version, detail: { actor: gateway } },
  'contract-signed': {
    kind: 'contract-signed',
    ...version,
    detail: {
      actor: gateway,
      signers: { clinic: 'c'.repeat(43), consignee: 's'.repeat(43) },
      demo: false,
    },
  },
  'contract-noticed': {
    kind: 'contract-noticed',
    ...version,
    detail: { actor: gateway, on: '2026-02-20' },
  },
  'contract-activated': {
    kind: 'contract-activated',
    ...version,
    detail: { actor: gateway, on: '2026-03-02', warnings: ['legal basis not confirmed'] },
  },
  'contract-superseded': {
    kind: 'contract-superseded',
    ...version,
    detail: { actor: gateway, on: '2026-09-01' },
  },
  'contract-unsigned': {
    kind: 'contract-unsigned',
    ...version,
    detail: { actor: gateway, on: '2026-05-04', outcome: 'unsigned' },
  },
  'contract-ended': {
    kind: 'contract-ended',
    ...version,
    detail: {
      actor: operator,
      source,
      on: '2026-12-31',
      outcome: 'operator',
      reason: 'moved away',
    },
  },
  'destruction-ordered': {
    kind: 'destruction-ordered',
    ...version,
    detail: { actor: gateway, order, dueOn: '2027-01-05' },
  },
  'destruction-certified': {
    kind: 'destruction-certified',
    ...version,
    detail: {
      ...{ actor: lab, source, order, on: '2027-01-03', signer: 's'.repeat(43) },
      file: Buffer.alloc(32, 5).toString('base64'),
    },
  },
  'subject-suspended': {
    kind: 'subject-suspended',
    at,
    detail: {
      actor: operator,
      source,
      subject,
      consignees: ['samkwang'],
      reason: 'asked by phone',
    },
  },
  'subject-resumed': {
    kind: 'subject-resumed',
    at,
    detail: { actor: operator, source, subject, consignees: [], reason: 'asked by phone' },
  },
  'consignee-paused': {
    kind: 'consignee-paused',
    at,
    consignee: 'samkwang',
    detail: { actor: operator, source, reason: 'their system is down' },
  },
  'consignee-resumed': {
    kind: 'consignee-resumed',
    at,
    consignee: 'samkwang',
    detail: { actor: operator, source },
  },
  'consignee-retried': {
    kind: 'consignee-retried',
    ...{ at, transfer, consignee: 'samkwang' },
    detail: { actor: operator, source, reason: 'they say that they are back', due: 1 },
  },
  'endpoint-disabled': {
    kind: 'endpoint-disabled',
    ...{ at, consignee: 'samkwang', detail: { actor: gateway, outcome: 'http-410' } },
  },
  'endpoint-enabled': {
    kind: 'endpoint-enabled',
    ...{ at, consignee: 'samkwang' },
    detail: { actor: operator, source, reason: 'they moved' },
  },
  ...oversightSamples,
};

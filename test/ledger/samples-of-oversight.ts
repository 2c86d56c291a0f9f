/** One entry of every kind about the record itself, made of nothing but constants. */
import type { EntryInput } from '#src/ledger/entry.ts';
import type { OversightDetail } from '#src/ledger/kinds-of-oversight.ts';

const at = new Date('2026-03-02T01:02:03.004Z');
const subject = '5b0c0f0e-0000-4000-8000-000000000003';
const commitment = Buffer.alloc(32, 0x22);
const gateway = { client: null, kind: 'system' } as const;
const emr = { client: 'emr', kind: 'emr' } as const;
const lab = { client: 'samkwang', kind: 'consignee' } as const;
const auditor = { client: 'auditor', kind: 'auditor' } as const;
const operator = { client: 'operator', kind: 'operator' } as const;
const signedIn = { client: 'console', kind: 'privacy-officer', person: 'officer' } as const;
const person = { staff: 'officer' };
const change = 1_772_413_323_004;
const reason = 'asked in writing';
const source = '192.0.2.7';
const quarantined = '019cabcd-0000-7000-8000-000000000005';
const exportId = '019cabcd-0000-7000-8000-000000000006';

export const oversightSamples: {
  [K in keyof OversightDetail]: Extract<EntryInput, { kind: K }>;
} = {
  'access-granted': {
    kind: 'access-granted',
    at,
    detail: {
      ...{
        actor: operator,
        client: 'samkwang',
        role: 'consignee',
        scopes: ['inbox:claim'],
        change,
      },
    },
  },
  'access-changed': {
    kind: 'access-changed',
    at,
    detail: {
      ...{ actor: operator, source, client: 'emr', role: 'emr', scopes: ['transfers:read'] },
      ...{ reason: 'reads only from now on', change },
    },
  },
  'access-revoked': {
    kind: 'access-revoked',
    at,
    detail: { actor: operator, client: 'samkwang', change },
  },
  'staff-granted': {
    kind: 'staff-granted',
    at,
    detail: { actor: operator, source, ...person, roles: ['auditor'], reason, change },
  },
  'staff-changed': {
    kind: 'staff-changed',
    // from before there were numbers
    ...{ at, detail: { actor: operator, source, ...person, roles: ['privacy-officer'], reason } },
  },
  'staff-revoked': {
    kind: 'staff-revoked',
    ...{ at, detail: { actor: operator, ...person, reason, change } },
  },
  'staff-locked': {
    kind: 'staff-locked',
    ...{ at, detail: { actor: gateway, source, ...person, attempts: 5 } },
  },
  'staff-unlocked': { kind: 'staff-unlocked', at, detail: { actor: operator, ...person, reason } },
  'audit-read': {
    kind: 'audit-read',
    at,
    detail: { actor: auditor, source, query: { consignee: 'samkwang', status: null } },
  },
  'disclosures-read': {
    kind: 'disclosures-read',
    ...{ at, detail: { actor: signedIn, source, subject, found: 7, reason } },
  },
  'quarantine-read': {
    kind: 'quarantine-read',
    ...{ at, consignee: 'samkwang', detail: { actor: emr, source, quarantined } },
  },
  exported: {
    kind: 'exported',
    at,
    detail: {
      ...{ actor: signedIn, source, reason, format: 'csv' },
      ...{ query: { status: 'failed' }, export: exportId },
    },
  },
  'export-ended': {
    kind: 'export-ended',
    ...{ at, detail: { actor: signedIn, source, export: exportId, rows: 500, whole: false } },
  },
  reconciled: {
    kind: 'reconciled',
    at,
    consignee: 'samkwang',
    detail: { actor: lab, source, query: { day: '2026-03-01' }, agreed: 41, differing: 1 },
  },
  'review-signed': {
    kind: 'review-signed',
    at,
    detail: {
      ...{ actor: signedIn, source, period: '2026-02', anomalies: 2 },
      summary: Buffer.alloc(32, 6).toString('base64'),
      findings: 'two exports at night, by the on-call officer',
      measures: 'none needed',
      ...{ signer: 's'.repeat(43), jws: 'e30.e30.c2ln' },
    },
  },
  'subject-erased': {
    kind: 'subject-erased',
    at,
    detail: {
      ...{ actor: signedIn, source, reason, entries: 12, transfers: 4 },
      ...{ payloads: 2, files: 1, replies: 3 },
    },
  },
  cleared: {
    kind: 'cleared',
    ...{ at, detail: { actor: gateway, what: 'idempotency-replies', count: 500 } },
  },
  archived: {
    kind: 'archived',
    at,
    detail: {
      ...{ actor: gateway, what: 'transfers', from: '2024-01', to: '2024-01', count: 100 },
      sha256: Buffer.alloc(32, 7).toString('base64'),
    },
  },
  'key-changed': {
    kind: 'key-changed',
    ...{ at, commitment, detail: { actor: operator, key: 'ledger', keyId: '3735d37b', reason } },
  },
  'fork-accepted': {
    kind: 'fork-accepted',
    ...{ at, commitment, detail: { actor: operator, size: 1_204, reason } },
  },
};

/**
 * Who may call what: every operation times every caller, against a table that is kept here by hand.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { operations } from '#api/openapi.d.ts';
import { seoulDate } from '#src/base/seoul.ts';
import { generateClientKey } from '#src/access/keys.ts';
import { ALL_SCOPES, scopesOf } from '#src/access/roles.ts';
import type { Role } from '#src/base/words.ts';
import { rootDir } from '#src/bin/settings.ts';
import { signCompact, tokenFor } from '#test/support/client.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary, fullRecord, orderFor, posted } from '#test/support/orders.ts';
import { until } from '#test/support/wait.ts';

/** What each role may hold. Written out: a change of `roles.ts` has to be made here, too. */
const scopes: Readonly<Record<Role, readonly string[]>> = {
  emr: ['transfers:write', 'transfers:read', 'transfers:preview', 'results:collect'],
  consignee: ['inbox:claim', 'results:return', 'results:read', 'contract:read', 'ledger:witness'],
  auditor: ['ledger:read', 'audit:read', 'audit:review'],
  'privacy-officer': [
    ...['ledger:read', 'audit:read', 'audit:review', 'transfers:preview', 'subjects:erase'],
    'ledger:witness',
  ],
  operator: ['consignees:operate', 'contracts:end', 'access:admin'],
};

const { publicJwk } = await generateClientKey();

/** What is asked of a gateway; a webhook it asks of others. */
type OperationId = Exclude<keyof operations, 'receiveEvent'>;

interface Access {
  /** Any one of these opens it; `anyone`: no token is needed. */
  by: readonly string[] | 'anyone';
  /** Whose the thing is that the sample asks for; every other caller gets a 404. */
  of?: readonly string[];
  method: 'GET' | 'POST';
  path: string;
  body?: () => object | string;
  /** Of the body; JSON unless given. */
  type?: string;
}

/** The engitech transfer of `emr`, and the result that engitech returned for it. */
let transfer: string;
let result: string;
let lease: string;
/** What engitech returned without a transfer, and `emr` matched to that one. */
let held: string;
/** The infinite transfer of `emr`, the result that came back for it, and its file. */
let [study, report, file] = ['', '', ''];
/** The destruction order of bml, whose relation ended, and its certificate. */
let destruction: string;
let certificate: object;

const get = (path: string, by: Access['by'], of?: readonly string[]): Access => {
  return { method: 'GET', path, by, ...(of ? { of } : {}) };
};
const post = (path: string, by: Access['by'], more: Partial<Access> = {}): Access => {
  return { method: 'POST', path, by, ...more };
};
const staff = ['consignees:operate', 'audit:read'];
const witness = ['ledger:read', 'ledger:witness'];
const stopping = ['transfers:write', 'consignees:operate'];
const reviewing = ['audit:read', 'audit:review'];
const period = seoulDate(Date.now()).slice(0, 7);
const summary = Buffer.alloc(32, 1).toString('base64');
const whose = () => ({ subject: { kind: 'patient', id: 'nobody' } });
const order = () => orderFor('engitech');
/** About nobody else in this file. */
const stop = () => ({ subject: { kind: 'visitor', id: canary.chartNumber }, ...reason() });
const reason = () => ({ reason: 'A sentence.' });

/** `{transfer}` and `{result}` stand for those of `emr` and `engitech`, the rest as above. */
const table: Readonly<Record<OperationId, Access>> = {
  releaseTransfer: post('/v1/transfers', ['transfers:write'], { body: order }),
  listTransfers: get('/v1/transfers', ['transfers:read']),
  releaseBatch: post('/v1/transfers/batch', ['transfers:write'], {
    ...{ type: 'application/x-ndjson', body: () => ({ key: randomUUID(), ...order() }) },
  }),
  previewTransfer: post('/v1/transfers/preview', ['transfers:preview'], { body: order }),
  getTransfer: get('/v1/transfers/{transfer}', ['transfers:read'], ['emr']),
  cancelTransfer: post('/v1/transfers/{transfer}/cancel', ['transfers:write'], { of: ['emr'] }),
  redeliverTransfer: post('/v1/transfers/{transfer}/redeliver', stopping, {
    ...{ of: ['emr', 'operator'], body: reason },
  }),
  suspendSubject: post('/v1/subjects/suspend', stopping, { body: stop }),
  resumeSubject: post('/v1/subjects/resume', stopping, { body: stop }),
  eraseSubject: post('/v1/subjects/erase', ['subjects:erase'], {
    body: () => ({ subject: { kind: 'member', id: 'nobody-here' }, ...reason() }),
  }),
  listResults: get('/v1/results', ['results:collect', 'results:read']),
  returnResult: post('/v1/results', ['results:return'], {
    of: ['engitech'],
    body: () => ({ transfer, result: workReport }),
  }),
  getResult: get('/v1/results/{result}', ['results:collect', 'results:read'], ['emr', 'engitech']),
  ackResult: post('/v1/results/{result}/ack', ['results:collect'], { of: ['emr'] }),
  getAttachment: get('/v1/results/{report}/attachments/{file}', ['results:collect'], ['emr']),
  uploadAttachment: post('/v1/attachments?transfer={study}', ['results:return'], {
    ...{ of: ['infinite'], type: 'application/pdf', body: () => '%PDF-1.7' },
  }),
  listQuarantine: get('/v1/quarantine', ['results:collect']),
  getQuarantined: get('/v1/quarantine/{held}', ['results:collect'], ['emr']),
  matchQuarantined: post('/v1/quarantine/{held}/match', ['results:collect'], {
    ...{ of: ['emr'], body: () => ({ transfer, ...reason() }) },
  }),
  unmatchQuarantined: post('/v1/quarantine/{held}/unmatch', ['results:collect'], {
    ...{ of: ['emr'], body: reason },
  }),
  claimInbox: post('/v1/inbox/claim', ['inbox:claim'], {
    body: () => ({ limit: 1, leaseSeconds: 3600 }),
  }),
  getInbox: get('/v1/inbox', ['inbox:claim']),
  seekInbox: post('/v1/inbox/seek', ['inbox:claim'], {
    body: () => ({ since: '2999-01-01T00:00:00Z' }),
  }),
  extendLease: post('/v1/inbox/{transfer}/extend', ['inbox:claim'], {
    of: ['engitech'],
    body: () => ({ lease, leaseSeconds: 3600 }),
  }),
  ackTransfers: post('/v1/inbox/ack', ['inbox:claim'], {
    body: () => ({ items: [{ transfer, lease }] }),
  }),
  ackTransfer: post('/v1/inbox/{transfer}/ack', ['inbox:claim'], {
    of: ['engitech'],
    body: () => ({ lease }),
  }),
  rejectTransfer: post('/v1/inbox/{transfer}/reject', ['inbox:claim'], {
    of: ['engitech'],
    body: () => ({ lease, code: 'OTHER' }),
  }),
  getContract: get('/v1/contract', ['contract:read']),
  getCheckpoint: get('/v1/ledger/checkpoint', witness),
  getLedgerKey: get('/v1/ledger/key', witness),
  addCosignature: post('/v1/ledger/cosignatures', ['ledger:witness'], {
    body: () => ({ note: 'none' }),
  }),
  listWitnesses: get('/v1/ledger/witnesses', witness),
  listEntries: get('/v1/ledger/entries', ['ledger:read']),
  getInclusionProof: get('/v1/ledger/proof/inclusion?index=0', witness),
  getProofFile: get('/v1/ledger/proof/file?index=0', witness),
  getConsistencyProof: get('/v1/ledger/proof/consistency?from=1&to=2', witness),
  getEntryBundle: get('/v1/ledger/tile/entries/000.p/1', ['ledger:read']),
  getHashTile: get('/v1/ledger/tile/0/000.p/1', witness),
  searchTransfers: get('/v1/audit/transfers', ['audit:read']),
  searchTransfersOf: post('/v1/audit/transfers/search', ['audit:read'], {
    body: () => ({ subject: { kind: 'member', id: 'nobody-here' } }),
  }),
  reconcileDay: post('/v1/audit/reconciliations', ['audit:read', 'transfers:read', 'inbox:claim'], {
    body: () => ({ what: 'transfers', day: '2026-01-05' }),
  }),
  getTrail: get('/v1/audit/transfers/{transfer}', ['audit:read']),
  readDisclosures: post('/v1/audit/disclosures', ['audit:read'], { body: whose }),
  printDisclosures: post('/v1/audit/disclosures/page', ['audit:read'], { body: whose }),
  listReviews: get('/v1/audit/reviews', reviewing),
  getReview: get('/v1/audit/reviews/{period}', reviewing),
  // The period has not ended, so that nobody can sign it.
  signReview: post('/v1/audit/reviews', ['audit:review'], {
    body: () => ({ period, summary, findings: 'None.', measures: 'None.' }),
  }),
  exportTransfers: get('/v1/audit/export?format=ndjson&reason=A+question+was+asked', [
    'audit:read',
  ]),
  exportTransfersOf: post('/v1/audit/export', ['audit:read'], {
    body: () => ({ format: 'ndjson', reason: 'A question was asked.' }),
  }),
  getEvidence: get('/v1/audit/transfers/{transfer}/evidence?reason=A+question+was+asked', [
    'audit:read',
  ]),
  makeEvidence: post('/v1/audit/transfers/{transfer}/evidence', ['audit:read'], {
    body: () => ({ reason: 'A question was asked.' }),
  }),
  listEvents: get('/v1/events', ['transfers:read']),
  listAlerts: get('/v1/alerts', ['consignees:operate']),
  listConsignees: get('/v1/consignees', staff),
  getActivity: get('/v1/activity?days=7', staff),
  getConsignee: get('/v1/consignees/s1', staff),
  listDeliveries: get('/v1/consignees/s1/deliveries?state=waiting', staff),
  pauseConsignee: post('/v1/consignees/s1/pause', ['consignees:operate'], { body: reason }),
  resumeConsignee: post('/v1/consignees/s1/resume', ['consignees:operate'], { body: reason }),
  retryConsignee: post('/v1/consignees/s1/retry', ['consignees:operate'], { body: reason }),
  replayConsignee: post('/v1/consignees/s1/replay', ['consignees:operate'], {
    body: () => ({ what: 'failed', since: '2999-01-01T00:00:00Z', ...reason() }),
  }),
  listContracts: get('/v1/contracts', staff),
  diffContracts: get('/v1/contracts/s1/diff?from=1&to=1', staff),
  countItems: get('/v1/contracts/s1/counts', staff),
  reportUsage: get('/v1/contracts/usage', staff),
  getMatrix: get('/v1/contracts/matrix', staff),
  listItems: get('/v1/items', [...staff, 'transfers:preview']),
  getContractVersion: get('/v1/contracts/s1/versions/1', staff),
  endContract: post('/v1/contracts/s1/end', ['contracts:end'], { body: reason }),
  listDestructionOrders: get('/v1/destruction-orders', [
    ...['audit:read', 'contracts:end', 'contract:read'],
  ]),
  certifyDestruction: post(
    '/v1/destruction-orders/{destruction}/certificate',
    ['results:return', 'contracts:end'],
    { of: ['operator'], body: () => certificate },
  ),
  getNotice: get('/v1/notice', 'anyone'),
  issueToken: post('/oauth2/token', 'anyone'),
  getTokenKeys: get('/oauth2/jwks', 'anyone'),
  getServerMetadata: get('/.well-known/oauth-authorization-server', 'anyone'),
  getHealth: get('/healthz', 'anyone'),
  getReadiness: get('/readyz', 'anyone'),
  getMetrics: get('/metrics', 'anyone'),
  listClients: get('/v1/access/clients', ['access:admin', 'audit:read']),
  grantClient: post('/v1/access/clients', ['access:admin'], {
    body: () => {
      const id = `made-${randomUUID().slice(0, 8)}`;
      return { id, role: 'emr', jwks: { keys: [publicJwk] }, ...reason() };
    },
  }),
  changeClient: post('/v1/access/clients/{leaver}/change', ['access:admin'], {
    body: () => ({ scopes: ['transfers:read'], ...reason() }),
  }),
  rotateClient: post('/v1/access/clients/{leaver}/rotate', ['access:admin'], {
    body: () => ({ jwks: { keys: [publicJwk] }, ...reason() }),
  }),
  revokeClient: post('/v1/access/clients/{leaver}/revoke', ['access:admin'], { body: reason }),
  listStaff: get('/v1/access/staff', ['access:admin', 'audit:read']),
  grantStaff: post('/v1/access/staff', ['access:admin'], {
    body: () => ({ roles: ['auditor'], ...reason() }),
  }),
  changeStaff: post('/v1/access/staff/{clerk}/change', ['access:admin'], {
    body: () => ({ roles: ['auditor'], ...reason() }),
  }),
  resetStaff: post('/v1/access/staff/{clerk}/reset', ['access:admin'], { body: reason }),
  unlockStaff: post('/v1/access/staff/{clerk}/unlock', ['access:admin'], { body: reason }),
  revokeStaff: post('/v1/access/staff/{clerk}/revoke', ['access:admin'], { body: reason }),
  listAccessChanges: get('/v1/access/history', ['access:admin', 'audit:read']),
};

const workReport = { workReport: { at: '2026-03-03T00:00:00Z', summary: 'Done.' } };

/** Clients by what they are; engitech and areumnuri pull, samkwang is pushed to. */
const clients: Readonly<Record<string, Role>> = {
  emr: 'emr',
  'emr-two': 'emr',
  auditor: 'auditor',
  'privacy-officer': 'privacy-officer',
  operator: 'operator',
  samkwang: 'consignee',
  engitech: 'consignee',
  areumnuri: 'consignee',
  infinite: 'consignee',
};

interface Caller {
  name: string;
  client: string | null;
  scopes: readonly string[];
  token: string | null;
}

let world: World;
let gateway: TestGateway;
let callers: Caller[];

beforeAll(async () => {
  world = await makeWorld({
    editConsignee: (consignee) => {
      if (consignee['id'] === 'engitech') consignee['quarantines'] = true;
    },
  });
  gateway = await startGateway(world);
  const emr = await gateway.as('emr');
  const vendor = await gateway.as('engitech');
  transfer = (await emr.json<{ id: string }>('/v1/transfers', posted(order(), 'first'))).id;
  lease = await claimed('engitech');
  const returned = posted({ transfer, result: workReport }, 'result');
  result = (await vendor.json<{ id: string }>('/v1/results', returned)).id;
  await until('the result to be ready', async () => {
    return (await emr.fetch(`/v1/results/${result}`)).status === 200;
  });
  held = await quarantine();
  await reportStudy();
  ({ destruction, certificate } = await endBml());
  await makeLeavers();
  callers = await Promise.all([...wholeClients(), ...singleScopes()]);
  const nobody = { client: null, scopes: [] };
  const [, claims = '', signature = ''] = callers[0]?.token?.split('.') ?? [];
  callers.push(
    { ...nobody, name: 'no token', token: null },
    { ...nobody, name: 'a token of garbage', token: 'Zc4nary' },
    { ...nobody, name: 'a token without an algorithm', token: `eyJhbGciOiJub25lIn0.${claims}.` },
    { ...nobody, name: 'a token of another header', token: `e30.${claims}.${signature}` },
  );
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
});

/** A client and an account that may be taken away. */
async function makeLeavers(): Promise<void> {
  const operator = await gateway.as('operator');
  const client = { id: 'leaver', role: 'emr', jwks: { keys: [publicJwk] }, ...reason() };
  await operator.json('/v1/access/clients', posted(client, 'leaver'));
  const clerk = { id: 'clerk', roles: ['auditor'], ...reason() };
  await operator.json('/v1/access/staff', posted(clerk, 'clerk'));
}

/** What the second who asks finds done, and nobody locked the account. */
const once = ['revokeClient', 'revokeStaff', 'unlockStaff'];

/** Claims one transfer; the token of its lease. */
function claimed(consignee: string): Promise<string> {
  return until('the transfer in the inbox', async () => {
    const claim = posted({ limit: 1, leaseSeconds: 3600 }, 'claim');
    type Claim = { items: { lease: { token: string } }[] };
    const vendor = await gateway.as(consignee);
    return (await vendor.json<Claim>('/v1/inbox/claim', claim)).items[0]?.lease.token;
  });
}

async function quarantine(): Promise<string> {
  const [emr, vendor] = await Promise.all([gateway.as('emr'), gateway.as('engitech')]);
  const returned = posted({ result: workReport }, 'held');
  const { id } = await vendor.json<{ id: string }>('/v1/results', returned);
  await until('it to be covered', async () => (await emr.fetch(`/v1/quarantine/${id}`)).ok);
  await emr.json(`/v1/quarantine/${id}/match`, posted({ transfer, ...reason() }, 'match'));
  return id;
}

async function reportStudy(): Promise<void> {
  const [emr, vendor] = await Promise.all([gateway.as('emr'), gateway.as('infinite')]);
  const ordered = posted(orderFor('infinite'), 'study');
  study = (await emr.json<{ id: string }>('/v1/transfers', ordered)).id;
  await claimed('infinite');
  const headers = { 'content-type': 'application/pdf' };
  const pdf = { method: 'POST', headers, body: '%PDF-1.7' };
  const path = `/v1/attachments?transfer=${study}`;
  file = (await vendor.json<{ id: string }>(path, pdf)).id;
  const body = posted({ transfer: study, result: workReport, attachments: [file] }, 'report');
  report = (await vendor.json<{ id: string }>('/v1/results', body)).id;
  await until('it to be covered', async () => (await emr.fetch(`/v1/results/${report}`)).ok);
}

async function endBml() {
  const operator = await gateway.as('operator');
  const { destructionOrder: order } = await operator.json<{
    destructionOrder: { id: string; endedOn: string };
  }>('/v1/contracts/bml/end', posted(reason(), 'end'));
  const said = { sha256: 'c'.repeat(64), method: 'erased', destroyedOn: order.endedOn };
  const key = world.signing.get('bml') ?? {};
  const signature = await signCompact({ alg: 'EdDSA' }, { order: order.id, ...said }, key);
  return { destruction: order.id, certificate: { ...said, signature } };
}

const tokenOf = (clientId: string, scope?: string) => {
  const privateJwk = world.keys.get(clientId) ?? {};
  const asked = { issuer: gateway.url, clientId, privateJwk };
  return tokenFor(scope === undefined ? asked : { ...asked, scope });
};

function wholeClients(): Promise<Caller>[] {
  return Object.entries(clients).map(async ([client, role]) => {
    return { name: client, client, scopes: scopes[role], token: await tokenOf(client) };
  });
}

/** For each scope a token of it alone, held by the client whom the samples belong to. */
function singleScopes(): Promise<Caller>[] {
  return Object.entries(scopes).flatMap(([role, held]) =>
    held.map(async (scope) => {
      const client = role === 'consignee' ? 'engitech' : role;
      const token = await tokenOf(client, scope);
      return { name: `${client} with ${scope} only`, client, scopes: [scope], token };
    }),
  );
}

interface Reply {
  status: number;
  headers: Record<string, string>;
  text: string;
}

async function call(access: Access, token: string | null): Promise<Reply> {
  const path = access.path
    .replace('{transfer}', transfer)
    .replace('{leaver}', 'leaver')
    .replace('{clerk}', 'clerk')
    .replace('{period}', period)
    .replace('{result}', result)
    .replace('{held}', held)
    .replace('{study}', study)
    .replace('{report}', report)
    .replace('{file}', file)
    .replace('{destruction}', destruction);
  const body = access.body?.();
  const response = await fetch(`${gateway.url}${path}`, {
    method: access.method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(access.body ? { 'content-type': access.type ?? 'application/json' } : {}),
      'idempotency-key': `"${randomUUID()}"`,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const headers = Object.fromEntries(response.headers);
  return { status: response.status, headers, text: await response.text() };
}

const isOpenTo = ({ by }: Access, caller: Caller) =>
  by === 'anyone' || caller.scopes.some((scope) => by.includes(scope));

/** What a caller gets that may not call it, or may, but not for what is another's. */
function refusalOf(access: Access, caller: Caller): string | null {
  if (caller.client === null && access.by !== 'anyone') return '401 UNAUTHENTICATED';
  if (!isOpenTo(access, caller)) return '403 INSUFFICIENT_SCOPE';
  if (access.of && !access.of.includes(caller.client ?? '')) return '404 NOT_FOUND';
  return null;
}

/** As the gateway's tables stand: what nobody but the rightful may change. */
async function stored(): Promise<object | undefined> {
  const { rows } = await world.db.query<object>(
    `SELECT (SELECT count(*) FROM transfers) AS transfers, (SELECT count(*) FROM results) AS results,
       (SELECT count(*) FROM idempotency_keys) AS keys,
       (SELECT count(*) FROM consignee_states) AS states,
       (SELECT count(*) FROM relation_ends) AS over,
       (SELECT count(*) FROM destruction_orders WHERE certified_at IS NULL) AS owed,
       (SELECT count(*) FROM suspensions) AS stops, (SELECT count(*) FROM subjects) AS people,
       (SELECT count(*) FROM submissions) + (SELECT count(*) FROM entries) AS entries,
       (SELECT string_agg(id || status, ',' ORDER BY id) FROM transfers) AS ways,
       (SELECT string_agg(id || status, ',' ORDER BY id) FROM results) AS ends`,
  );
  return rows[0];
}

interface Spec {
  paths: Record<string, Record<string, { operationId: string; security: { oauth2: string[] }[] }>>;
  components: {
    securitySchemes: {
      oauth2: { flows: { clientCredentials: { scopes: Record<string, string> } } };
    };
  };
}
const spec = parse(readFileSync(join(rootDir, 'openapi.yaml'), 'utf8')) as Spec;
const declared = Object.entries(spec.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, ...operation })),
);

describe('the contract of the API', () => {
  test('asks for the scopes of this table, operation by operation', () => {
    expect(declared.map((one) => one.operationId).sort()).toEqual(Object.keys(table).sort());
    for (const { operationId, security, method, path } of declared) {
      const access = table[operationId as OperationId];
      const asked = security.map(({ oauth2 }) => oauth2.join(' '));
      const expected = access.by === 'anyone' ? [] : [...access.by];
      expect({ operationId, asked: asked.sort() }).toEqual({ operationId, asked: expected.sort() });
      const sample = `${access.method} ${access.path}`.split('?')[0];
      const shape = `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}\*?/g, '*')}`;
      // What stands in a sample's path for a parameter.
      const filled = /\{\w+\}|(?<=\/)s1(?=\/|$)|(?<=versions\/)1|(?<=tile\/)0(?=\/)|000\.p\/1/g;
      expect(sample?.replaceAll(filled, '*')).toBe(shape);
    }
  });

  test('declares scopes that a role can hold', () => {
    for (const role of Object.keys(scopes) as Role[]) expect(scopesOf(role)).toEqual(scopes[role]);
    expect(new Set(ALL_SCOPES).size).toBe(ALL_SCOPES.length);
    const { scopes: named } = spec.components.securitySchemes.oauth2.flows.clientCredentials;
    expect(ALL_SCOPES).toEqual(expect.arrayContaining(Object.keys(named)));
    const used = Object.values(table).flatMap(({ by }) => (by === 'anyone' ? [] : [...by]));
    expect(Object.keys(named).sort()).toEqual([...new Set(used)].sort());
  });
});

describe('every operation', () => {
  test('refuses every caller that it is not for, and nothing has changed after that', async () => {
    const before = await stored();
    let refusals = 0;
    for (const [operationId, access] of Object.entries(table)) {
      for (const caller of callers) {
        const refusal = refusalOf(access, caller);
        if (refusal === null) continue;
        const { status, headers, text } = await call(access, caller.token);
        const { code } = JSON.parse(text) as { code: string };
        const who = `${operationId} by ${caller.name}`;
        expect(`${who}: ${status} ${code}`).toBe(`${who}: ${refusal}`);
        expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
        expect(headers['www-authenticate'] !== undefined).toBe(status !== 404);
        for (const secret of [transfer, result, canary.name, canary.chartNumber, 'Zc4nary']) {
          expect(text).not.toContain(secret);
        }
        refusals += 1;
      }
    }
    expect(refusals).toBeGreaterThan(400);
    expect(await stored()).toEqual(before);
  });

  test('that is open to all answers everybody the same way', async () => {
    for (const [operationId, access] of Object.entries(table)) {
      if (access.by !== 'anyone') continue;
      for (const caller of callers) {
        const { status } = await call(access, caller.token);
        const expected = operationId === 'issueToken' ? 400 : 200;
        expect(`${operationId} by ${caller.name}: ${status}`).toBe(
          `${operationId} by ${caller.name}: ${expected}`,
        );
      }
    }
  });

  test('has a handler that answers those whom it is for', async () => {
    for (const [operationId, access] of Object.entries(table)) {
      const rightful = callers.filter((caller) => refusalOf(access, caller) === null);
      expect(rightful.length, operationId).toBeGreaterThan(0);
      let good = 0;
      for (const caller of access.by === 'anyone' ? [] : rightful) {
        const { status } = await call(access, caller.token);
        // the transfer settles and the result is collected on the way: a second caller comes late
        const may = operationId === 'cancelTransfer' ? [409] : [200, 201, 202, 409, 410];
        if (once.includes(operationId)) may.push(404);
        // it is for the witnesses that the gateway was configured with
        if (operationId === 'addCosignature') may.push(403);
        expect(may, `${operationId} by ${caller.name}`).toContain(status);
        if (status < 300) good += 1;
      }
      const expected =
        access.by !== 'anyone' &&
        ![
          'cancelTransfer',
          'rejectTransfer',
          'signReview',
          'unlockStaff',
          'addCosignature',
        ].includes(operationId);
      expect(good > 0, operationId).toBe(expected);
    }
  });
});

describe("what is another's", () => {
  /** All that can be seen of a reply; an id and a time are new each time. */
  const seen = ({ status, headers, text }: Reply) => {
    const rest = Object.entries(headers).filter(([name]) => !/^(x-request-id|date)$/.test(name));
    return { status, headers: rest.sort(), text };
  };

  test('looks, byte for byte, like what does not exist', async () => {
    const objects: [string, OperationId][] = [
      ['areumnuri', 'ackTransfer'],
      ['areumnuri', 'rejectTransfer'],
      ['areumnuri', 'returnResult'],
      ['areumnuri', 'getResult'],
      ['samkwang', 'ackTransfer'],
      ['samkwang', 'returnResult'],
      ['samkwang', 'getResult'],
      ['emr-two', 'getTransfer'],
      ['emr-two', 'cancelTransfer'],
      ['emr-two', 'redeliverTransfer'],
      ['emr-two', 'getResult'],
      ['emr-two', 'ackResult'],
      ['areumnuri', 'certifyDestruction'],
    ];
    const real = { transfer, result, destruction };
    for (const [client, operationId] of objects) {
      const { token } = callers.find((caller) => caller.name === client) ?? { token: null };
      const others = await call(table[operationId], token);
      transfer = randomUUID();
      result = randomUUID();
      destruction = randomUUID();
      const nothing = await call(table[operationId], token);
      ({ transfer, result, destruction } = real);
      expect(others.status, `${operationId} by ${client}`).toBe(404);
      expect(seen(others)).toEqual(seen(nothing));
    }
  });

  test('is in no list and no answer to a filter', async () => {
    type List = { items: { consignee: string }[] };
    for (const client of ['areumnuri', 'samkwang', 'emr-two']) {
      const other = await gateway.as(client);
      for (const query of ['', `?transfer=${transfer}`, '?status=ready', '?status=collected']) {
        expect(await other.json(`/v1/results${query}`), client).toEqual({ items: [], next: null });
      }
    }
    const two = await gateway.as('emr-two');
    const { items } = await two.json<{ items: { id: string }[] }>('/v1/transfers');
    expect(items.map(({ id }) => id)).not.toContain(transfer);
    const inbox = posted({ limit: 500, leaseSeconds: 60 }, 'claim');
    for (const client of ['areumnuri', 'samkwang']) {
      const { items: claimed } = await (
        await gateway.as(client)
      ).json<List>('/v1/inbox/claim', inbox);
      expect(claimed).toEqual([]);
    }
  });

  test('is in no contract: each consignee reads its own and finds no way to name another', async () => {
    for (const client of ['areumnuri', 'samkwang', 'engitech']) {
      const own = await gateway.as(client);
      expect(await own.json('/v1/contract')).toMatchObject({ contract: `${client}.v1` });
      expect((await own.fetch('/v1/contract?consignee=s1')).status).toBe(400);
      for (const path of ['/v1/contracts/s1/versions/1', '/v1/consignees', '/v1/ledger/entries']) {
        expect((await own.fetch(path)).status, path).toBe(403);
      }
    }
  });

  test('stays so with a body that names another client, consignee or actor', async () => {
    const vendor = await gateway.as('areumnuri');
    for (const member of ['consignee', 'client', 'actor', 'role']) {
      const claim = posted({ limit: 1, leaseSeconds: 60, [member]: 'engitech' }, 'claim');
      expect((await vendor.fetch('/v1/inbox/claim', claim)).status).toBe(400);
    }
    const emr = await gateway.as('emr-two');
    const forged = {
      ...orderFor('engitech'),
      record: { ...fullRecord(), client: 'emr', actor: 'emr' },
    };
    const { id } = await emr.json<{ id: string }>('/v1/transfers', posted(forged, 'forged'));
    expect((await (await gateway.as('emr')).fetch(`/v1/transfers/${id}`)).status).toBe(404);
  });
});

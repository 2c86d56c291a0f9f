/**
 * What the gateway is told stays where it belongs: not in logs, errors, metrics, nor in any table.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, postTokenForm, tokenForm } from '#test/support/client.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import {
  makeWorld,
  spawnGateway,
  startGateway,
  webhookSecret,
  type GatewayProcess,
  type World,
} from '#test/support/gateway.ts';
import { canary, orderFor, posted } from '#test/support/orders.ts';
import { signVersion } from '#test/support/signing.ts';
import { until } from '#test/support/wait.ts';
import { addVersion, entriesOf, verifyAll, type SeenEntry } from './support.ts';

/** Invented texts, each told to the gateway in the place that it is named after. */
const told = {
  reference: 'reference-of-가나다라-48213',
  idempotencyKey: 'key-of-ganadara-840229',
  reason: '가나다라 님이 010-0000-4821로 요청함',
  rejection: 'no tube for ganadara of C0048213',
  unknownKey: '가나다라-840229-1234567',
  nestedKey: 'ganadara-nested-unknown-key',
  query: 'ganadara-in-a-query-string',
  path: 'ganadara-in-a-path-segment',
  header: 'ganadara-in-a-header-line',
  token: 'ganadara.in-a.bearer-token',
  brokenJson: 'ganadara-in-broken-json',
  replyBody: 'ganadara-in-the-reply-of-a-consignee',
  oauth: 'ganadara-at-the-token-endpoint',
  jti: 'ganadara-as-a-jti-of-an-assertion',
  result: 'ganadara-in-a-result-value',
  scope: 'ganadara:scope',
  password: 'ganadara-as-a-password',
};

/** Everything in the record that says something about a person. */
const ofThePerson = [
  ...[canary.chartNumber, canary.name, canary.birthDate, canary.residentRegistrationNumber],
  ...[canary.phoneNumber, canary.email, canary.street, canary.memberId],
  ...['예시의원', '마바사', '내과', '02-000-4821', '02-000-4822', '예시상사', '일반검진', '혈압'],
  ...['정기 상담', 'C3825006', '혈당', '혈청', '101호'],
];

let world: World;
let gateway: GatewayProcess;
let folder: string;
const labs: ConsigneeServer[] = [];
/** Tokens and keys: nobody but their owner may see them. */
const secrets = new Set<string>();
/** What was answered with a 4xx or 5xx. */
const refusals: { status: number; code: string; text: string }[] = [];
const answered: number[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-secrecy-'));
  labs.push(...(await Promise.all([0, 1, 2, 3].map(() => startConsigneeServer()))));
  const [good, failing, rejecting, moved] = labs;
  failing?.answerWith((response) => {
    response.writeHead(500, told.replyBody, { 'retry-after': told.replyBody }).end(told.replyBody);
  });
  rejecting?.answerWith((response) => response.writeHead(422).end(told.replyBody));
  moved?.answerWith((response) => {
    response.writeHead(302, { location: `http://127.0.0.1:1/${told.replyBody}` }).end();
  });
  const url = (lab: ConsigneeServer | undefined) => lab?.url ?? '';
  world = await makeWorld({
    pushUrls: {
      samkwang: url(good),
      mediage: url(good),
      bioage: url(failing),
      bml: url(rejecting),
      eone: url(moved),
    },
    editConsignee: (consignee) => {
      if (consignee['push']) consignee['retry'] = { scheduleSeconds: [1], timeoutSeconds: 2 };
    },
  });
  const contract = join(world.contractsDir, 'infinite/v1.yaml');
  const text = readFileSync(contract, 'utf8');
  writeFileSync(contract, text.replace('purgeAfterDays: 7', 'purgeAfterDays: 3'));
  await signVersion(world, 'infinite', 1);
  gateway = await spawnGateway(world, { LOG_LEVEL: 'trace' });
});

afterAll(async () => {
  await gateway?.kill('SIGKILL');
  await world?.close();
  await Promise.all(labs.map((lab) => lab.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function read(reply: Response): Promise<{ status: number; text: string }> {
  const { status } = reply;
  const text = await reply.text();
  answered.push(status);
  const { code = '' } = text.startsWith('{') ? (JSON.parse(text) as { code?: string }) : {};
  const headers = JSON.stringify([...reply.headers]);
  if (status >= 400) refusals.push({ status, code, text: headers + text });
  return { status, text };
}

const ask = async (client: string, path: string, init?: RequestInit) =>
  read(await (await gateway.as(client)).fetch(path, init));

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

const release = async (consignee: string, key: string, change: Record<string, unknown> = {}) => {
  const order = { ...orderFor(consignee, change), reference: told.reference };
  const { text } = await ask(
    'emr',
    '/v1/transfers',
    posted(order, `${told.idempotencyKey}-${key}-${consignee}`),
  );
  return (JSON.parse(text) as { id?: string }).id ?? '';
};

/** What was withheld must leave as few traces as what was sent. */
const strange = {
  [told.unknownKey]: canary.name,
  password: 'ganadara-and-a-password',
  tests: [{ prescriptionCode: 'C3825006', [told.nestedKey]: canary.name }],
};

describe('after good and bad requests of every kind', () => {
  beforeAll(async () => {
    await goodRequests();
    await badRequests();
    await tokenRequests();
    await firstSignIn();
    await databaseFault();
    await until('every push to settle', async () => {
      const { rows } = await world.db.query(
        `SELECT FROM transfers WHERE settled_at IS NULL
           AND consignee IN ('samkwang', 'mediage', 'bioage', 'bml', 'eone')`,
      );
      return rows.length === 0;
    });
    secrets.add(webhookSecret.slice('whsec_'.length));
    secrets.add(new URL(world.database.url).password);
    for (const name of ['SEALING', 'HMAC', 'LEDGER', 'TOKEN']) {
      secrets.add(world.env[`WAYBILL_${name}_KEY`] ?? '');
    }
    for (const key of world.keys.values()) secrets.add(key.d ?? '');
  });

  async function goodRequests(): Promise<void> {
    const ids = new Map<string, string>();
    for (const consignee of world.decryption.keys()) ids.set(consignee, '');
    for (const consignee of ['samkwang', 'bioage', 'eone', 'bml', 's1', 'medifix', 'korea-post']) {
      ids.set(consignee, '');
    }
    await Promise.all(
      [...ids.keys()].map(async (id) => ids.set(id, await release(id, 'good', strange))),
    );
    await ask('emr', '/v1/transfers/preview', json(orderFor('samkwang', strange)));
    await ask('operator', '/v1/consignees/mediage/pause', json({ reason: told.reason }));
    const cancelled = await release('mediage', 'cancelled');
    await ask('emr', `/v1/transfers/${cancelled}/cancel`, json({ reason: told.reason }));
    await ask('operator', '/v1/consignees/mediage/resume', json({ reason: told.reason }));
    await claimAndAnswer('engitech', 'ack', {});
    await claimAndAnswer('areumnuri', 'reject', { code: 'OTHER', message: told.rejection });
    await returnAndCollect(ids.get('samkwang') ?? '');
    const id = ids.get('samkwang') ?? '';
    for (const [client, path] of [
      ['emr', '/v1/transfers?consignee=samkwang&limit=2'],
      ['emr', `/v1/transfers/${id}`],
      ['auditor', '/v1/audit/transfers?consignee=samkwang'],
      ['auditor', `/v1/audit/transfers/${id}`],
      ['auditor', '/v1/ledger/entries?start=0&limit=1000'],
      ['samkwang', '/v1/contract'],
      ['operator', '/v1/contracts'],
    ] as const) {
      await ask(client, path);
    }
  }

  async function claimAndAnswer(consignee: string, answer: 'ack' | 'reject', body: object) {
    const item = await until(`something for ${consignee}`, async () => {
      const claim = json({ limit: 10, leaseSeconds: 60 });
      const { text } = await ask(consignee, '/v1/inbox/claim', claim);
      return (JSON.parse(text) as { items: { transfer: string; lease: { token: string } }[] })
        .items[0];
    });
    const path = `/v1/inbox/${item.transfer}/${answer}`;
    await ask(consignee, path, json({ ...body, lease: 'AAAAAAAAAAAAAAAAAAAAAA' }));
    await ask(consignee, path, json({ ...body, lease: item.lease.token }));
  }

  async function returnAndCollect(transfer: string): Promise<void> {
    await until('the push', () => labs[0]?.received.some((one) => one.body.transfer === transfer));
    const value = { prescriptionCode: 'C3825006', value: told.result, reference: canary.name };
    const testResult = { reportedOn: '2026-03-03', status: 'final', values: [value] };
    const give = (result: object, key: string) =>
      ask('samkwang', '/v1/results', posted({ transfer, result }, `${told.idempotencyKey}-${key}`));
    await give({ testResult, ...strange }, 'result');
    await give({ testResult, ...strange, name: canary.name }, 'kept');
    await give({ testResult: told.result }, 'bad-result');
    const found = await until('the result', async () => {
      const { text } = await ask('emr', '/v1/results?status=ready');
      return (JSON.parse(text) as { items: { id: string }[] }).items[0];
    });
    await ask('emr', `/v1/results/${found.id}`);
    await ask('emr', `/v1/results/${found.id}/ack`, { method: 'POST' });
  }

  async function badRequests(): Promise<void> {
    const order = (change: object) =>
      ask('emr', '/v1/transfers', posted({ ...orderFor('samkwang'), ...change }, 'bad'));
    await order({ subject: { kind: 'patient', id: told.unknownKey } });
    await order({ consignee: told.query });
    await order({ [told.unknownKey]: canary.name });
    await order({ subject: { kind: canary.name, id: canary.name } });
    for (const change of [
      { chartNumber: canary.residentRegistrationNumber },
      { name: [canary.name] },
      { birthDate: `${canary.birthDate}${canary.name}` },
      { name: undefined },
      { tests: [{ prescriptionCode: canary.name }] },
    ]) {
      await release('samkwang', `invalid-${Object.keys(change)[0]}`, change);
    }
    const emr = (path: string, init: RequestInit) => ask('emr', path, init);
    const raw = (text: string, type = 'application/json') =>
      emr('/v1/transfers', { ...json(text), headers: { 'content-type': type } });
    await raw(`{"consignee":"${told.brokenJson}`);
    await raw(`{"a":"${told.brokenJson}","a":1}`);
    await raw(`{"${told.brokenJson}":{"__proto__":"${canary.name}"}}`);
    await raw(`{"a":1e400,"b":"${told.brokenJson}"}`);
    await raw(`"${told.brokenJson.repeat(50_000)}"`);
    await raw('{}', `application/json; charset=${told.header}`);
    await raw('{}', `text/${told.header}`);
    const keyed = (key: string) =>
      emr('/v1/transfers', {
        ...json(orderFor('samkwang')),
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
      });
    await keyed(told.idempotencyKey);
    await keyed(`"${told.idempotencyKey}";${told.header}`);
    await ask(
      'emr',
      '/v1/transfers',
      posted(orderFor('eone'), `${told.idempotencyKey}-good-samkwang`),
    );
    const name = encodeURIComponent(canary.name);
    for (const path of [
      `/v1/transfers?consignee=${told.query}`,
      `/v1/transfers?${told.query}=1`,
      `/v1/transfers?cursor=${told.query}`,
      `/v1/transfers?status=${name}`,
      `/v1/transfers?${encodeURIComponent(`\n    at ${told.query} (x.js:1:2)`)}=1`,
      `/v1/transfers/${told.path}`,
      `/v1/transfers/${name}`,
      `/v1/${told.path}/${name}`,
      `/v1/transfers/%E0%A4%A${told.path}`,
      `/v1/contracts/${told.path}/versions/1`,
      `/${told.path}`,
    ]) {
      await emr(path, {});
      await ask('auditor', path.replace('/v1/', '/v1/audit/'));
    }
    await ask('operator', `/v1/consignees/${told.path}/pause`, json({ reason: told.reason }));
    await ask('operator', '/v1/consignees/samkwang/pause', json({ why: told.reason }));
    await ask('samkwang', `/v1/inbox/${told.path}/ack`, json({ lease: told.token }));
    await ask('engitech', '/v1/inbox/claim', json({ limit: told.query }));
    for (const authorization of [...[`Bearer ${told.token}`, `Basic ${told.token}`, told.header]]) {
      await read(await fetch(`${gateway.url}/v1/transfers`, { headers: { authorization } }));
    }
    const strangeHeaders = { 'accept-language': told.header, 'user-agent': told.header };
    await read(await fetch(`${gateway.url}/v1/notice`, { headers: strangeHeaders }));
    await say(`GET /${told.path} HTTP/9.9\r\n${told.header}\r\n\r\n`);
    await say(`POST /v1/transfers HTTP/1.1\r\nhost: ${told.header}\r\ncontent-length: x\r\n\r\n`);
  }

  async function tokenRequests(): Promise<void> {
    const endpoint = `${gateway.url}/oauth2/token`;
    const privateJwk = world.keys.get('emr') ?? {};
    const sign = async (claims: Record<string, unknown> = {}) => {
      const signed = await assertion({
        ...{ clientId: 'emr', privateJwk, audience: gateway.url },
        claims: { jti: told.jti, ...claims },
      });
      secrets.add(signed);
      return signed;
    };
    const used = await sign();
    for (const form of [
      tokenForm(used),
      tokenForm(used),
      tokenForm(await sign({ aud: told.oauth })),
      tokenForm(await sign({ iss: told.oauth, sub: told.oauth })),
      tokenForm(await sign({ jti: `${told.jti}-2` }), told.scope),
      tokenForm(told.oauth),
      { ...tokenForm(await sign({ jti: `${told.jti}-3` })), grant_type: told.oauth },
      { ...tokenForm(await sign({ jti: `${told.jti}-4` })), client_id: told.oauth },
      { ...tokenForm(await sign({ jti: `${told.jti}-5` })), resource: told.oauth },
      { [told.oauth]: told.oauth },
    ]) {
      const { status, body, headers } = await postTokenForm(endpoint, form);
      answered.push(status);
      const text = JSON.stringify([body, [...headers]]);
      if (status >= 400) refusals.push({ status, code: String(body['error']), text });
      const token = body['access_token'];
      if (typeof token !== 'string') continue;
      secrets.add(token);
      const changed = `${token.slice(0, -4)}AAAA`;
      const headersOf = { authorization: `Bearer ${changed}` };
      await read(await fetch(`${gateway.url}/v1/transfers`, { headers: headersOf }));
      await read(await fetch(`${gateway.url}/v1/transfers?access_token=${token}`));
    }
    await read(await fetch(`${endpoint}?client_id=${told.oauth}`, { method: 'POST' }));
  }

  /** A person sets up an account, with a mistake on the way. */
  async function firstSignIn(): Promise<void> {
    const grant = json({ roles: ['auditor'], reason: told.reason });
    const { text } = await ask('operator', '/v1/access/staff', grant);
    const { token } = (JSON.parse(text) as { enrolment: { token: string } }).enrolment;
    const post = async (form: Record<string, string>) => {
      const body = new URLSearchParams({ token, ...form });
      const reply = await fetch(`${gateway.url}/oauth2/enrol`, { method: 'POST', body });
      // only whoever has the secret sees the page, which shows the key again after a mistake
      return { status: reply.status, page: await reply.text() };
    };
    const { page } = await post({});
    const key = /<code class="secret">([A-Z2-7 ]+)</.exec(page)?.[1]?.replaceAll(' ', '') ?? '';
    const secret = /name="secret" value="([^"]+)"/.exec(page)?.[1] ?? '';
    const totp = new TOTP({ secret: Secret.fromBase32(key) });
    const chosen = { secret, password: told.password, repeat: told.password };
    const mistaken = await post({ ...chosen, code: 'none' });
    expect([mistaken.status, mistaken.page.includes(told.password)]).toEqual([400, false]);
    const code = totp.generate();
    expect((await post({ ...chosen, code })).status).toBe(200);
    for (const one of [token, key, Buffer.from(totp.secret.bytes).toString('hex')])
      secrets.add(one);
  }

  /** A constraint fails on a row that we sent: PostgreSQL quotes it in its message. */
  async function databaseFault(): Promise<void> {
    await asUser(world.database.ownerUrl, async (owner) => {
      await owner.query(
        "ALTER TABLE transfers ADD CONSTRAINT provoked CHECK (consignee <> 'infonet') NOT VALID",
      );
      await release('infonet', 'provoked');
      await owner.query('ALTER TABLE transfers DROP CONSTRAINT provoked');
    });
  }

  test('the requests were what they were meant to be', () => {
    const codes = new Set(refusals.map(({ code }) => code));
    for (const code of [
      ...['MALFORMED_JSON', 'INVALID_REQUEST', 'UNSUPPORTED_MEDIA_TYPE', 'PAYLOAD_TOO_LARGE'],
      ...['INVALID_IDEMPOTENCY_KEY', 'IDEMPOTENCY_KEY_REUSED', 'INVALID_CURSOR', 'NOT_FOUND'],
      ...['SUBJECT_MISMATCH', 'INVALID_ITEM', 'REQUIRED_ITEM_MISSING', 'UNKNOWN_CONSIGNEE'],
      ...['UNAUTHENTICATED', 'INSUFFICIENT_SCOPE', 'LEASE_LOST', 'INTERNAL', 'invalid_client'],
    ]) {
      expect(codes).toContain(code);
    }
    expect(refusals.filter(({ status }) => status >= 500)).toHaveLength(1);
    for (const status of [200, 201, 202]) expect(answered).toContain(status);
  });

  const people = () => [...ofThePerson, ...Object.values(told), 'ganadara'];
  const everything = () => [...people(), ...secrets];

  test('no refusal repeats a value of its request', () => {
    for (const { status, code, text } of refusals) {
      const found = sightings({ [`${status} ${code}`]: [Buffer.from(text)] }, everything());
      expect(found).toEqual([]);
    }
  });

  test('the gateway wrote none of it, at the most talkative level', () => {
    const output = gateway.output();
    for (const line of ['"operation":"releaseTransfer"', '"msg":"answered"', '"code":"23514"']) {
      expect(output).toContain(line);
    }
    expect(sightings({ output: [Buffer.from(output)] }, everything())).toEqual([]);
  });

  test('the metrics count and name nobody', async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(text).toContain('waybill_transfers_accepted_total{consignee="samkwang"}');
    expect(sightings({ metrics: [Buffer.from(text)] }, everything())).toEqual([]);
  });

  test('no table holds any of it, nor do the statistics or the log of PostgreSQL', async () => {
    const contents = await asUser(world.database.superuserUrl, everyTable);
    // The walk sees what is there: text, and what stands in bytes.
    const seen = (needle: string) =>
      Object.values(contents).some((parts) => parts.some((part) => part.includes(needle)));
    expect(seen('samkwang.v1')).toBe(true);
    expect(seen('"kind":"released"')).toBe(true);
    expect(Object.keys(contents)).toContain('pg_catalog.pg_statistic');
    expect(sightings(contents, everything())).toEqual([]);

    const log = await asUser(world.database.superuserUrl, async (client) => {
      const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
      return readFileSync(join(dirname(rows[0]?.data_directory ?? ''), 'postgres.log'));
    });
    expect(log.length).toBeGreaterThan(0);
    expect(sightings({ 'postgres.log': [log] }, everything())).toEqual([]);
  });

  test('what is told to auditors is there all the same, sealed until they ask', async () => {
    const details = JSON.stringify((await entriesOf(gateway)).map(({ detail }) => detail));
    expect(details).toContain(told.reason);
    expect(details).toContain(told.rejection);
    const leaves = JSON.stringify(
      (await entriesOf(gateway)).map(({ detail: _detail, ...leaf }) => leaf),
    );
    expect(sightings({ leaves: [Buffer.from(leaves)] }, everything())).toEqual([]);
  });
});

describe('in its time', () => {
  const last = async (by: TestGatewayLike, transfer: string) =>
    (await entriesOf(by)).filter((entry) => entry.transfer === transfer);

  test('a payload is destroyed, and its transfer and entries stay', async () => {
    const id = await release('samkwang', 'purged');
    await until('its delivery', async () => (await statusOf(id)).status === 'delivered');
    await world.db.query("UPDATE transfers SET purge_at = now() - interval '1 s' WHERE id = $1", [
      id,
    ]);
    // A second one in the same round: nobody claimed it in its contract's time.
    const unclaimed = await release('infinite', 'expired');
    await until('its cover', async () => (await statusOf(unclaimed)).status === 'ready');
    await asUser(world.database.ownerUrl, (owner) =>
      owner.query("UPDATE transfers SET expires_at = now() - interval '1 s' WHERE id = $1", [
        unclaimed,
      ]),
    );
    const purged = await until('the purge', async () => {
      const transfer = await statusOf(id);
      return transfer.purgedAt === null ? null : transfer;
    });
    expect(purged.status).toBe('delivered');
    const payloads = await world.db.query('SELECT FROM payloads WHERE id = $1', [id]);
    expect(payloads.rows).toEqual([]);
    const kinds = await until('its entry', async () => {
      const found = (await last(gateway, id)).map(({ kind }) => kind);
      return found.includes('purged') ? found : null;
    });
    expect(kinds).toEqual(['released', 'delivered', 'purged']);

    await until('the expiry', async () => (await statusOf(unclaimed)).status === 'expired');
    const trail = await until('its entry', async () => {
      const found = await last(gateway, unclaimed);
      return found.some(({ kind }) => kind === 'expired') ? found : null;
    });
    expect(trail.at(-1)?.detail).toMatchObject({ outcome: 'not-claimed-in-time' });
    const { rows } = await world.db.query<{ days: number }>(
      `SELECT extract(day FROM purge_at - settled_at)::integer AS days FROM transfers WHERE id = $1`,
      [unclaimed],
    );
    expect(rows).toEqual([{ days: 3 }]);
    const claim = await ask('infinite', '/v1/inbox/claim', json({ limit: 100, leaseSeconds: 60 }));
    expect(claim.text).not.toContain(unclaimed);
  });

  test('what waits when its contract is superseded is withdrawn, and nothing is sent', async () => {
    await ask('operator', '/v1/consignees/samkwang/pause', json({ reason: 'a new contract' }));
    const waiting = {
      pushed: await release('samkwang', 'superseded'),
      pulled: await release('lctech', 'superseded'),
    };
    for (const id of Object.values(waiting)) {
      await until('its cover', async () => (await statusOf(id)).status === 'ready');
    }
    // One that was claimed under v1 and never answered: its lease ends under v2.
    const claim = json({ limit: 100, leaseSeconds: 60 });
    expect((await ask('lctech', '/v1/inbox/claim', claim)).text).toContain(waiting.pulled);
    await gateway.kill('SIGTERM');
    await world.db.query("UPDATE transfers SET due_at = now() WHERE status = 'leased'");
    const contracts = join(folder, 'contracts');
    cpSync(world.contractsDir, contracts, { recursive: true });
    const signing = { ...world, contractsDir: contracts };
    await addVersion(signing, 'samkwang', { without: 'birthDate' });
    await addVersion(signing, 'lctech', { without: 'phoneNumber' });
    const next = await startGateway(world, { WAYBILL_CONTRACTS: contracts });
    try {
      const body = json({ reason: 'signed' });
      await (await next.as('operator')).fetch('/v1/consignees/samkwang/resume', body);
      const vendor = await next.as('lctech');
      const { items } = await vendor.json<{ items: { transfer: string }[] }>(
        '/v1/inbox/claim',
        claim,
      );
      expect(items.map(({ transfer }) => transfer)).not.toContain(waiting.pulled);
      for (const id of Object.values(waiting)) {
        const trail: SeenEntry[] = await until('its withdrawal', async () => {
          const found = await last(next, id);
          return found.some(({ kind }) => kind === 'withdrawn') ? found : null;
        });
        const kinds = trail.map(({ kind }) => kind).filter((kind) => kind !== 'pulled');
        expect(kinds).toEqual(['released', 'withdrawn']);
        expect(trail.at(-1)?.detail).toMatchObject({ outcome: 'contract-superseded' });
      }
      const emr = await next.as('emr');
      const sent = posted(orderFor('samkwang'), 'under-v2');
      const { id } = await emr.json<{ id: string }>('/v1/transfers', sent);
      await until('a push under v2', () =>
        labs[0]?.received.some((one) => one.body.transfer === id),
      );
      const pushed = labs[0]?.received.map(({ body: { transfer } }) => transfer);
      expect(pushed).not.toContain(waiting.pushed);
      expect((await verifyAll(world, next)).faults).toEqual([]);
    } finally {
      await next.stop();
    }
  });

  async function statusOf(id: string): Promise<{ status: string; purgedAt: string | null }> {
    const emr = await gateway.as('emr');
    return emr.json(`/v1/transfers/${id}`);
  }
});

type TestGatewayLike = Parameters<typeof entriesOf>[0];

async function asUser<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Sends bytes that are no request, and waits until the server hangs up. */
async function say(text: string): Promise<void> {
  const { port } = new URL(gateway.url);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.end(text));
    socket.resume();
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}

/** Every row of every table, catalogues included, as text; and the bytes in it as they are. */
async function everyTable(client: Client): Promise<Record<string, Buffer[]>> {
  // Samples of columns, as any database makes them by itself in time.
  await client.query('ANALYZE');
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', nspname, relname) AS name
     FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind IN ('r', 'm') AND nspname <> 'pg_toast' ORDER BY 1`,
  );
  const contents: Record<string, Buffer[]> = {};
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
    const text = rows.map(({ row }) => row).join('\n');
    const bytes = [...text.matchAll(/\\+x((?:[0-9a-f]{2})+)/g)].map(([, hex = '']) =>
      Buffer.from(hex, 'hex'),
    );
    contents[name] = [Buffer.from(text), ...bytes];
  }
  return contents;
}

/** Where one of the texts stands, in any spelling that a program is likely to give it. */
function sightings(haystacks: Record<string, Buffer[]>, texts: readonly string[]): string[] {
  const needles = [...new Set(texts)].flatMap((text) =>
    [...spellings(text)].map((needle) => ({ text, needle: Buffer.from(needle) })),
  );
  return Object.entries(haystacks).flatMap(([place, parts]) => {
    const all = Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n')]));
    return needles
      .filter(({ needle }) => all.includes(needle))
      .map(({ text, needle }) => `${place}: ${text} as ${needle.toString()}`);
  });
}

function spellings(text: string): Set<string> {
  const bytes = Buffer.from(text);
  const escaped = [...text].map((char) =>
    char > '~' ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}` : char,
  );
  const found = [text, text.normalize('NFD'), escaped.join(''), encodeURIComponent(text)];
  const compact = text.replaceAll(/[-\s]/g, '');
  if (compact.length >= 8) found.push(compact);
  if (bytes.length >= 8) {
    found.push(bytes.toString('hex'));
    // In base64 the same bytes look different at each of three places.
    for (const before of [0, 1, 2]) {
      const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
      const from = Math.ceil((before * 4) / 3);
      found.push(whole.slice(from, Math.floor(((before + bytes.length) * 4) / 3)));
    }
  }
  return new Set(found);
}

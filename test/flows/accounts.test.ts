/** Who may act: given, changed and taken away by API and command line, each with an entry. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { generateClientKey } from '#src/access/keys.ts';
import { manageClients } from '#src/bin/client.ts';
import { manageStaff } from '#src/bin/staff.ts';
import { tokenFor } from '#test/support/client.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { posted } from '#test/support/orders.ts';
import { makePerson, signInPerson, Visitor } from '#test/support/people.ts';
import { asOwner, connectOwner } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { entriesOf } from './support.ts';

let world: World;
let gateway: TestGateway;
let folder: string;

beforeAll(async () => {
  world = await makeWorld();
  gateway = await startGateway(world);
  folder = mkdtempSync(join(tmpdir(), 'waybill-accounts-'));
});
afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});

const reason = '야간 검사실 계약, a reason of people';

async function ask(token: string, path: string, body?: object) {
  const response = await fetch(`${gateway.url}${path}`, {
    ...(body ? posted(body, 'any') : {}),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const tokenOf = (clientId: string, privateJwk: JWK) =>
  tokenFor({ issuer: gateway.url, clientId, privateJwk });
const operatorToken = () => tokenOf('operator', world.keys.get('operator') ?? {});

type Detail = Record<string, unknown>;

/** The detail of the entry of a kind that matches, as an auditor reads it. */
async function entryOf(kind: string, isIt: (detail: Detail) => boolean): Promise<Detail> {
  return until(`an entry ${kind}`, async () => {
    const entries = await entriesOf(gateway);
    for (const entry of entries) expect(entry).not.toHaveProperty('reason');
    return entries.find((entry) => entry.kind === kind && isIt(entry.detail))?.detail;
  });
}

describe('a machine client', () => {
  test('is granted, changed, given new keys and revoked, each with an entry', async () => {
    const token = await operatorToken();
    const [first, second] = [await generateClientKey(), await generateClientKey()];
    const id = 'emr-night';
    const granted = await ask(token, '/v1/access/clients', {
      ...{ id, role: 'emr', jwks: { keys: [first.publicJwk] }, reason },
    });
    expect(granted).toMatchObject({ status: 201, body: { id, revokedAt: null, sealed: true } });
    const taken = await ask(token, '/v1/access/clients', {
      ...{ id, role: 'auditor', jwks: { keys: [second.publicJwk] }, reason },
    });
    expect([taken.status, taken.body['code']]).toEqual([409, 'ACCOUNT_TAKEN']);
    const own = await tokenOf(id, first.privateJwk);
    expect((await ask(own, '/v1/transfers')).status).toBe(200);

    const scopes = ['transfers:preview'];
    const changed = await ask(token, `/v1/access/clients/${id}/change`, { scopes, reason });
    expect(changed).toMatchObject({ status: 200, body: { scopes } });
    await until('the older token to lose it', async () => {
      return (await ask(own, '/v1/transfers')).status === 403;
    });
    const wrong = await ask(token, `/v1/access/clients/${id}/change`, {
      ...{ scopes: ['audit:read'], reason },
    });
    expect([wrong.status, wrong.body['code']]).toEqual([400, 'INVALID_REQUEST']);
    expect(await entryOf('access-changed', ({ client }) => client === id)).toMatchObject({
      ...{ client: id, scopes, reason, outcome: 'scopes' },
    });

    const oldUntil = new Date(Date.now() + 86_400_000).toISOString();
    const rotated = await ask(token, `/v1/access/clients/${id}/rotate`, {
      ...{ jwks: { keys: [second.publicJwk] }, oldUntil, reason },
    });
    expect(rotated.body['keys']).toEqual([
      { kid: second.publicJwk.kid, alg: 'ES384', until: null },
      { kid: first.publicJwk.kid, alg: 'ES384', until: oldUntil },
    ]);
    await tokenOf(id, first.privateJwk);
    await tokenOf(id, second.privateJwk);
    await ask(token, `/v1/access/clients/${id}/rotate`, {
      ...{ jwks: { keys: [second.publicJwk] }, reason },
    });
    await expect(tokenOf(id, first.privateJwk)).rejects.toThrow('invalid_client');

    const revoked = await ask(token, `/v1/access/clients/${id}/revoke`, { reason });
    expect(revoked).toMatchObject({
      status: 200,
      body: { revokedAt: expect.any(String) as string },
    });
    await expect(tokenOf(id, second.privateJwk)).rejects.toThrow('invalid_client');
    expect((await ask(token, `/v1/access/clients/${id}/revoke`, { reason })).status).toBe(404);

    const history = await ask(token, `/v1/access/history?client=${id}&limit=2`);
    const kindsOf = ({ body }: typeof history) =>
      (body['items'] as { kind: string; by: unknown }[]).map(({ kind }) => kind);
    expect(kindsOf(history)).toEqual(['access-revoked', 'access-changed']);
    expect(JSON.stringify(history.body)).not.toContain('야간');
    const before = String(history.body['next']);
    const rest = await ask(token, `/v1/access/history?client=${id}&before=${before}`);
    expect(kindsOf(rest)).toEqual(['access-changed', 'access-changed', 'access-granted']);
    expect(rest.body['next']).toBeNull();
  });

  test('is managed from the command line as well', async () => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const listed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      const { privateJwk, publicJwk } = await generateClientKey();
      const jwk = join(folder, 'key.json');
      writeFileSync(jwk, JSON.stringify(publicJwk));
      const run = (...args: string[]) => manageClients(world.env, [...args, '--reason', reason]);
      expect(await run('add', 'emr-day', '--role', 'emr', '--jwk', jwk)).toBe(0);
      expect(await run('change', 'emr-day', '--scopes', 'transfers:read')).toBe(0);
      await tokenOf('emr-day', privateJwk);
      expect(await run('rotate', 'emr-day', '--jwk', jwk, '--keep-old-days', '2')).toBe(0);
      expect(await run('revoke', 'emr-day')).toBe(0);
      expect(await run('revoke', 'emr-day')).toBe(1);
      await expect(tokenOf('emr-day', privateJwk)).rejects.toThrow('invalid_client');
      expect(await manageClients(world.env, ['list'])).toBe(0);
      expect(listed.mock.calls.join('\n')).toMatch(/emr-day\temr\t-\trevoked/);
      await expect(manageClients(world.env, ['revoke', 'emr'])).rejects.toThrow('--reason');

      expect(
        await manageStaff(world.env, [
          'add',
          'night-desk',
          '--role',
          'auditor',
          '--reason',
          reason,
        ]),
      ).toBe(0);
      expect(String(listed.mock.calls.at(-1)?.[0])).toMatch(/^([0-9a-f]{4}-){9}[0-9a-f]{4}\n$/);
      const change = ['change', 'night-desk', '--role', 'operator', '--reason', reason];
      expect(await manageStaff(world.env, change)).toBe(0);
      expect(await manageStaff(world.env, ['unlock', 'night-desk', '--reason', reason])).toBe(1);
      expect(await manageStaff(world.env, ['revoke', 'night-desk', '--reason', reason])).toBe(0);
      expect(await manageStaff(world.env, ['list'])).toBe(0);
      expect(listed.mock.calls.join('\n')).toMatch(/night-desk\toperator\trevoked/);
      expect(said.mock.calls.join()).not.toContain(reason);
    } finally {
      said.mockRestore();
      listed.mockRestore();
    }
  });
});

describe('a person', () => {
  test('acts in their own name, and not on their own access', async () => {
    const [id, phone] = await makePerson(world, gateway, ['operator']);
    const token = await signInPerson(new Visitor(gateway.url), id, phone);
    const more = { roles: ['operator', 'privacy-officer'], reason };
    for (const [path, body] of [
      ['change', more],
      ['reset', { reason }],
      ['revoke', { reason }],
    ] as const) {
      const refused = await ask(token, `/v1/access/staff/${id}/${path}`, body);
      expect([refused.status, refused.body['code']]).toEqual([403, 'OWN_ACCESS']);
    }
    const made = await ask(token, '/v1/access/staff', {
      ...{ roles: ['auditor'], displayName: '야간 창구', reason },
    });
    expect(made.status).toBe(201);
    const { id: madeId } = made.body['account'] as { id: string };
    const entry = await entryOf('staff-granted', ({ staff }) => staff === madeId);
    expect(entry).toMatchObject({
      actor: { client: 'console', kind: 'operator', person: id },
      ...{ roles: ['auditor'], reason },
    });
    expect(JSON.stringify(entry)).not.toContain('창구');
    const { rows } = await world.db.query<{ text: string }>(
      "SELECT encode(display_name, 'escape') AS text FROM staff WHERE display_name IS NOT NULL",
    );
    expect(rows.map(({ text }) => text).join()).not.toContain('창구');
  });

  test('cannot be given the role of a machine, nor can the console be a client', async () => {
    const token = await operatorToken();
    const emr = await ask(token, '/v1/access/staff', { roles: ['emr'], reason });
    expect([emr.status, emr.body['code']]).toEqual([400, 'INVALID_REQUEST']);
    const { publicJwk } = await generateClientKey();
    const asked = { id: 'console', role: 'auditor', jwks: { keys: [publicJwk] }, reason };
    expect((await ask(token, '/v1/access/clients', asked)).status).toBe(400);
    expect((await ask(token, '/v1/access/clients/operator/revoke', { reason })).body['code']).toBe(
      'OWN_ACCESS',
    );
  });
});

describe('a row that a hand in the database wrote', () => {
  test('lets nobody in, and is told of until it is gone', async () => {
    const { privateJwk, publicJwk } = await generateClientKey();
    const owner = await connectOwner(world);
    const readiness = async () => (await fetch(`${gateway.url}/readyz`)).json();
    const told = /Accounts in the database that no gateway wrote: \d+/;
    try {
      await owner.query(
        `INSERT INTO clients (id, role, scopes, jwks, mac)
         SELECT 'guest', role, scopes, $1, mac FROM clients WHERE id = 'auditor'`,
        [JSON.stringify({ keys: [publicJwk] })],
      );
      await expect(tokenOf('guest', privateJwk)).rejects.toThrow('invalid_client');
      // a client of ours whose scopes somebody widened
      await owner.query(
        `UPDATE clients SET scopes = scopes || '{access:admin}' WHERE id = 'emr-two'`,
      );
      const key = world.keys.get('emr-two') ?? {};
      await expect(tokenOf('emr-two', key)).rejects.toThrow('invalid_client');
      await until('it to be told', async () => told.test(JSON.stringify(await readiness())));
      type Alerts = { items: { name: string }[] };
      const operator = await gateway.as('operator');
      const alerts = async () => (await operator.json<Alerts>('/v1/alerts')).items;
      await until('the alert', async () =>
        (await alerts()).some(({ name }) => name === 'account-unknown'),
      );
      const listed = await operator.json<{ items: { id: string; sealed: boolean }[] }>(
        '/v1/access/clients',
      );
      const unsealed = listed.items.filter(({ sealed }) => !sealed).map(({ id }) => id);
      expect(unsealed).toEqual(['emr-two', 'guest']);
      await owner.query(`DELETE FROM clients WHERE id = 'guest'`);
      await owner.query(`UPDATE clients SET scopes = scopes[:cardinality(scopes) - 1]
        WHERE id = 'emr-two'`);
      await tokenOf('emr-two', key);
      await until('it to be gone', async () => !told.test(JSON.stringify(await readiness())));
    } finally {
      await owner.end();
    }
  });
});

describe('an older row of an account that a hand in the database put back', () => {
  /** What `change` left behind is undone: the answer of the row is what it was before. */
  async function putBack(table: 'clients' | 'staff', id: string, change: () => Promise<unknown>) {
    const owner = await connectOwner(world);
    try {
      await owner.query(`CREATE TEMP TABLE kept AS SELECT * FROM ${table} WHERE id = $1`, [id]);
      expect(await change()).toMatchObject({ status: 200 });
      await owner.query('BEGIN');
      await owner.query(`DELETE FROM ${table} WHERE id = $1`, [id]);
      await owner.query(`INSERT INTO ${table} SELECT * FROM kept`);
      await owner.query('COMMIT');
    } finally {
      await owner.end();
    }
  }
  const accountsOf = async ({ url }: TestGateway) => {
    type Readiness = { status: string; checks: { accounts: { ok: boolean; detail?: string } } };
    const { status, checks } = (await (await fetch(`${url}/readyz`)).json()) as Readiness;
    return `${status}: ${checks.accounts.detail ?? 'none'}`;
  };
  const one = 'ready: Accounts older than the ledger says: 1. They let nobody in.';
  const refused = async () =>
    /^waybill_accounts_refused .*/m.exec(await (await fetch(`${gateway.url}/metrics`)).text())?.[0];

  test('lets no machine in, here and at the next start, until a person decides', async () => {
    const token = await operatorToken();
    const { privateJwk, publicJwk } = await generateClientKey();
    const id = 'emr-closed';
    const asked = { id, role: 'emr', jwks: { keys: [publicJwk] }, reason };
    await ask(token, '/v1/access/clients', asked);
    const own = await tokenOf(id, privateJwk);
    const revoke = () => ask(token, `/v1/access/clients/${id}/revoke`, { reason });
    await putBack('clients', id, revoke);
    await until('it to be told', async () => (await accountsOf(gateway)) === one);
    expect(await refused()).toBe('waybill_accounts_refused 1');
    await expect(tokenOf(id, privateJwk)).rejects.toThrow('invalid_client');
    expect((await ask(own, '/v1/transfers')).status).toBe(401);
    // an entry of which nobody can tell any more whose change it was
    const flip = `UPDATE entries SET detail = set_byte(detail, 40, get_byte(detail, 40) # 1)
      WHERE index = (SELECT min(index) FROM entries WHERE leaf_accounts(leaf))`;
    await asOwner(world, flip);
    const second = await startGateway(world);
    try {
      const elsewhere = tokenFor({ issuer: second.url, clientId: id, privateJwk });
      await expect(elsewhere).rejects.toThrow('invalid_client');
      const more = `${one} Entries about accounts that cannot be opened: 1.`;
      await until('it to be told there', async () => (await accountsOf(second)) === more);
      await asOwner(world, flip);
      await until('the entry to be read', async () => (await accountsOf(second)) === one);
    } finally {
      await second.stop();
    }
    expect((await revoke()).status).toBe(404);
    const listed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await manageClients(world.env, ['list']);
    const lines = listed.mock.calls.join('\n');
    listed.mockRestore();
    expect(lines).toMatch(/emr-closed\temr\t-\tOLDER THAN THE LEDGER SAYS, refused/);
    expect((await ask(token, '/v1/access/clients', asked)).status).toBe(201);
    expect((await revoke()).status).toBe(200);
    await until('it to be over', async () => (await accountsOf(gateway)) === 'ready: none');
    await expect(tokenOf(id, privateJwk)).rejects.toThrow('invalid_client');
  });

  test('gives no person back what was taken away, nor a session', async () => {
    const [id, phone] = await makePerson(world, gateway, ['operator', 'auditor']);
    const own = await signInPerson(new Visitor(gateway.url), id, phone);
    expect((await ask(own, '/v1/access/clients')).status).toBe(200);
    const token = await operatorToken();
    const change = { roles: ['auditor'], reason };
    await putBack('staff', id, () => ask(token, `/v1/access/staff/${id}/change`, change));
    await until('it to be told', async () => (await accountsOf(gateway)) === one);
    await until('the session to be refused', async () => {
      return (await ask(own, '/v1/access/clients')).status === 401;
    });
    await expect(signInPerson(new Visitor(gateway.url), id, phone)).rejects.toThrow();
    expect((await ask(token, `/v1/access/staff/${id}/change`, change)).status).toBe(404);
    const anew = await ask(token, '/v1/access/staff', { id, ...change });
    expect(anew).toMatchObject({
      status: 201,
      body: { account: { roles: ['auditor'], enrolled: false, sealed: true } },
    });
    await until('it to be over', async () => (await accountsOf(gateway)) === 'ready: none');
  });
});

/**
 * Keys of a consignee come and go: its unique identifiers go to the one that is current, and
 * without any they wait, encrypted where they lie, and nothing of them leaves.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compactDecrypt, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary, orderFor, posted } from '#test/support/orders.ts';
import {
  answered,
  asOwner,
  claim,
  order,
  reached,
  setPaused,
  transferOf,
} from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

const number = 'residentRegistrationNumber';
let world: World;
let gateway: TestGateway;
let office: ConsigneeServer;

beforeAll(async () => {
  office = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { bml: office.url } });
  gateway = await startGateway(world);
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  await office?.close();
});

/** Starts the gateway again after the consignees' keys were changed: `null` takes them away. */
async function restartWith(keys: (old: unknown[]) => unknown[] | null): Promise<void> {
  await gateway.stop();
  for (const id of ['bml', 'engitech']) {
    const path = join(world.consigneesDir, `${id}.yaml`);
    const file = parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const changed = keys((file['encryptionKeys'] ?? kept.get(id)) as unknown[]);
    kept.set(id, (file['encryptionKeys'] ?? kept.get(id)) as unknown[]);
    if (changed) file['encryptionKeys'] = changed;
    else delete file['encryptionKeys'];
    writeFileSync(path, stringify(file));
  }
  gateway = await startGateway(world);
}
const kept = new Map<string, unknown[]>();

async function opened(jwe: unknown, key: CryptoKey | undefined): Promise<string> {
  const { plaintext } = await compactDecrypt(String(jwe), key!);
  return Buffer.from(plaintext).toString('utf8');
}

/** An order of the same person without a registration number. */
async function orderWithout(consignee: string): Promise<string> {
  const emr = await gateway.as('emr');
  const body = posted(orderFor(consignee, { [number]: null }), `without ${consignee}`);
  return (await emr.json<{ id: string }>('/v1/transfers', body)).id;
}

test('what was accepted under a key that is gone waits, and goes to the next one', async () => {
  const [first, waiting] = [await order(gateway, 'engitech'), await order(gateway, 'engitech')];
  const plain = await orderWithout('engitech');
  await setPaused(gateway, 'bml', true);
  const pushed = await order(gateway, 'bml');
  for (const id of [first, waiting, plain, pushed]) await reached(gateway, id, 'ready');
  const [item] = await claim(gateway, 'engitech', 1);
  const old = world.decryption.get('engitech');
  expect(item?.transfer).toBe(first);
  expect(await opened(item?.record[number], old)).toBe(canary.residentRegistrationNumber);

  await restartWith(() => null);
  await setPaused(gateway, 'bml', false);
  // what needs no key goes on, in the same claim
  const items = await claim(gateway, 'engitech');
  expect(items.map(({ transfer }) => transfer)).toEqual([plain]);
  for (const id of [waiting, pushed]) {
    const transfer = await until(`${id} to wait for a key`, async () => {
      const seen = await transferOf(gateway, id);
      return seen.lastOutcome === 'no-consignee-key' ? seen : null;
    });
    expect(transfer).toMatchObject({ status: 'ready', attempts: 0, settledAt: null });
  }
  const { rows } = await world.db.query<{ seconds: number }>(
    'SELECT extract(epoch FROM due_at - now())::float8 AS seconds FROM transfers WHERE id = ANY($1)',
    [[waiting, pushed]],
  );
  for (const { seconds } of rows) expect(seconds).toBeGreaterThan(30);
  expect(office.received).toEqual([]);
  const emr = await gateway.as('emr');
  const refused = emr.fetch('/v1/transfers', posted(orderFor('engitech'), 'without a key'));
  expect(await answered(refused)).toMatchObject({ code: 'NO_CONSIGNEE_KEY' });

  const pair = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k2', use: 'enc' };
  await restartWith((before) => [jwk, ...before]);
  await asOwner(world, 'UPDATE transfers SET due_at = now() WHERE id = ANY($1)', [
    [waiting, pushed],
  ]);
  await reached(gateway, pushed, 'delivered');
  const [late] = await claim(gateway, 'engitech');
  expect(late?.transfer).toBe(waiting);
  const arrived = office.received.map(({ body }) => body.record[number]);
  for (const jwe of [...arrived, late?.record[number]]) {
    expect(await opened(jwe, pair.privateKey)).toBe(canary.residentRegistrationNumber);
    await expect(opened(jwe, old)).rejects.toThrow();
  }
  expect(arrived).toHaveLength(1);
});

/**
 * A version decides once both parties have signed it and the notice has shown it for seven days;
 * until then the one before it goes on.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signaturePath } from '#src/agreements/signatures.ts';
import { makeSigningKey } from '#src/base/made-secrets.ts';
import { daysAfter, seoulDate } from '#src/base/seoul.ts';
import { Refusal, signAs } from '#src/bin/contract-sign.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { orderFor } from '#test/support/orders.ts';
import { contractsIn, signAll, type HowSigned } from '#test/support/signing.ts';
import { asOwner } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { addVersion, entriesOf, runCommand, verifyAll } from './support.ts';

/** Where a version stands, by a gateway, and whether it decides. */
async function lifeOf(gateway: TestGateway, consignee: string, number: number) {
  const auditor = await gateway.as('auditor');
  const path = `/v1/contracts/${consignee}/versions/${number}`;
  const { inForce, life } = await auditor.json<{ inForce: boolean; life: { status: string } }>(
    path,
  );
  return [life.status, inForce];
}

const today = seoulDate(Date.now());
const weekAgo = daysAfter(today, -7);

/** Each has a v2 whose day has come; of these, none is signed as it must be. */
const wrong = {
  mediage: 'nobody has signed it',
  bioage: "the clinic's privacy officer has signed it, the consignee has not",
  eone: 'it is signed for the consignee by a key that is not registered for that',
  greencross: 'another text was signed',
  lctech: 'the signature of the consignee does not hold',
  infinite: "the signature of the clinic's privacy officer does not hold",
};

let world: World;
let gateways: TestGateway[] = [];

beforeAll(async () => {
  world = await makeWorld();
  // The first versions begin before the second ones are there.
  const first = await startGateway(world);
  await until(
    'v1 to be in force',
    async () => (await decides(first, 'samkwang')) === 'samkwang.v1',
  );
  await first.stop();
  for (const consignee of [...Object.keys(wrong), 'korea-post', 'samkwang']) {
    await addVersion(world, consignee, { how: null });
  }
  await spoil();
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await world?.close();
});

async function spoil(): Promise<void> {
  const written = contractsIn(world.contractsDir).filter(({ version }) => version === 2);
  const signIt = (consignee: string, how: HowSigned = {}) => {
    const contract = written.filter((one) => one.consignee === consignee);
    return signAll(world, contract, { noticedOn: weekAgo, ...how });
  };
  await signIt('korea-post', { noticedOn: null });
  await signIt('bioage', { parties: ['clinic'] });
  await signIt('eone', { keys: { consignee: makeSigningKey() } });
  await signIt('greencross');
  const path = join(world.contractsDir, 'greencross/v2.yaml');
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace('items:\n', 'onTextMatch: mask\nitems:\n'),
  );
  await signIt('lctech');
  edit('lctech', ([, two]) => {
    const flipped = Buffer.from(two?.signature ?? '', 'base64url');
    flipped[9]! ^= 1;
    if (two) two.signature = flipped.toString('base64url');
  });
  await signIt('infinite');
  edit('infinite', ([one, two]) => {
    if (one && two) [one.signature, two.signature] = [two.signature, one.signature];
  });
}

function edit(consignee: string, change: (signatures: { signature: string }[]) => void): void {
  const path = signaturePath(world.contractsDir, { consignee, version: 2 });
  const file = JSON.parse(readFileSync(path, 'utf8')) as { signatures: { signature: string }[] };
  change(file.signatures);
  writeFileSync(path, JSON.stringify(file));
}

/** The version that decides on an order now. */
async function decides(gateway: TestGateway, consignee: string): Promise<string> {
  const emr = await gateway.as('emr');
  const reply = await emr.json<{ contract: string }>('/v1/transfers/preview', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(orderFor(consignee)),
  });
  return reply.contract;
}

/** A private key of the world as a file, as a signer has it. */
function keyFile(owner: string): string {
  const path = join(world.contractsDir, `.${owner}.jwk.json`);
  writeFileSync(path, JSON.stringify(world.signing.get(owner)), { mode: 0o600 });
  return path;
}

const contract = (...args: string[]) => runCommand(world, ['contract', ...args]);

test('whoever may not sign is told why, and what to do', async () => {
  const [lab, clinic] = [keyFile('samkwang'), keyFile('clinic')];
  const refused = async (asked: Partial<Parameters<typeof signAs>[1]>) => {
    const all = { id: 'samkwang.v2', party: 'consignee', ...asked } as const;
    const error = await signAs(world.env, all).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Refusal);
    const { words } = error as Refusal;
    expect(words.ko).toMatch(/[가-힣]/);
    return words.en;
  };
  expect(await refused({})).toBe(
    '--key: name the file of your private key; "waybill contract key FILE" makes one',
  );
  expect(await refused({ keyFile: '/no/such/key' })).toContain('there is no file /no/such/key');
  const other = await refused({ keyFile: clinic });
  expect(other).toContain('this key is not registered for the consignee');
  const { x, d } = world.signing.get('clinic') ?? {};
  expect(other).toMatch(new RegExp(`samkwang\\.yaml .*\\n  - \\{.*"x":"${x}"`));
  expect(other).not.toContain(d);
  expect(await refused({ keyFile: lab, noticedOn: weekAgo })).toMatch(/^--noticed-on: only the/);
  const toCome = { noticedOn: daysAfter(today, 2), party: 'clinic', keyFile: clinic } as const;
  expect(await refused(toCome)).toContain('a day that exists and has come');
  expect(await refused({ id: 'samkwang.v3', keyFile: lab })).toBe(
    'there is no contract samkwang.v3; there is samkwang.v1, samkwang.v2',
  );
  const asClinic = { party: 'clinic', keyFile: clinic } as const;
  expect(await refused({ id: 'greencross.v2', ...asClinic })).toMatch(
    /greencross\/v2\.jws holds signatures over another text/,
  );
  expect(await refused({ id: 'infinite.v2', ...asClinic })).toMatch(/cannot be added to/);
  expect(await refused({ id: 'bioage.v2', ...asClinic })).toMatch(/has signed it already \(2025-/);
});

test('two people sign a version, one command each, and are told what is missing', async () => {
  const lab = { id: 'samkwang.v2', party: 'consignee', keyFile: keyFile('samkwang') } as const;
  const first = await signAs(world.env, lab);
  expect(first.at(-1)?.en).toMatch(/still missing: the signature of the clinic's privacy officer/);
  const clinic = ['--as', 'clinic', '--key', keyFile('clinic'), '--noticed-on', weekAgo];
  const second = await contract('sign', 'samkwang.v2', ...clinic);
  expect(second).toMatchObject({ code: 0 });
  expect(second.output).toContain(`signed by both; in force from ${today}\nstart the gateways`);
});

test('the state of every version is told, and only "signed by both" is success', async () => {
  const all = await contract('verify', '--json');
  expect(all.code).toBe(1);
  const { contracts } = JSON.parse(all.output) as {
    contracts: { contract: string; state: string; why: { en: string } | null }[];
  };
  expect(contracts).toHaveLength(17 + 8);
  const bad = contracts.filter(({ state }) => state !== 'signed');
  expect(bad.map((one) => one.contract).toSorted()).toEqual(
    Object.keys(wrong)
      .map((id) => `${id}.v2`)
      .toSorted(),
  );
  for (const { contract: id, why } of bad) {
    expect(why?.en).toContain(wrong[id.replace('.v2', '') as keyof typeof wrong]);
  }
});

test('signed and noticed, a version is in force with the next start', async () => {
  gateways = await Promise.all([startGateway(world), startGateway(world)]);
  for (const gateway of gateways) expect(await decides(gateway, 'samkwang')).toBe('samkwang.v2');
});

test.each(Object.keys(wrong))(
  '%s: its day has come, and the version before it goes on',
  async (id) => {
    for (const gateway of gateways) expect(await decides(gateway, id)).toBe(`${id}.v1`);
  },
);

async function stepsOf(id: string) {
  const entries = await entriesOf(gateways[1] as TestGateway);
  const own = entries.filter((entry) => entry.contract?.id === id && !entry.transfer);
  return own.map(({ kind, detail }) => [kind.replace('contract-', ''), detail['on']]);
}

test('each step is one entry, whoever sees it first', async () => {
  expect((await stepsOf('samkwang.v2')).toSorted()).toEqual([
    ['activated', today],
    ['drafted', undefined],
    ['noticed', weekAgo],
    ['signed', undefined],
  ]);
  const [first] = (await stepsOf('samkwang.v1')).slice(-1);
  expect(first).toEqual(['superseded', today]);
  for (const id of Object.keys(wrong)) {
    expect(await stepsOf(`${id}.v2`)).toEqual([['drafted', undefined]]);
  }
});

test('without a stated notice it begins seven days after a gateway first shows it', async () => {
  const [one] = gateways as [TestGateway];
  expect(await stepsOf('korea-post.v2')).toContainEqual(['noticed', today]);
  expect(await decides(one, 'korea-post')).toBe('korea-post.v1');
  const shownBefore = (days: number) =>
    asOwner(
      world,
      "UPDATE contract_steps SET on_date = $1 WHERE contract = 'korea-post.v2' AND step = 'noticed'",
      [daysAfter(today, -days)],
    );
  await shownBefore(7);
  for (const gateway of gateways) {
    const begun = async () => (await decides(gateway, 'korea-post')) === 'korea-post.v2';
    await until('the version to begin', begun);
  }
  await until('the entry', async () =>
    (await stepsOf('korea-post.v2')).some(([kind]) => kind === 'activated'),
  );
  expect((await stepsOf('korea-post.v2')).filter(([kind]) => kind === 'activated')).toHaveLength(1);
  expect((await verifyAll(world, one)).faults).toEqual([]);
});

test('a version in force that lost its signatures says so, and decides nothing', async () => {
  const [one, two] = gateways as [TestGateway, TestGateway];
  expect(await lifeOf(two, 'samkwang', 2)).toEqual(['inForce', true]);
  await one.stop();
  rmSync(signaturePath(world.contractsDir, { consignee: 'samkwang', version: 2 }));
  const three = await startGateway(world);
  gateways = [two, three];
  expect(await lifeOf(three, 'samkwang', 2)).toEqual(['unsigned', false]);
  expect(await lifeOf(three, 'samkwang', 1)).toEqual(['superseded', false]);
  expect(await lifeOf(three, 'mediage', 2)).toEqual(['drafted', false]);
  expect(await lifeOf(three, 'mediage', 1)).toEqual(['inForce', true]);
  await expect(decides(three, 'samkwang')).rejects.toThrow('HTTP 422');
  // What has read its files before goes on by them.
  expect(await decides(two, 'samkwang')).toBe('samkwang.v2');
  const ready = await fetch(`${three.url}/readyz`);
  expect(ready.status).toBe(200);
  expect(await ready.json()).toMatchObject({
    checks: {
      contracts: {
        ok: true,
        detail: 'Lost signatures, so nothing leaves under them: samkwang.v2.',
      },
    },
  });
  await until('the entry', async () =>
    (await stepsOf('samkwang.v2')).some(([kind, on]) => kind === 'unsigned' && on === today),
  );
  expect((await verifyAll(world, three)).faults).toEqual([]);
});

/** The file of those who are told of events: what it says, and every fault of it at once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readSubscribers } from '#src/agreements/subscriber-file.ts';
import { eventTypes, typesOf } from '#src/base/event-types.ts';
import { StartupError } from '#src/base/errors.ts';
import { resolveReference } from '#src/base/secrets.ts';
import schema from '../../src/agreements/subscribers.schema.json' with { type: 'json' };

const folder = mkdtempSync(join(tmpdir(), 'waybill-subscribers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const secret = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const env = { NEW: secret(1), OLD: secret(2), TOKEN: 'a-token-4821' };

function read(text: string) {
  const path = join(folder, 'webhooks.yaml');
  writeFileSync(path, text);
  const where = { env, baseDir: folder };
  return readSubscribers({ resolveSecret: (name) => resolveReference(name, where) }, path);
}

function faultsOf(text: string): string[] {
  try {
    read(text);
    return [];
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return error.faults.map((fault) => fault.replace(`${folder}/`, ''));
  }
}

test('a subscriber is read with two secrets, its own pace, and the types that it names', () => {
  const [emr, operator] = read(`subscribers:
  - client: emr
    events: ['transfer.*', result.received]
    push:
      url: https://emr.example/events
      webhookSecrets: ['\${env:NEW}', '\${env:OLD}']
      bearerToken: \${env:TOKEN}
    retry: { timeoutSeconds: 5 }
  - client: operator
    events: ['alert.*']
`);
  expect(emr?.push).toMatchObject({
    url: 'https://emr.example/events',
    signing: { scheme: 'hmac', secrets: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)] },
  });
  expect(emr?.retry.timeoutSeconds).toBe(5);
  expect(emr?.retry.scheduleSeconds).toHaveLength(7);
  const transfers = eventTypes.filter((type) => type.startsWith('transfer.'));
  expect([...(emr?.types ?? [])]).toEqual([...transfers, 'result.received']);
  expect(operator).toMatchObject({ client: 'operator', isPushed: false });
  expect(operator?.push).toBeUndefined();
});

test('every fault is told at once, with its line, and none repeats a secret or a URL', () => {
  const faults = faultsOf(`subscribers:
  - client: emr
    events: [transfer.*]
    push: { url: 'http://hooks.example/4821', webhookSecret: '\${env:NEW}' }
  - client: emr
    events: [transfer.*]
    push: { url: 'https://hooks.example/', webhookSecret: '\${env:MISSING}' }
`);
  expect(faults).toHaveLength(3);
  expect(faults[0]).toMatch(/^webhooks\.yaml:4: push\.url is not https/);
  expect(faults[1]).toMatch(/^webhooks\.yaml:5: "emr" is listed twice/);
  expect(faults[2]).toMatch(/^webhooks\.yaml:7: .*MISSING/);
  expect(faults.join()).not.toContain('4821');
  expect(faults.join()).not.toContain('whsec_');
});

test.each([
  ['a type that there is not', 'events: [transfer.lost]', /one of/],
  ['a key that there is not', 'events: [transfer.*], url: https://x.example/', /"url"/],
  ['no types', 'push: { url: https://x.example/, webhookSecret: "${env:NEW}" }', /"events"/],
  [
    'a secret in clear',
    `events: [alert.*], push: { url: https://x.example/, webhookSecret: ${secret(1)} }`,
    /webhookSecret/,
  ],
  [
    'an address inside',
    'events: [alert.*], push: { url: "https://169.254.169.254/", webhookSecret: "${env:NEW}" }',
    /push\.url/,
  ],
])('%s is a fault', (_, members, told) => {
  const faults = faultsOf(`subscribers:\n  - { client: emr, ${members} }\n`);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(told);
  expect(faults.join()).not.toContain('whsec_A');
});

test('the schema lists every type and every family of them', () => {
  const listed = schema.properties.subscribers.items.properties.events.items.enum;
  const families = new Set(eventTypes.map((type) => `${type.split('.')[0]}.*`));
  expect(listed.toSorted()).toEqual([...eventTypes, ...families].sort());
  expect(typesOf(['transfer.*', 'result.*', 'alert.*'])).toEqual(new Set(eventTypes));
});

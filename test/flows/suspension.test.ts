/** A person says stop at one process of two: every process hears it, and nothing of it leaks. */
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { components } from '#api/openapi.d.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { everyRow } from '#test/support/database.ts';
import {
  makeWorld,
  spawnGateway,
  startGateway,
  type GatewayProcess,
  type TestGateway,
  type World,
} from '#test/support/gateway.ts';
import { canary, orderFor, posted } from '#test/support/orders.ts';
import { claim, order, posting, reached, setPaused, transferOf } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { entriesOf, verifyAll, type SeenEntry } from './support.ts';

type Standing = components['schemas']['SubjectStanding'];

let lab: ConsigneeServer;
let world: World;
/** A process of its own, and one inside the test's. */
let one: GatewayProcess;
let two: TestGateway;

const patient = { kind: 'patient', id: canary.chartNumber };
const reason = '가나다라 님이 창구에서 요청함';
const first = posted(orderFor('samkwang'), 'accepted-before');
const ids = { pushed: '', accepted: '', waiting: '', inbox: '', leased: '', other: '' };
let firstAnswer: unknown;
/** Answers the push that is under way while the person says stop. */
let answerPush: (() => void) | undefined;
let standing: Standing;

const stop = async (gateway: TestGateway, body: object, client = 'emr') =>
  (await gateway.as(client)).json<Standing>('/v1/subjects/suspend', posting(body));
const lift = async (gateway: TestGateway, body: object, client = 'operator') =>
  (await gateway.as(client)).json<Standing>('/v1/subjects/resume', posting(body));

interface Refusal {
  status: number;
  code?: string;
  text: string;
}
const refusals: Refusal[] = [];

async function answered(gateway: TestGateway, path: string, init: RequestInit) {
  const reply = await (await gateway.as('emr')).fetch(path, init);
  const text = await reply.text();
  const { code } = JSON.parse(text) as { code?: string };
  const seen = { status: reply.status, text, ...(code === undefined ? {} : { code }) };
  if (reply.status >= 400) refusals.push(seen);
  return seen;
}

/** A push under way, a lease held, and transfers that wait, when the person says stop. */
beforeAll(async () => {
  lab = await startConsigneeServer();
  const held = new Promise<ServerResponse>((resolve) => lab.answerWith(resolve));
  world = await makeWorld({
    pushUrls: { samkwang: lab.url, bioage: lab.url },
    editConsignee: (consignee) => {
      if (consignee['push']) consignee['retry'] = { scheduleSeconds: [1, 1], timeoutSeconds: 20 };
    },
  });
  [one, two] = await Promise.all([
    spawnGateway(world, { LOG_LEVEL: 'trace' }),
    startGateway(world),
  ]);
  ids.pushed = await order(one, 'bioage');
  const response = await held;
  answerPush = () => response.writeHead(503).end();
  await setPaused(one, 'samkwang', true);
  const emr = await one.as('emr');
  firstAnswer = await emr.json('/v1/transfers', first);
  ids.accepted = (firstAnswer as { id: string }).id;
  ids.leased = await order(one, 'engitech');
  await until('the claim', async () => (await claim(two, 'engitech')).length === 1);
  ids.waiting = await order(two, 'samkwang');
  ids.inbox = await order(two, 'areumnuri');
  ids.other = await order(two, 's1');
  for (const id of [ids.accepted, ids.waiting, ids.inbox]) await reached(one, id, 'ready');
  const consignees = ['samkwang', 'bioage', 'areumnuri', 'engitech'];
  standing = await stop(one, { subject: patient, consignees, reason });
});

afterAll(async () => {
  await Promise.all([one?.kill('SIGKILL'), two?.stop()]);
  await world?.close();
  await lab?.close();
});

test('what waited is withdrawn at once; what is on its way is counted, and left', async () => {
  expect(standing).toMatchObject({ kind: 'patient', all: false, withdrawn: 3, underWay: 2 });
  for (const id of [ids.accepted, ids.waiting, ids.inbox]) {
    const transfer = await transferOf(two, id);
    expect(transfer).toMatchObject({ status: 'withdrawn', lastOutcome: 'subject-suspended' });
    expect((transfer as { purgedAt?: string | null }).purgedAt).not.toBeNull();
  }
  expect((await transferOf(two, ids.leased)).status).toBe('leased');
  expect((await transferOf(two, ids.pushed)).status).toBe('sending');
  answerPush?.();
  const { rows } = await world.db.query<{ id: string }>('SELECT id FROM payloads');
  expect(rows.map(({ id }) => id).sort()).toEqual([ids.pushed, ids.leased, ids.other].sort());
});

test('the other process refuses later orders at once, in a preview in the same words', async () => {
  const later = orderFor('samkwang');
  const refused = await answered(two, '/v1/transfers', posted(later, 'after'));
  expect(refused).toMatchObject({ status: 422, code: 'SUBJECT_SUSPENDED' });
  const preview = await answered(two, '/v1/transfers/preview', posted(later, 'after'));
  expect(preview).toEqual(refused);
  const korean = posted(later, 'after');
  const init = { ...korean, headers: { ...korean.headers, 'accept-language': 'ko' } };
  expect((await answered(one, '/v1/transfers', init)).text).toContain('처리 정지를 요구한 상태');
});

test('others, and other consignees, are served in the same moment', async () => {
  const change = { chartNumber: 'C0048299' };
  const neighbour = {
    ...orderFor('areumnuri', change),
    subject: { kind: 'patient', id: 'C0048299' },
  };
  const at = (consignee: object, key: string) =>
    answered(two, '/v1/transfers', posted(consignee, key));
  const replies = await Promise.all([
    at(neighbour, 'neighbour'),
    at(orderFor('areumnuri'), 'stopped'),
    at(orderFor('s1'), 'a-visitor'),
    at(orderFor('mediage'), 'another-consignee'),
  ]);
  expect(replies.map(({ status }) => status)).toEqual([202, 422, 202, 202]);
});

test('a key that was accepted before still gets its first answer', async () => {
  for (const gateway of [one, two]) {
    expect(JSON.parse((await answered(gateway, '/v1/transfers', first)).text)).toEqual(firstAnswer);
  }
});

test('to a consignee that nobody knows is a problem with its place', async () => {
  const body = { subject: patient, consignees: ['samkwang', 'nobody'], reason };
  const unknown = await answered(one, '/v1/subjects/suspend', posting(body));
  expect(JSON.parse(unknown.text)).toMatchObject({
    ...{ status: 422, code: 'UNKNOWN_CONSIGNEE' },
    errors: [{ pointer: '/consignees', rule: 'unknown' }],
  });
  for (const wrong of [{ consignees: [] }, { consignees: ['*'] }, { reason: undefined }]) {
    const reply = await answered(one, '/v1/subjects/resume', posting({ ...body, ...wrong }));
    expect(reply).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
  }
});

test('the stop, each withdrawal and each refusal is an entry, about the same person', async () => {
  const entries = await until('the refusals in the ledger', async () => {
    const seen = await entriesOf(two);
    return seen.filter(({ kind }) => kind === 'refused').length === 3 ? seen : null;
  });
  const of = (kind: string) => entries.filter((entry) => entry.kind === kind);
  const [stopped, ...more] = of('subject-suspended');
  expect(more).toEqual([]);
  const by = { actor: { client: 'emr', kind: 'emr' }, source: '127.0.0.1' };
  expect(stopped?.detail).toEqual({
    ...{ ...by, reason, subject: stopped?.detail['subject'] },
    consignees: ['samkwang', 'bioage', 'areumnuri', 'engitech'],
  });
  const subject = stopped?.detail['subject'];
  const released = of('released').find(({ transfer }) => transfer === ids.accepted);
  expect(released?.detail['subject']).toBe(subject);
  for (const { detail } of of('refused')) {
    expect(detail).toMatchObject({ ...by, subject, reason: 'SUBJECT_SUSPENDED' });
  }
  const byTheStop = ({ detail }: SeenEntry) => detail['source'] !== undefined;
  for (const kind of ['withdrawn', 'purged']) {
    const steps = of(kind).filter(byTheStop);
    expect(steps.map(({ transfer }) => transfer).sort()).toEqual(
      [ids.accepted, ids.waiting, ids.inbox].sort(),
    );
  }
});

test('a push that failed meanwhile is not tried again, but withdrawn', async () => {
  const transfer = await reached(one, ids.pushed, 'withdrawn');
  expect(transfer).toMatchObject({ attempts: 1, lastOutcome: 'subject-suspended' });
  const sent = lab.received.filter(({ body }) => body.transfer === ids.pushed);
  expect(sent).toHaveLength(1);
});

test('the operator lifts it at one process, and the other takes orders again', async () => {
  lab.answerWith((response) => response.writeHead(204).end());
  await setPaused(one, 'samkwang', false);
  const some = await lift(two, { subject: patient, consignees: ['samkwang'], reason });
  expect(some.suspended.map(({ consignee }) => consignee)).toEqual([
    ...['areumnuri', 'bioage', 'engitech'],
  ]);
  const id = await order(one, 'samkwang');
  await until('its delivery', () => lab.received.find(({ body }) => body.transfer === id));
  expect(lab.received.map(({ body }) => body.transfer)).toEqual([ids.pushed, id]);
  expect(await lift(one, { subject: patient, reason }, 'emr')).toMatchObject({ suspended: [] });
});

test('the identifier and the reason are in no table, no log and no answer', async () => {
  const stored = await everyRow(world.database);
  expect(stored).toContain('samkwang');
  const answers = [...refusals.map(({ text }) => text), JSON.stringify(standing)];
  const places = [stored, one.output(), ...answers].join('\n');
  expect(places).toContain('"operation":"suspendSubject"');
  for (const secret of [canary.chartNumber, reason, canary.name]) {
    expect(places).not.toContain(secret);
    expect(places).not.toContain(Buffer.from(secret).toString('hex'));
    expect(places).not.toContain(encodeURIComponent(secret));
  }
  expect((await verifyAll(world, one)).faults).toEqual([]);
});

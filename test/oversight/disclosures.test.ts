/** "Who received my data?": one person's own rows, all of them, and nobody else's. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SubjectKind } from '#src/base/words.ts';
import { termsOf } from '#src/oversight/disclosure-terms.ts';
import type { Disclosures } from '#src/oversight/disclosures.ts';
import { entriesOf, runCommand } from '#test/flows/support.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { sampleAgreements } from '#test/support/notice-sample.ts';
import { canary, orderFor, posted } from '#test/support/orders.ts';
import { answered, claim, posting, reached, setPaused } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;
let lab: ConsigneeServer;

type Subject = { kind: SubjectKind; id: string };
const patient = (id: string): Subject => ({ kind: 'patient', id });

/** Has the name of everybody else here, and a chart number of her own. */
const ann = patient(canary.chartNumber);
const namesake = patient('C0048214');
/** A physician, and a patient whose chart number is the physician's licence number. */
const physician: Subject = { kind: 'practitioner', id: canary.licenseNumber };
const chartOfThatNumber = patient(canary.licenseNumber);

let orders = 0;

async function order(consignee: string, subject: Subject): Promise<string> {
  const emr = await gateway.as('emr');
  const change = subject.kind === 'patient' ? { chartNumber: subject.id } : {};
  const body = { ...orderFor(consignee, change), subject };
  orders += 1;
  return (await emr.json<{ id: string }>('/v1/transfers', posted(body, `order-${orders}`))).id;
}

async function ask(subject: Subject, more: object = {}): Promise<Disclosures> {
  const auditor = await gateway.as('privacy-officer');
  return auditor.json<Disclosures>('/v1/audit/disclosures', posting({ subject, ...more }));
}

/** Takes what waits in an inbox; `settle`: how it is answered. */
async function take(consignee: string, settle?: 'ack' | 'reject'): Promise<string> {
  const item = await until('an item', async () => (await claim(gateway, consignee, 1))[0]);
  const vendor = await gateway.as(consignee);
  const code = settle === 'reject' ? { code: 'OTHER' } : {};
  const body = posting({ lease: item.lease.token, ...code });
  if (settle) await vendor.fetch(`/v1/inbox/${item.transfer}/${settle}`, body);
  return item.transfer;
}

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: lab.url } });
  gateway = await startGateway(world);
  await until('it to be ready', async () => (await fetch(`${gateway.url}/readyz`)).ok);
  for (const subject of [ann, ann, namesake]) {
    await reached(gateway, await order('samkwang', subject), 'delivered');
  }
  // Engitech takes it and returns a report; Areumnuri takes one up and says nothing, and turns one
  // away; LCTech has not asked yet; what was meant for Korea Post was called off.
  await order('engitech', ann);
  const transfer = await take('engitech', 'ack');
  const result = { workReport: { at: '2026-03-03T00:00:00Z', summary: 'Done.' } };
  const vendor = await gateway.as('engitech');
  await vendor.json('/v1/results', posted({ transfer, result }, 'result'));
  await order('areumnuri', ann);
  await take('areumnuri');
  await order('areumnuri', ann);
  await take('areumnuri', 'reject');
  await order('lctech', ann);
  await setPaused(gateway, 'korea-post', true);
  const called = await order('korea-post', ann);
  await (await gateway.as('emr')).json(`/v1/transfers/${called}/cancel`, posting({}));
  await setPaused(gateway, 'bml', true);
  await order('bml', physician);
  await order('infinite', chartOfThatNumber);
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  await lab?.close();
});

const named = ({ recipients }: Disclosures) => recipients.map(({ consignee }) => consignee).sort();

describe('an accounting', () => {
  test('sums up each recipient, and tells what arrived from what may have and what never left', async () => {
    const found = await ask(ann);
    expect(found.totals).toEqual({
      ...{ received: 3, 'turned-away': 1, uncertain: 1, 'on-its-way': 1, 'never-left': 1 },
    });
    // Who is only under contract, who has nothing yet and who never got anything is not there.
    expect(named(found)).toEqual(['areumnuri', 'engitech', 'samkwang']);
    const lab = found.recipients.find(({ consignee }) => consignee === 'samkwang');
    expect(lab).toMatchObject({
      ...{ count: 2, uncertain: 0, turnedAway: 0, destruction: null },
      name: { ko: expect.any(String) as string, en: 'Samkwang Medical Foundation' },
      contract: { id: 'samkwang.v1', version: 1 },
      work: { ko: '검사 위탁' },
      keptUntil: { ko: '위탁계약 종료 시까지' },
    });
    expect(lab?.address?.ko).not.toBe('');
    expect(lab!.first.at < lab!.last.at).toBe(true);
    expect(lab?.items).toContainEqual({
      ...{ item: 'birthDate', label: { en: 'Date of Birth', ko: '생년월일' }, class: 'general' },
    });
    const pulling = found.recipients.find(({ consignee }) => consignee === 'areumnuri');
    expect(pulling).toMatchObject({ count: 2, uncertain: 1, turnedAway: 1 });
  });

  test('lists all of it one by one, newest first, with what came back', async () => {
    const { disclosures } = await ask(ann);
    expect(disclosures.map(({ consignee, outcome }) => `${consignee} ${outcome}`)).toEqual([
      'korea-post never-left',
      'lctech on-its-way',
      'areumnuri turned-away',
      'areumnuri uncertain',
      'engitech received',
      'samkwang received',
      'samkwang received',
    ]);
    const [report] = disclosures.flatMap(({ results }) => results);
    expect(report?.items[0]).toMatchObject({ item: 'workReport', class: 'returned' });
    expect(disclosures[0]?.words.ko).toBe('병원 밖으로 나가지 않음');
  });

  test('holds names of items, and nothing that the record said', async () => {
    const text = JSON.stringify(await ask(ann));
    for (const value of Object.values(canary)) expect(text).not.toContain(value);
  });

  test('never mixes people of one name', async () => {
    const [own, other] = [await ask(ann), await ask(namesake)];
    expect(named(other)).toEqual(['samkwang']);
    expect(other.disclosures).toHaveLength(1);
    const ids = new Set(own.disclosures.map(({ transfer }) => transfer));
    expect(ids.has(other.disclosures[0]?.transfer ?? '')).toBe(false);
  });

  test('never mixes a physician with a patient of the same number', async () => {
    const consignees = async (subject: Subject) =>
      (await ask(subject)).disclosures.map(({ consignee }) => consignee);
    expect(await consignees(physician)).toEqual(['bml']);
    expect(await consignees(chartOfThatNumber)).toEqual(['infinite']);
    expect(await consignees({ ...chartOfThatNumber, kind: 'member' })).toEqual([]);
  });

  test('is paged by a cursor that is good for this person alone', async () => {
    const seen: string[] = [];
    for (let cursor: string | undefined, more = true; more;) {
      const page = await ask(ann, { limit: 3, ...(cursor ? { cursor } : {}) });
      expect(page.totals.received).toBe(3);
      seen.push(...page.disclosures.map(({ transfer }) => transfer));
      cursor = page.next ?? undefined;
      more = page.next !== null;
    }
    expect(seen).toEqual((await ask(ann)).disclosures.map(({ transfer }) => transfer));
    const { next } = await ask(ann, { limit: 3 });
    const officer = await gateway.as('privacy-officer');
    const other = posting({ subject: namesake, cursor: next });
    expect(await answered(officer.fetch('/v1/audit/disclosures', other))).toEqual({
      ...{ status: 400, code: 'INVALID_CURSOR' },
    });
  });

  test('of a time holds what was ordered in it', async () => {
    const whole = await ask(ann);
    expect(await ask(ann, { from: '2999-01-01T00:00:00Z' })).toMatchObject({
      ...{ known: true, recipients: [], disclosures: [] },
    });
    const to = '2999-01-01T00:00:00+09:00';
    const bounded = await ask(ann, { from: '2020-01-01T00:00:00+09:00', to });
    expect(bounded.disclosures).toEqual(whole.disclosures);
  });

  test('is given to one who said stop, too', async () => {
    const operator = await gateway.as('operator');
    const body = posting({ subject: namesake, reason: 'Asked for at the desk.' });
    await operator.json('/v1/subjects/suspend', body);
    expect(named(await ask(namesake))).toEqual(['samkwang']);
  });

  test('of somebody unknown is an honest nothing', async () => {
    expect(await ask(patient('nobody'))).toMatchObject({
      ...{ known: false, recipients: [], disclosures: [], next: null },
      totals: { received: 0, 'never-left': 0 },
    });
  });

  test('leaves one entry each, sealed to the person, and never the identifier', async () => {
    const reason = 'A letter of the patient.';
    await ask(patient('nobody at all'), { reason: `${reason} 1` });
    const { next } = await ask(ann, { reason: `${reason} 2`, limit: 5 });
    await ask(ann, { reason: `${reason} 2`, limit: 5, cursor: next });
    await ask(namesake, { reason: `${reason} 3` });
    const own = await until('the last of them', async () => {
      const entries = await entriesOf(gateway);
      const read = entries.filter(({ kind }) => kind === 'disclosures-read');
      const ours = read.filter(({ detail }) => String(detail['reason']).startsWith(reason));
      return ours.some(({ detail }) => detail['reason'] === `${reason} 3`) ? ours : null;
    });
    expect(own.map(({ detail }) => detail['reason'])).toEqual(
      [1, 2, 3].map((number) => `${reason} ${number}`),
    );
    const [nobody, first, second] = own.map(({ detail }) => detail);
    expect(nobody).toMatchObject({ found: 0, actor: { client: 'privacy-officer' } });
    expect(nobody).not.toHaveProperty('subject');
    expect(first).toMatchObject({
      found: 7,
      subject: expect.stringMatching(/^[\da-f-]{36}$/) as string,
    });
    expect(second?.['subject']).not.toBe(first?.['subject']);
    expect(JSON.stringify(own)).not.toMatch(/nobody at all|C00482/);
  });
});

test('the terms are those of the version that decided, also when another is in force', async () => {
  const agreements = sampleAgreements({ isDemo: false });
  const asked = [1, 2].map((version) => ({ consignee: 'eone', contract: `eone.v${version}` }));
  const terms = await termsOf({ db: world.db, agreements }, asked);
  const [first, second] = asked.map(({ consignee, contract }) => terms(consignee, contract));
  expect(first).toMatchObject({ contract: { version: 1 }, passesOnTo: [] });
  expect(second?.keptUntil).toEqual({ en: 'Five years after the test', ko: '검사일부터 5년' });
  expect(first?.keptUntil).not.toEqual(second?.keptUntil);
  expect(second?.passesOnTo.map(({ name }) => name.ko)).toEqual(['한빛검체운송']);
  // A row that names a version nobody knows was tampered with; the rest is told all the same.
  expect(terms('eone', 'eone.v9')).toMatchObject({ work: null, keptUntil: null });
});

test('the command takes the person from a file, and writes a page that others cannot read', async () => {
  const folder = join(world.consigneesDir, '..');
  const [key, person, page] = ['auditor.jwk.json', 'person.json', 'page.html'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  writeFileSync(key, JSON.stringify(world.keys.get('auditor')));
  writeFileSync(person, JSON.stringify(namesake));
  const caller = ['disclosures', '--subject-file', person, '--url', gateway.url];
  const args = [...caller, '--client-key', key, '--lang', 'ko'];
  expect(await runCommand(world, [...args, '--html', page])).toMatchObject({ code: 0, output: '' });
  expect(readFileSync(page, 'utf8')).toContain('삼광의료재단');
  expect(statSync(page).mode & 0o777).toBe(0o600);
});

describe('the document', () => {
  async function print(subject: Subject, lang?: string): Promise<Response> {
    const officer = await gateway.as('privacy-officer');
    const query = lang === undefined ? '' : `?lang=${lang}`;
    return officer.fetch(`/v1/audit/disclosures/page${query}`, posting({ subject }));
  }

  test.each([
    [undefined, 'ko', '내 개인정보를 받은 곳', '삼광의료재단', '준비하였으나 보내지 않은 것'],
    ['en', 'en', 'Who received my personal information', 'Samkwang', 'never sent'],
  ])('asked for in %s is in %s, and whole', async (lang, language, ...shown) => {
    const reply = await print(ann, lang);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(reply.headers.get('content-language')).toBe(language);
    const text = await reply.text();
    expect(text).toContain(`<html lang="${language}">`);
    for (const words of shown) expect(text).toContain(words);
    for (const value of Object.values(canary)) expect(text).not.toContain(value);
    const said = text.replace(/<style>[^]*<\/style>/, '');
    expect(said).not.toMatch(/samkwang\.v1|consignee|undefined|null|\[object/);
  });

  test('runs nothing and loads nothing, wherever it is opened', async () => {
    const reply = await print(ann, 'en');
    const text = await reply.text();
    expect(text).not.toMatch(/<script|<link|<img|<iframe|javascript:|https?:|@import|url\(/i);
    const style = /<style>([^]*)<\/style>/.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
    expect(reply.headers.get('content-security-policy')).toBe(`${policy}; frame-ancestors 'none'`);
    expect(text.replaceAll('&#39;', "'")).toContain(`content="${policy}"`);
    expect(text).toMatch(/size: A4/);
  });

  test('of somebody unknown says that nothing is held', async () => {
    const text = await (await print(patient('nobody'))).text();
    expect(text).toContain('연결할 수 있는 기록이 없습니다');
    expect(text).not.toContain('nobody');
  });
});

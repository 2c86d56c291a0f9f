/**
 * `waybill demo --once --json`: the published table, played through as a real process, to the item.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readOptions } from '#src/bin/demo/options.ts';

const program = join(import.meta.dirname, '../../src/bin/waybill.ts');

const ageOnly = ['date', 'chartNumber', 'name', 'gender', 'age', 'institutionName'];
const tested = [...ageOnly, 'birthDate', 'prescriptionCode'];
const checkup = [
  ...['name', 'residentRegistrationNumber', 'address', 'phoneNumber', 'companyName'],
  ...['checkupRecord', 'checkupResult', 'consultationInformation'],
];
const member = ['websiteMemberInformation', 'cookies', 'otherData'];

/** The clinic's published table: who may receive which items. */
const published: Readonly<Record<string, readonly string[]>> = {
  mediage: ageOnly,
  bioage: tested,
  samkwang: [...tested, 'collectionDate', 'attendingPhysicianName'],
  eone: tested,
  medigene: tested,
  greencross: tested,
  bml: [
    ...['name', 'residentRegistrationNumber', 'licenseNumber', 'phoneNumber', 'medicalDepartment'],
    ...['medicalInstitutionName', 'fax', 'email'],
  ],
  'tnc-pathology': [
    ...['name', 'gender', 'birthDate', 'specimenName', 'medicalDepartment', 'testName'],
  ],
  'sk-chemicals': ageOnly,
  engitech: checkup,
  areumnuri: checkup,
  lctech: [
    ...['name', 'residentRegistrationNumber', 'address', 'phoneNumber', 'companyName'],
    ...['pastMedicalHistory', 'consultationInformation'],
  ],
  infinite: ['name', 'chartNumber', 'date'],
  s1: ['cctv', 'name', 'residentRegistrationNumber', 'address', 'contactInformation'],
  'korea-post': ['name', 'address', 'contactInformation'],
  medifix: member,
  infonet: member,
};

interface Line {
  consignee: string;
  contract: string;
  transfers: number;
  delivered: number;
  released: string[];
  derived: string[];
  withheld: { item: string; reason: string }[];
  received: string[];
}

interface Summary {
  summary: true;
  transfers: number;
  delivered: number;
  results: number;
  entries: number;
  checkpoint: string;
  verified: boolean;
}

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Seconds on a machine at rest; other tests may keep it busy. */
const runMsMax = 120_000;

/** Temporary homes are made here, so that what is left behind shows. */
const folder = mkdtempSync(join(tmpdir(), 'waybill-test-demo-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `waybill demo`; `interruptAt` sends SIGINT once standard error holds that text. */
function runDemo(args: readonly string[], interruptAt?: string): Promise<Run> {
  const child = spawn(process.execPath, [program, 'demo', ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const run: Run = { status: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (run.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    const before = run.stderr;
    run.stderr += chunk.toString();
    if (interruptAt === undefined || before.includes(interruptAt)) return;
    if (run.stderr.includes(interruptAt)) child.kill('SIGINT');
  });
  return new Promise((resolve) => child.once('close', (status) => resolve({ ...run, status })));
}

describe('a play of two orders for each consignee', () => {
  let run: Run;
  let lines: Line[];
  let summary: Summary;

  beforeAll(async () => {
    run = await runDemo(['--once', '--json', '--orders', '34']);
    const parsed = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    summary = parsed.pop() as Summary;
    lines = parsed as Line[];
  }, runMsMax);

  test('adds up', () => {
    expect(run.stderr).not.toContain('does not add up');
    expect(run.status).toBe(0);
    expect(summary).toEqual({
      ...{ summary: true, transfers: 34, delivered: 34, results: 34, verified: true },
      entries: expect.any(Number) as number,
      checkpoint: expect.stringMatching(/^\d+ [A-Za-z0-9+/]{43}=$/) as string,
    });
    expect(summary.checkpoint.split(' ')[0]).toBe(String(summary.entries));
    // 17 contracts; each order is released, delivered, answered and collected.
    expect(summary.entries).toBeGreaterThan(17 + 4 * 34);
  });

  test('has one line for each of the seventeen, each with its two transfers', () => {
    expect(lines.map(({ consignee }) => consignee)).toEqual(Object.keys(published));
    for (const { consignee, contract, transfers, delivered } of lines) {
      expect(contract).toBe(`${consignee}.v1`);
      expect({ transfers, delivered }).toEqual({ transfers: 2, delivered: 2 });
    }
  });

  test('hands each consignee its published items, and no other', () => {
    for (const { consignee, released, derived, received } of lines) {
      const items = published[consignee]?.toSorted();
      expect([...released, ...derived].toSorted()).toEqual(items);
      expect(received.toSorted()).toEqual(items);
    }
  });

  test('withholds all that was sent beyond them, each with its reason', () => {
    const all = new Set(Object.values(published).flat());
    expect(all.size).toBe(30);
    for (const { consignee, withheld, received } of lines) {
      const items = withheld.map(({ item }) => item);
      for (const code of all) expect(received.includes(code)).toBe(!items.includes(code));
      expect(withheld).toContainEqual({ item: 'fingerprintTemplate', reason: 'NEVER_SHARED' });
      expect(withheld).toContainEqual({ item: 'guardianName', reason: 'UNKNOWN_ITEM' });
      const hash = { item: 'websiteMemberInformation.passwordHash', reason: 'NEVER_SHARED' };
      if (published[consignee] === member) expect(withheld).toContainEqual(hash);
    }
  });

  test('leaves no home behind', () => {
    expect(readdirSync(folder)).toEqual([]);
  });
});

test(
  'an interrupted play ends in good order and leaves no home behind',
  async () => {
    const run = await runDemo(['--once', '--orders', '5000'], 'sending 5000 orders');
    expect(run.status).toBe(130);
    expect(run.stdout).toBe('');
    expect(readdirSync(folder)).toEqual([]);
  },
  runMsMax,
);

test('a command line that is not understood is answered with the usage', async () => {
  const run = await runDemo(['--twice']);
  expect(run.status).toBe(2);
  expect(run.stdout).toBe('');
  expect(run.stderr).toContain('usage: waybill demo');
});

test.each(['0', '-1', '100001', 'ten', '1e3', ''])('%j is no number of orders', (orders) => {
  expect(readOptions([`--orders=${orders}`])).toHaveProperty('fault');
});

test('the bounds of the number of orders are taken', () => {
  expect(readOptions(['--orders', '1'])).toEqual({ once: false, json: false, orders: 1 });
  expect(readOptions(['--once', '--orders', '100000'])).toHaveProperty('orders', 100_000);
});

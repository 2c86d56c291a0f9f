/** `waybill transfer replay` as somebody runs it who holds the record and no gateway. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agreedWith, contractsDir } from '#test/minimise/agreed.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'waybill-replay-'));
const golden = JSON.parse(
  readFileSync(join(root, 'test/golden/replay/samkwang.json'), 'utf8'),
) as Record<'contract' | 'salt' | 'commitment', string> & { record: object; subject: object };
const digest = agreedWith('samkwang').digest.toString('base64');
const asked = ['--salt', golden.salt, '--commitment', golden.commitment];

interface Ran {
  code: number | null;
  output: string;
  errors: string;
}

async function replayed(...args: string[]): Promise<Ran> {
  const command = [join(root, 'src/bin/waybill.ts'), 'transfer', 'replay', ...args];
  // nothing is named that a gateway would need: no database, no home, no keys
  const child = spawn(process.execPath, command, {
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ran: Ran = { code: null, output: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (ran.output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (ran.errors += chunk));
  ran.code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return ran;
}

const file = (name: string) => join(folder, name);
const lonely = join(folder, 'contracts');

/** Each run by its name; two processes at a time. */
const runs: Record<string, string[]> = {
  yes: ['--record', file('record.json'), '--contract', 'samkwang.v1', ...asked],
  json: [
    ...['--record', file('order.json'), '--contract', 'samkwang.v1', ...asked, '--json'],
    ...['--contracts', lonely, '--digest', digest, '--rules', 'age@1'],
  ],
  no: ['--record', file('other.json'), '--contract', 'samkwang.v1', ...asked, '--json'],
  unread: [
    '--record',
    file('record.json'),
    '--contract',
    'eone.v1',
    '--contracts',
    lonely,
    ...asked,
  ],
  twice: ['--record', file('twice.json'), '--contract', 'samkwang.v1', ...asked],
  usage: ['--contract', 'samkwang', '--salt', 'c2hvcnQ=', '--commitment', '', '--subject', 'x'],
};
const ran = new Map<string, Ran>();
const of = (name: string) => ran.get(name) ?? { code: null, output: '', errors: '' };

beforeAll(async () => {
  const { record, subject } = golden;
  writeFileSync(file('record.json'), JSON.stringify(record));
  writeFileSync(file('order.json'), JSON.stringify({ consignee: 'samkwang', subject, record }));
  writeFileSync(file('other.json'), JSON.stringify({ ...record, name: '사아자' }));
  writeFileSync(file('twice.json'), '{"name":"라마바","name":"사아자"}');
  for (const id of ['dictionary', 'samkwang', 'eone'])
    mkdirSync(join(lonely, id), { recursive: true });
  for (const id of ['dictionary', 'samkwang']) {
    cpSync(join(contractsDir, id, 'v1.yaml'), join(lonely, id, 'v1.yaml'));
  }
  for (const path of ['eone/v1.yaml', 'samkwang/v2.yaml', 'dictionary/v2.yaml', 'clinic.yaml']) {
    writeFileSync(join(lonely, path), 'not: [a contract');
  }
  const names = Object.keys(runs);
  for (let at = 0; at < names.length; at += 2) {
    const pair = names.slice(at, at + 2);
    await Promise.all(pair.map(async (name) => ran.set(name, await replayed(...runs[name]!))));
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('the command', () => {
  test('says yes in a sentence, with what left and what stayed', () => {
    const { code, output } = of('yes');
    expect(code).toBe(0);
    expect(output).toMatch(
      /^yes: samkwang\.v1 makes the bytes of that commitment of this record$/m,
    );
    expect(output).toMatch(/^derived: age \(age@1\)$/m);
    expect(output).toContain('residentRegistrationNumber (NOT_IN_CONTRACT)');
  });

  test('reads one contract and its dictionary, whatever else lies in the folder', () => {
    const { code, output } = of('json');
    expect(code).toBe(0);
    expect(output.trimEnd()).not.toContain('\n');
    const { withheld, released, ...answer } = JSON.parse(output) as Record<string, unknown>;
    expect(answer).toEqual({
      ...{ answer: 'yes', contract: 'samkwang.v1', digest, derived: ['age'], rules: ['age@1'] },
    });
    expect(released).toContain('prescriptionCode');
    expect(withheld).toContainEqual({ item: 'phoneNumber', reason: 'NOT_IN_CONTRACT' });
  });

  test('says no with exit status 1, and why', () => {
    expect(of('no').code).toBe(1);
    const answer = JSON.parse(of('no').output) as Record<string, unknown>;
    expect(answer).toMatchObject({ answer: 'no', contract: 'samkwang.v1', digest });
    expect(answer['reason']).toMatch(
      /the salt, the commitment or the text of samkwang\.v1 \(no digest was given\) is another/,
    );
  });

  test('says that it cannot decide with exit status 2', () => {
    const { code, output, errors } = of('unread');
    expect({ code, errors }).toEqual({ code: 2, errors: '' });
    expect(output).toMatch(
      /^cannot decide: about eone\.v1\nThe contract cannot be read: .*eone\/v1\.yaml:1: /,
    );
  });

  test.each([
    ['twice', /--record: .*twice\.json is not JSON as it stands \(DUPLICATE_KEY at byte 20\)/],
    [
      'usage',
      /--salt must be .*--commitment must be .*--contract must be .*--record must .*--subj/,
    ],
  ])('does not take for a no what is not a question: %s', (name, sentence) => {
    expect(of(name)).toMatchObject({ code: 64, output: '' });
    expect(of(name).errors).toMatch(sentence);
    expect(of(name).errors).toContain('usage: waybill transfer replay');
  });

  test('repeats no value of the record', () => {
    const values = /가나다라|라마바|사아자|840229|C0048213|1984-02-29|4821/;
    for (const { output, errors } of ran.values()) expect(output + errors).not.toMatch(values);
  });
});

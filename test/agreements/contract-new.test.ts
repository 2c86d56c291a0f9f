/** A version is started from the last, and holds nothing up or back before it is written. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { firstVersionText, nextVersionText } from '#src/agreements/next-version.ts';
import { daysAfter, seoulDate } from '#src/base/seoul.ts';
import { rootDir } from '#src/bin/settings.ts';
import { faultsOf } from './folders.ts';
import { goodFiles, writeFiles } from './lint-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'waybill-new-'));
afterAll(() => rmSync(root, { recursive: true }));
writeFiles(root, goodFiles);

/** Runs a command as a person at a terminal would, on the files above. */
async function run(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(rootDir, 'src/bin/waybill.ts'), ...args], {
    cwd: root,
    env: {
      ...{ PATH: process.env['PATH'], LANG: 'C.UTF-8' },
      ...{ WAYBILL_CONTRACTS: join(root, 'contracts') },
      ...{ WAYBILL_CONSIGNEES: join(root, 'consignees') },
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, out, err };
}

const shipped = readFileSync(join(rootDir, 'contracts/s1/v1.yaml'), 'utf8');

describe('the next version', () => {
  const next = nextVersionText({ last: shipped, version: 2, validFrom: '2026-12-07' }) ?? '';

  it('carries over what the last one says, with its comments', () => {
    const { reason, document, ...text } = parse(next) as Record<string, unknown>;
    const { document: paper, ...last } = parse(shipped) as Record<string, unknown>;
    expect(text).toEqual({ ...last, version: 2, validFrom: '2026-12-07' });
    expect(paper).not.toEqual(document);
    expect(reason).toMatchObject({ en: expect.stringMatching(/^TODO: why/) as string });
    expect(next).toContain('# What these items mean here.\npins:');
    expect(next).toContain('# a change is v3.yaml.');
    expect(next).not.toContain('Placeholder: the shipped sample');
    expect(next.split('\n').length).toBeLessThan(shipped.split('\n').length + 8);
  });

  it('drops an end that would lie before its beginning, and its old reason', () => {
    const last = shipped
      .replace('validUntil: null', 'validUntil: 2026-10-01')
      .replace('version: 1', 'version: 1\nreason: { en: old, ko: 옛 }');
    const text = nextVersionText({ last, version: 2, validFrom: '2026-12-07' }) ?? '';
    expect(parse(text)).toMatchObject({ validUntil: null });
    expect(text).not.toContain('old');
  });

  it('is not made of what is no contract', () => {
    expect(nextVersionText({ last: 'a: [', version: 2, validFrom: '2026-12-07' })).toBeUndefined();
    expect(nextVersionText({ last: '- a', version: 2, validFrom: '2026-12-07' })).toBeUndefined();
  });

  it('refuses the start until everything is written, and not after', () => {
    const last = goodFiles['contracts/lab/v1.yaml'] ?? '';
    const text = nextVersionText({ last, version: 2, validFrom: '2026-12-07' }) ?? '';
    const path = 'contracts/lab/v2.yaml';
    expect(faultsOf({ ...goodFiles, [path]: text })).toEqual([
      `${path}:3: reason is not filled in yet; write it where TODO stands`,
      `${path}:26: document.file is not filled in yet; write it where TODO stands`,
      `${path}:27: document.sha256 is not filled in yet; write it where TODO stands`,
    ]);
    const written = text
      .replaceAll(/'TODO: [^']*SHA-256[^']*'/g, 'a'.repeat(64))
      .replaceAll(/'TODO: [^']*'/g, '무엇 something');
    expect(faultsOf({ ...goodFiles, [path]: written })).toEqual([]);
  });
});

it('a first version asks for each of the seven clauses, and for the rest once', () => {
  const text = firstVersionText({ consignee: 'lab', dictionary: 1, validFrom: '2026-12-07' });
  const faults = faultsOf({ ...goodFiles, 'contracts/lab/v1.yaml': text });
  expect(faults.map((fault) => /^[^:]+:\d+: (\S+) is not filled in yet;/.exec(fault)?.[1])).toEqual(
    [
      ...['work', 'purpose', 'subject', 'items[0].item', 'retention.text'],
      ...['noOtherPurpose', 'safeguards', 'purposeAndScope', 'reconsignment'].map(
        (clause) => `clauses.${clause}`,
      ),
      ...['accessLimits', 'supervision', 'liability'].map((clause) => `clauses.${clause}`),
      ...['document.file', 'document.sha256'],
    ],
  );
});

describe('the commands', () => {
  const path = join(root, 'contracts/lab/v2.yaml');

  it('lint: 0 for warnings, 1 with --strict, 2 for what was not understood', async () => {
    const [plain, strict, unknown, nobody] = await Promise.all([
      run(['contract', 'lint', 'lab', '--json']),
      run(['contract', 'lint', '--strict'], { LC_ALL: 'ko_KR.UTF-8' }),
      run(['contract', 'lint', '--lang', 'fr']),
      run(['contract', 'lint', 'labb']),
    ]);
    expect(plain.code).toBe(0);
    expect(JSON.parse(plain.out)).toMatchObject({
      ...{ ok: true, errors: 0, warnings: 1 },
      findings: [{ rule: 'signature.missing', file: 'contracts/lab/v1.yaml' }],
    });
    expect(strict.code).toBe(1);
    expect(strict.out).toContain('수탁자 1곳, 계약 1건: 오류 없음, 주의 1건');
    expect(unknown).toMatchObject({ code: 2, out: '' });
    expect(unknown.err).toMatch(/^usage: waybill contract lint/);
    expect(nobody).toMatchObject({ code: 2, out: '' });
    expect(nobody.err).toBe('there is no consignee "labb"; did you mean "lab"?\n');
  });

  it('new: writes the next version two weeks ahead, which lint then explains', async () => {
    const begun = await run(['contract', 'new', 'lab']);
    const from = daysAfter(seoulDate(Date.now()), 14);
    expect(begun).toMatchObject({ code: 0, err: '' });
    expect(begun.out).toContain(`version 2 of lab, from ${from} on.`);
    expect(begun.out).toContain('1. Open contracts/lab/v2.yaml and write');
    const text = readFileSync(path, 'utf8');
    expect(parse(text)).toMatchObject({ version: 2, validFrom: from });

    const [lint, again] = await Promise.all([
      run(['contract', 'lint', 'lab', '--lang', 'ko']),
      run(['contract', 'new', 'lab']),
    ]);
    expect(lint.code).toBe(1);
    expect(lint.out).toContain('오류: reason이(가) 아직 작성되지 않았습니다.');
    expect(again).toMatchObject({ code: 2, out: '' });
    expect(again.err).toContain('v2 is not filled in yet');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});

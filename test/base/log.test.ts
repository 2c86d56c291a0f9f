/** The log: whatever is handed to it, it says only what is listed (law 4). */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { rootDir } from '#src/bin/settings.ts';

const canary = '가나다라 840229-1234567';

/** Runs statements with a `log` in a process of its own; what came out, line by line. */
function logged(statements: string, level = 'debug'): Record<string, unknown>[] {
  const source = `
    import { createLog } from '#src/base/log.ts';
    import { GatewayError } from '#src/base/errors.ts';
    const canary = ${JSON.stringify(canary)};
    const log = createLog({ level: ${JSON.stringify(level)} });
    ${statements}`;
  const args = ['--input-type=module', '--eval', source];
  const output = execFileSync(process.execPath, args, { cwd: rootDir, encoding: 'utf8' });
  expect(output).not.toContain('840229');
  expect(output).not.toContain('가나다라');
  const lines = output.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a line is one JSON object with level, time, message and the listed fields', () => {
  const [line] = logged(`log.info('done', { transfer: 'x', count: 3, outcome: 'http-204' })`);
  expect(line).toMatchObject({ level: 'info', msg: 'done', transfer: 'x', count: 3 });
  expect(line).not.toHaveProperty('hostname');
});

test('fields that are not listed are dropped, whatever they are called', () => {
  const [line] = logged(`log.warn('done', {
    transfer: 'x', record: { name: canary }, body: canary, name: canary, [canary]: canary,
    headers: { authorization: canary }, err: new Error(canary), __proto__: { code: canary } })`);
  const { level, time, ...rest } = line ?? {};
  expect({ level, time: typeof time }).toEqual({ level: 'warn', time: 'string' });
  expect(rest).toEqual({ msg: 'done', transfer: 'x' });
});

test('an error shows its name, its code and its frames, and never its message', () => {
  const [line] = logged(`
    const cause = Object.assign(new TypeError(canary), { code: '22P02', detail: canary });
    const error = new GatewayError('INTERNAL', { cause });
    log.error('failed', { error });`);
  expect(line?.['error']).toMatchObject({
    ...{ name: 'GatewayError', code: 'INTERNAL' },
    cause: { name: 'TypeError', code: '22P02' },
  });
  const { stack } = line?.['error'] as { stack: string[] };
  expect(stack.length).toBeGreaterThan(0);
  for (const frame of stack) expect(frame).toMatch(/^at /);
});

test.each([
  ['looks like frames', 'new Error(`x\\n    at ${canary} (file:///x.ts:1:2)\\n    at ${canary}`)'],
  ['was changed later', 'Object.assign(new Error(`x\\n    at ${canary}`), { message: canary })'],
  ['is empty, with a cause', "new Error('', { cause: new Error(canary) })"],
  ['belongs to many errors', 'new AggregateError([new Error(canary)], canary)'],
])('a message that %s is not shown', (_, error) => {
  logged(`log.error('failed', { error: ${error} })`);
});

test.each(['canary', '{ message: canary, name: canary }', '[canary]', 'null', '42n'])(
  'what was thrown and is no error (%s) is told by its type alone',
  (thrown) => {
    const [line] = logged(`log.error('failed', { error: ${thrown} })`);
    expect(Object.keys(line?.['error'] as object)).toEqual(['name']);
  },
);

test('a parser that quotes what it choked on quotes it in vain', () => {
  const [line] = logged(`
    try { JSON.parse('{"name": ' + canary) } catch (error) { log.error('failed', { error }) }
    try { new URL(canary) } catch (error) { log.error('failed', { error }) }`);
  expect(line?.['error']).toMatchObject({ name: 'SyntaxError' });
});

test('the level decides what is said', () => {
  const all = `for (const level of ['debug', 'info', 'warn', 'error']) log[level](level, {});`;
  const levels = (level: string) => logged(all, level).map(({ msg }) => msg);
  expect(levels('warn')).toEqual(['warn', 'error']);
  expect(levels('trace')).toHaveLength(4);
  expect(levels('silent')).toEqual([]);
});

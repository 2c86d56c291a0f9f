/** The fault driver, short: kills from a fixed seed, and what it takes to believe its verdict. */
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '#test/support/wait.ts';
import { startProxy, type FaultProxy, type Line } from './proxy.ts';
import { runFaults } from './run.ts';
import { isKill, planRound } from './schedule.ts';

test('four kills under load lose nothing, double nothing, and leave one whole ledger', async () => {
  const { failures, kills, counts } = await runFaults(
    {
      ...{ seed: 4, kills: 4, processes: 2, minutesMax: 5, round: null },
      ...{ smallDisk: false, killsPerRound: 4, patient: false },
    },
    () => undefined,
  );
  expect(failures).toEqual([]);
  expect(kills).toBe(4);
  expect(counts.get('accepted')).toBeGreaterThan(0);
  expect(counts.get('arrivals checked')).toBeGreaterThan(0);
  expect(counts.get('ended delivered')).toBeGreaterThan(0);
}, 240_000);

describe('the plan of a round', () => {
  const plan = (seed: number, round: number, kills = 20) =>
    planRound({ seed, round, kills, slots: 2, withDisk: true });

  test('is the same for the same seed and round, and another for another', () => {
    expect(plan(7, 3)).toEqual(plan(7, 3));
    expect(plan(7, 3)).not.toEqual(plan(7, 4));
    expect(plan(7, 3)).not.toEqual(plan(8, 3));
  });

  test('has as many kills as were asked for', () => {
    for (const kills of [1, 6, 20, 33]) {
      const { gateways, ground } = plan(1, 1, kills);
      const faults = [...gateways.flat(), ...ground.map(({ fault }) => fault)];
      expect(faults.filter(isKill)).toHaveLength(kills);
    }
  });
});

describe('the line of the fault proxy', () => {
  const open: { close(): unknown }[] = [];

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  /** Says back what it hears, twice. */
  async function echo(
    line: Line,
  ): Promise<{ proxy: FaultProxy; socket: Socket; heard: () => string }> {
    const server = createServer((far) => {
      far.on('error', () => undefined);
      far.on('data', (bytes) => far.write(Buffer.concat([bytes, bytes])));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = await startProxy(() => (server.address() as AddressInfo).port);
    proxy.behave(line);
    const socket = connect(proxy.port, '127.0.0.1');
    open.push(server, proxy, { close: () => socket.destroy() });
    socket.on('error', () => undefined);
    let heard = '';
    socket.on('data', (bytes: Buffer) => (heard += bytes.toString()));
    return { proxy, socket, heard: () => heard };
  }

  test('passes bytes on, at once or late', async () => {
    for (const line of [{ kind: 'pass' }, { kind: 'delay', ms: 30 }] satisfies Line[]) {
      const { socket, heard } = await echo(line);
      socket.write('ab');
      await until('the echo', () => heard() === 'abab');
    }
  });

  test('refuses, resets and truncates', async () => {
    for (const [line, rest] of [
      [{ kind: 'refuse' }, ''],
      [{ kind: 'reset', afterBytes: 1 }, ''],
      [{ kind: 'truncate', afterBytes: 3 }, 'aba'],
    ] satisfies [Line, string][]) {
      const { socket, heard } = await echo(line);
      socket.write('ab');
      await new Promise<void>((resolve) => socket.once('close', () => resolve()));
      expect(heard()).toBe(rest);
    }
  });

  test('is half open when frozen, for ever, while new connections pass', async () => {
    const { proxy, socket, heard } = await echo({ kind: 'freeze' });
    await once(socket, 'connect');
    socket.write('ab');
    proxy.behave({ kind: 'pass' });
    const next = connect(proxy.port, '127.0.0.1');
    open.push({ close: () => next.destroy() });
    next.write('cd');
    const [bytes] = (await once(next, 'data')) as [Buffer];
    expect(bytes.toString()).toBe('cdcd');
    socket.write('ef');
    expect(heard()).toBe('');
    expect(socket.destroyed).toBe(false);
  });
});

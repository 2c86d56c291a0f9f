/** Turns: a client alone has no limit, one beside others its share, and a full queue says no. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFairTurns, type FairLimits } from '#src/base/fair-turns.ts';
import { until } from '#test/support/wait.ts';

const limits: FairLimits = {
  ...{ atOnceMax: 16, waitingMax: 10, waitMsMax: 60_000 },
  ...{ refuseMs: 1, presentMs: 10_000 },
};

interface Asked {
  client: string;
  state: 'waiting' | 'under way' | 'refused' | 'left';
  leave: () => void;
}

/** Turns at times that a test says, and every request with what became of it. */
function open(change: Partial<FairLimits> = {}) {
  let at = 0;
  const turns = createFairTurns({ now: () => at }, { ...limits, ...change });
  const all: Asked[] = [];
  const ask = (client: string): Asked => {
    const asked: Asked = { client, state: 'waiting', leave: () => undefined };
    all.push(asked);
    const leave = turns.take(client, {
      go: () => void (asked.state = 'under way'),
      refuse(error) {
        expect(error).toMatchObject({ code: 'TOO_MANY_REQUESTS', retryAfterSeconds: 1 });
        asked.state = 'refused';
      },
    });
    asked.leave = () => {
      leave();
      if (asked.state !== 'refused') asked.state = 'left';
    };
    return asked;
  };
  return {
    ask,
    askMany: (client: string, count: number) => Array.from({ length: count }, () => ask(client)),
    count: (client: string, state: Asked['state']) =>
      all.filter((one) => one.client === client && one.state === state).length,
    pass: (ms: number) => void (at += ms),
  };
}

test('a client alone is never made to wait, however much it asks', () => {
  const { askMany, count } = open();
  askMany('emr', 1_000);
  expect(count('emr', 'under way')).toBe(1_000);
});

test('beside another a client has half under way, a queue, and then it is refused', async () => {
  const { ask, askMany, count } = open();
  ask('vendor').leave();
  askMany('emr', 30);
  expect(count('emr', 'under way')).toBe(8);
  expect(ask('vendor').state).toBe('under way');
  await until('the refusals', () => count('emr', 'refused') === 12);
  expect(count('emr', 'waiting')).toBe(10);
});

test('whose queue is long holds up nobody else, and is worked for in its order', () => {
  const { ask, askMany } = open();
  ask('vendor').leave();
  const asked = askMany('emr', 18);
  for (const [place, { leave }] of asked.slice(0, 10).entries()) {
    expect(asked[8 + place]?.state).toBe('waiting');
    leave();
    expect(asked[8 + place]?.state).toBe('under way');
    const vendor = ask('vendor');
    expect(vendor.state).toBe('under way');
    vendor.leave();
  }
});

test('what waits goes on at the next end after the others have been away for a while', () => {
  const { ask, askMany, count, pass } = open();
  ask('vendor').leave();
  const asked = askMany('emr', 18);
  pass(limits.presentMs);
  asked[0]?.leave();
  expect(count('emr', 'waiting')).toBe(0);
  askMany('emr', 100);
  expect(count('emr', 'under way')).toBe(117);
});

test('a client counts as present while a request of its own is under way', () => {
  const { ask, askMany, count, pass } = open();
  ask('vendor');
  pass(limits.presentMs * 10);
  askMany('emr', 30);
  expect(count('emr', 'under way')).toBe(8);
});

test('what was begun alone goes on, and the next waits until enough of it has ended', () => {
  const { ask, askMany, count } = open();
  const asked = askMany('emr', 64);
  const vendor = ask('vendor');
  expect(vendor.state).toBe('under way');
  vendor.leave();
  const next = ask('emr');
  for (const { leave } of asked.slice(0, 56)) leave();
  expect(next.state).toBe('waiting');
  asked[56]?.leave();
  expect(next.state).toBe('under way');
  expect(count('emr', 'under way')).toBe(8);
});

test('the more clients ask, the smaller is the share of each, and never less than four', () => {
  const { ask, askMany, count } = open();
  const clients = ['emr', 'a', 'b', 'c'];
  for (const client of clients) ask(client);
  for (const client of clients.toReversed()) askMany(client, 10);
  expect(count('emr', 'under way')).toBe(4);
  const others = Array.from({ length: 40 }, (_, number) => `client-${number}`);
  for (const client of others) expect(ask(client).state).toBe('under way');
  for (const client of others) expect(askMany(client, 3).at(-1)?.state).toBe('under way');
  expect(ask('client-0').state).toBe('waiting');
});

test('who leaves the queue is not called, and their place is free', () => {
  const { ask, askMany, count } = open();
  ask('vendor').leave();
  const asked = askMany('emr', 18);
  for (const { leave } of asked.slice(8)) leave();
  expect(ask('emr').state).toBe('waiting');
  for (const { leave } of asked.slice(0, 8)) leave();
  expect(count('emr', 'under way')).toBe(1);
  expect(count('emr', 'left')).toBe(18);
});

test('a turn that is given back twice is free once', () => {
  const { ask, askMany, count } = open();
  ask('vendor').leave();
  const [first] = askMany('emr', 18);
  first?.leave();
  first?.leave();
  expect(count('emr', 'under way')).toBe(8);
});

test('who has waited for too long is refused, and those behind keep their order', async () => {
  const { ask, askMany, count } = open({ waitMsMax: 1 });
  ask('vendor').leave();
  const asked = askMany('emr', 18);
  await until('the refusals', () => count('emr', 'refused') === 10);
  expect(count('emr', 'waiting')).toBe(0);
  const next = ask('emr');
  asked[0]?.leave();
  expect(next.state).toBe('under way');
});

test('whatever comes and goes: nobody has more than its share, and nobody waits with room', () => {
  const client = fc.constantFrom('emr', 'samkwang', 'eone');
  const step = fc.oneof(
    fc.record({ what: fc.constant('ask' as const), client }),
    fc.record({ what: fc.constant('leave' as const), which: fc.nat(100) }),
    fc.record({ what: fc.constant('pass' as const), ms: fc.nat(12_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { ask, count, pass } = open();
      const asked: Asked[] = [];
      for (const one of steps) {
        if (one.what === 'ask') asked.push(ask(one.client));
        else if (one.what === 'pass') pass(one.ms);
        else asked[one.which]?.leave();
        for (const name of ['emr', 'samkwang', 'eone']) {
          if (count(name, 'waiting') > 0)
            expect(count(name, 'under way')).toBeGreaterThanOrEqual(5);
        }
      }
      for (const { leave } of asked) leave();
      expect(asked.every(({ state }) => state === 'left' || state === 'refused')).toBe(true);
      expect(ask('emr').state).toBe('under way');
    }),
  );
});

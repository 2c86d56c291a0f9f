import { describe, expect, it } from 'vitest';
import { createStateCache } from '#src/access/state-cache.ts';

/** A row that can change, a clock that can be moved, and reads that end when they are let go. */
function scene() {
  const state = { value: 'active', nowMs: 1_000_000, reads: 0, gate: Promise.resolve() };
  const cache = createStateCache({
    now: () => state.nowMs,
    read: async () => {
      state.reads += 1;
      const { value } = state;
      await state.gate;
      return value;
    },
  });
  return { state, cache };
}

describe('the memory for states', () => {
  it('answers from memory for less than 4 seconds, then asks again', async () => {
    const { state, cache } = scene();
    expect(await cache.read('emr')).toBe('active');
    state.value = 'revoked';
    state.nowMs += 3_999;
    expect(await cache.read('emr')).toBe('active');
    state.nowMs += 1;
    expect(await cache.read('emr')).toBe('revoked');
    expect(state.reads).toBe(2);
  });

  it('reads once for any number of readers at the same time', async () => {
    const { state, cache } = scene();
    const answers = await Promise.all(Array.from({ length: 50 }, () => cache.read('emr')));
    expect(new Set(answers)).toEqual(new Set(['active']));
    expect(state.reads).toBe(1);
  });

  it('refuses an answer that took longer than an entry may live', async () => {
    const { state, cache } = scene();
    const { promise, resolve } = Promise.withResolvers<void>();
    state.gate = promise;
    const slow = cache.read('emr');
    state.nowMs += 4_000;
    resolve();
    await expect(slow).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await cache.read('emr')).toBe('active');
  });

  it('asks again after a failure, after forgetting, and when the clock was set back', async () => {
    const { state, cache } = scene();
    state.gate = Promise.reject(new Error('lost'));
    await expect(cache.read('emr')).rejects.toThrow('lost');
    state.gate = Promise.resolve();
    expect(await cache.read('emr')).toBe('active');
    cache.forget('emr');
    await cache.read('emr');
    expect(state.reads).toBe(3);
    state.nowMs -= 10_000;
    await cache.read('emr');
    expect(state.reads).toBe(4);
  });

  it('has a limit, and forgets the oldest first', async () => {
    const { state, cache } = scene();
    for (let count = 0; count <= 1_000; count += 1) await cache.read(`client-${count}`);
    await cache.read('client-1000');
    expect(state.reads).toBe(1_001);
    await cache.read('client-0');
    expect(state.reads).toBe(1_002);
  });
});

/** What every test file does beside its own tests; vitest runs it before each. */
import { afterEach, expect } from 'vitest';
import { takeFaults } from './checked-replies.ts';

afterEach(() => {
  expect(takeFaults()).toEqual([]);
});

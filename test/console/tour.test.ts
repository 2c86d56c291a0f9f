/**
 * Every page of the console, as each role and in both languages, at a gateway that the demo filled.
 * What it looked like is left in coverage/console.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rootDir } from '#src/bin/settings.ts';
import { openDemoHouse, type DemoHouse } from './demo-house.ts';
import type { StaffRole } from './support.ts';

let house: DemoHouse;
/** What stands for the parts of an address that the demo decides. */
let parts: Record<string, string>;

const shots = join(rootDir, 'coverage/console');

beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  house = await openDemoHouse(68);
  const auditor = await house.as('auditor');
  const found = await auditor.fetch('/v1/audit/transfers?consignee=engitech&limit=1');
  const { items } = (await found.json()) as { items: { id: string }[] };
  const kept = await auditor.fetch('/v1/audit/reviews');
  const reviews = (await kept.json()) as { items: { period: string }[] };
  parts = { ':id': items[0]?.id ?? '', ':period': reviews.items[0]?.period ?? '' };
}, 180_000);

afterAll(() => house?.close());

type Name = keyof typeof pages;

const everyone: readonly StaffRole[] = ['privacy-officer', 'auditor', 'operator'];
const readers: readonly StaffRole[] = ['privacy-officer', 'auditor'];
const officer: readonly StaffRole[] = ['privacy-officer'];

/** Every page: where it is, what the bar calls it, and whom it is for. */
const pages = {
  overview: ['/', 'Overview', everyone],
  transfers: ['/transfers?consignee=engitech', 'Transfers', readers],
  transfer: ['/transfers/:id', null, readers],
  contracts: ['/contracts', 'Contracts', everyone],
  contract: ['/contracts/samkwang', null, everyone],
  deliveries: ['/deliveries', 'Deliveries', everyone],
  delivery: ['/deliveries/samkwang', null, everyone],
  reviews: ['/reviews', 'Reviews', readers],
  review: ['/reviews/:period', null, readers],
  person: ['/person', 'Person', readers],
  try: ['/try', 'Try a record', officer],
} as const satisfies Record<string, readonly [string, string | null, readonly StaffRole[]]>;

const names = Object.keys(pages) as Name[];
const isFor = (role: StaffRole, name: Name) => pages[name][2].includes(role);
const addressOf = (name: Name) =>
  `${house.url}/console${pages[name][0].replace(/:\w+/, (part) => parts[part] ?? '')}`;

/** How far things jumped while the page came (Layout Instability API); 0 is not at all. */
const jumps = `new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) sum += hadRecentInput ? 0 : value;
  }).observe({ type: 'layout-shift', buffered: true });
  requestAnimationFrame(() => setTimeout(() => resolve(sum), 0));
})`;
/** What web.dev calls good. */
const jumpMax = 0.1;

/** By how much the page is wider than its window. */
const overflow =
  'Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)';

/** Fits every width; leaves pictures of the widest and the narrowest. */
async function look(page: Page, name: Name, label: string): Promise<void> {
  for (const width of [390, 768, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    expect([name, width, await page.evaluate(overflow)]).toEqual([name, width, 0]);
    const path = join(shots, `${name}-${label}-${width}.png`);
    if (width !== 768) await page.screenshot({ path, fullPage: true });
  }
}

/** Each page is judged once in each language, in light and in dark. */
async function judge(page: Page, name: Name): Promise<void> {
  expect([name, await house.office.faultsOf(page)]).toEqual([name, []]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect([name, await house.office.faultsOf(page, ['color-contrast'])]).toEqual([name, []]);
  await page.emulateMedia({ colorScheme: 'light' });
}

describe.each(['en', 'ko'] as const)('in %s', (language) => {
  test.each(everyone)('%s', { timeout: 120_000 }, async (role) => {
    const page = await house.office.seat(role, { language });
    if (language === 'en') {
      const bar = names.filter((name) => isFor(role, name)).map((name) => pages[name][1]);
      const shown = await page.locator('.bar nav a').allTextContents();
      expect(shown).toEqual(bar.filter((text) => text !== null));
    }
    for (const name of names.filter((one) => isFor(role, one))) {
      await page.goto(addressOf(name));
      await house.office.settled(page);
      const jumped = await page.evaluate<number>(jumps);
      expect([name, jumped, jumped < jumpMax]).toEqual([name, jumped, true]);
      expect(await page.getAttribute('html', 'lang')).toBe(language);
      expect([name, await page.locator('[role=alert]').allTextContents()]).toEqual([name, []]);
      // An auditor's pages are the privacy officer's, less what is only the officer's.
      if (role === 'auditor') continue;
      if (role === 'privacy-officer' || language === 'en') await judge(page, name);
      await look(page, name, `${role}-${language}`);
    }
    await page.context().close();
  });
});

test.each(everyone)(
  'what is not for %s is not shown to them, also by its address',
  async (role) => {
    const page = await house.office.seat(role);
    for (const name of names.filter((one) => !isFor(role, one))) {
      await page.goto(addressOf(name));
      await page.getByText('Your role does not include this page.').waitFor();
    }
    await page.context().close();
  },
);

test('no page broke its policy, or anything else', () => {
  expect(house.office.complaints).toEqual([]);
});

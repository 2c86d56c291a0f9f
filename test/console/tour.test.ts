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
/** A transfer of the demo. */
let transfer: string;

const shots = join(rootDir, 'coverage/console');

beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  house = await openDemoHouse(170);
  const auditor = await house.as('auditor');
  const reply = await auditor.fetch(
    '/v1/audit/transfers?consignee=engitech&status=delivered&limit=1',
  );
  const { items } = (await reply.json()) as { items: { id: string }[] };
  transfer = items[0]?.id ?? '';
}, 180_000);

afterAll(() => house?.close());

/** Every page, and whom it is for. */
const pages = {
  overview: ['/', 'all'],
  transfers: ['/transfers', 'readers'],
  transfer: ['/transfers/:id', 'readers'],
  contracts: ['/contracts', 'all'],
  contract: ['/contracts/samkwang', 'all'],
  deliveries: ['/deliveries', 'all'],
  delivery: ['/deliveries/samkwang', 'all'],
} as const;

type Name = keyof typeof pages;

const names = Object.keys(pages) as Name[];
const isFor = (role: StaffRole, name: Name) => role !== 'operator' || pages[name][1] === 'all';

async function visit(page: Page, name: Name): Promise<void> {
  const path = pages[name][0].replace(':id', transfer);
  await page.goto(`${house.url}/console${path}`);
  await house.office.settled(page);
}

const widths = [1280, 768, 390];

describe.each(['en', 'ko'] as const)('in %s', (language) => {
  test.each(['privacy-officer', 'auditor', 'operator'] as const)(
    '%s',
    async (role) => {
      const page = await house.office.seat(role, { language });
      for (const name of names.filter((one) => isFor(role, one))) {
        await visit(page, name);
        expect(await page.getAttribute('html', 'lang')).toBe(language);
        expect([name, await page.locator('[role=alert]').allTextContents()]).toEqual([name, []]);
        expect([name, await house.office.faultsOf(page)]).toEqual([name, []]);
        for (const width of widths) {
          await page.setViewportSize({ width, height: 900 });
          const wide = await page.evaluate('document.documentElement.scrollWidth');
          expect([name, wide]).toEqual([name, width]);
          const path = join(shots, `${name}-${role}-${language}-${width}.png`);
          await page.screenshot({ path, fullPage: true });
        }
        await page.setViewportSize({ width: 1280, height: 900 });
      }
      await page.context().close();
    },
    120_000,
  );
});

test('no page broke its policy, or anything else', () => {
  expect(house.office.complaints).toEqual([]);
});

/**
 * The three pictures in README: of the console as it is now. After a change of its sources,
 * `UPDATE_SCREENS=1 npx vitest run test/console/screens.test.ts` takes them anew, at the demo.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { rootDir } from '#src/bin/settings.ts';
import { openDemoHouse } from './demo-house.ts';

const folder = join(rootDir, 'docs/screens');
const digestFile = join(folder, 'sources.sha256');

/** What decides how the console looks. */
function digestOfSources(): string {
  const sources = join(rootDir, 'console/src');
  const hash = createHash('sha256');
  const files = readdirSync(sources, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  for (const file of files.toSorted()) {
    hash
      .update(`${relative(sources, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

async function takePictures(): Promise<void> {
  const house = await openDemoHouse(340);
  try {
    const auditor = await house.as('auditor');
    const found = await auditor.fetch('/v1/audit/transfers?consignee=samkwang&limit=1');
    const { items } = (await found.json()) as { items: { id: string }[] };
    const pages = {
      contracts: ['/contracts', 'en'],
      transfer: [`/transfers/${items[0]?.id}`, 'en'],
      overview: ['/', 'ko'],
    } as const;
    for (const [name, [path, language]] of Object.entries(pages)) {
      const page = await house.office.seat('privacy-officer', { language });
      await page.goto(`${house.url}/console${path}`);
      await house.office.settled(page);
      await page.screenshot({ path: join(folder, `${name}.png`) });
      await page.context().close();
    }
  } finally {
    await house.close();
  }
  writeFileSync(digestFile, `${digestOfSources()}\n`);
}

test('the pictures in README are of the console as it is', { timeout: 180_000 }, async () => {
  if (process.env['UPDATE_SCREENS'] === '1') await takePictures();
  expect(readFileSync(digestFile, 'utf8').trim()).toBe(digestOfSources());
  const shown = [
    ...readFileSync(join(rootDir, 'README.md'), 'utf8').matchAll(/\((docs\/screens\/\S+)\)/g),
  ].map(([, path = '']) => path);
  expect(shown).toHaveLength(3);
  for (const path of shown) expect([path, existsSync(join(rootDir, path))]).toEqual([path, true]);
});

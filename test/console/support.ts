/** People at the console: a browser for each, signed in as they would be. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Role } from '#src/base/words.ts';
import { axeSource, startBrowser } from '#test/support/browser.ts';
import type { TestGateway, World } from '#test/support/gateway.ts';
import { makePerson, password, type Authenticator } from '#test/support/people.ts';

export type StaffRole = Extract<Role, 'auditor' | 'privacy-officer' | 'operator'>;

interface Seat {
  /** Where they go first. */
  path?: string;
  language?: 'en' | 'ko';
  width?: number;
  theme?: 'light' | 'dark';
}

export type Office = Awaited<ReturnType<typeof furnish>>;

/** The browser and the accounts of a test file. Close it at the end. */
export const openOffice = (world: World, gateway: TestGateway) =>
  furnish(gateway.url, (role) => makePerson(world, gateway, [role]));

type Hire = (role: StaffRole) => Promise<[id: string, phone: Authenticator]>;

/** An office at any gateway, where somebody can give people their accounts. */
export async function furnish(url: string, hire: Hire) {
  const browser: Browser = await startBrowser();
  const axe = await axeSource();
  /** What pages broke: their policy, a script, an address that is not there. */
  const complaints: string[] = [];
  /** One sign-in serves all windows of a role: the session's cookie is the same browser's. */
  const signedIn = new Map<StaffRole, Awaited<ReturnType<BrowserContext['storageState']>>>();

  /** A browser of its own, in which nobody is signed in. */
  async function open(
    { language = 'en', width = 1280, theme = 'light' }: Seat = {},
    role?: StaffRole,
  ) {
    const state = role && signedIn.get(role);
    const context = await browser.newContext({
      ...{ locale: language === 'ko' ? 'ko-KR' : 'en-GB', viewport: { width, height: 900 } },
      ...{ colorScheme: theme, acceptDownloads: true, ...(state && { storageState: state }) },
    });
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    return page;
  }

  /** A page of the console, opened by somebody of that role. */
  async function seat(role: StaffRole, place: Seat = {}): Promise<Page> {
    const page = await open(place, role);
    const path = place.path ?? '/console/';
    if (!signedIn.has(role)) {
      const [id, phone] = await hire(role);
      await signIn(page, url + path, id, phone);
      const state = await page.context().storageState();
      signedIn.set(role, { cookies: state.cookies, origins: [] });
      return page;
    }
    await page.goto(url + path);
    await page.waitForSelector('header.bar');
    return page;
  }

  /** What axe finds on the page as it stands; of these rules, or of all. */
  async function faultsOf(page: Page, rules?: readonly string[]): Promise<unknown[]> {
    await page.evaluate(axe);
    const options = {
      ...{ resultTypes: ['violations'], preload: false },
      ...(rules && { runOnly: { type: 'rule', values: rules } }),
    };
    const found = await page.evaluate(`axe.run(${JSON.stringify(options)})`);
    return (found as { violations: { id: string; nodes: { html: string }[] }[] }).violations.map(
      ({ id, nodes }) => [id, nodes.map(({ html }) => html)],
    );
  }

  /** Waits until nothing on the page is still being loaded. */
  async function settled(page: Page): Promise<void> {
    await page.waitForSelector('h1');
    await page.waitForSelector('.waiting', { state: 'detached' });
  }

  return { open, seat, settled, faultsOf, complaints, close: () => browser.close() };
}

/** Signs in at the gateway's own page, with a code of the phone. */
export async function signIn(page: Page, url: string, id: string, phone: Authenticator) {
  await page.goto(url);
  await page.fill('input[name=account]', id);
  await page.fill('input[name=password]', password);
  await page.fill('input[name=code]', phone.next());
  await page.click('button[type=submit]');
  await page.waitForSelector('header.bar');
}

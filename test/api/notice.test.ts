/** The notice's page, looked at by a real browser: readable by everyone, and asking nobody else. */
import { request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBoard } from '#api/notice/board.ts';
import { noticePage } from '#api/notice/page.ts';
import { createNoticePages } from '#api/notice/routes.ts';
import { notice, type Notice } from '#src/agreements/notice.ts';
import { axeSource, startBrowser } from '#test/support/browser.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { sampleAgreements, sampleDay, sampleStanding } from '#test/support/notice-sample.ts';

const agreements = sampleAgreements({ isDemo: true });
const standing = sampleStanding(agreements);
const sample = notice(agreements, standing, sampleDay);
const bare: Notice = {
  ...{
    asOf: sampleDay,
    clinic: null,
    demoSigned: false,
    consignees: [],
    upcoming: [],
    history: [],
  },
};

let today = sampleDay;
let seen = standing;
const board = createBoard({
  ...{ agreements, standing: { current: () => seen }, clock: { today: () => today } },
});
let server: Server;
let origin: string;
let browser: Browser;
let page: Page;
const requested: string[] = [];

beforeAll(async () => {
  const app = express().disable('etag');
  app.use('/notice', createNoticePages(board));
  app.get('/bare/:language', (request, response) => {
    response.send(noticePage(bare, request.params.language === 'ko' ? 'ko' : 'en'));
  });
  await new Promise<void>((resolve) => {
    server = app.listen(0, '127.0.0.1', () => resolve());
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await startBrowser();
  page = await browser.newPage();
  page.on('request', (asked) => requested.push(asked.url()));
});

afterAll(async () => {
  await browser.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

const desktop = { width: 1280, height: 900 };
const phone = { width: 360, height: 740 };
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Finding {
  id: string;
  nodes: { target: unknown; failureSummary?: string }[];
}

/** What axe finds on the page as it is now; it is put there first. */
async function findings(): Promise<string[]> {
  const found = await page.evaluate<Finding[]>(
    `axe.run({ runOnly: ${JSON.stringify(tags)} }).then(({ violations }) => violations)`,
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${String(target)} ${failureSummary ?? ''}`),
  );
}

async function open(path: string): Promise<void> {
  await page.goto(`${origin}${path}`);
}

describe('the page', () => {
  it.each(['en', 'ko'])('has nothing that axe objects to, in %s', async (language) => {
    await open(`/notice?lang=${language}`);
    await page.locator('summary').click();
    await page.evaluate(await axeSource());
    for (const viewport of [desktop, phone]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        expect([viewport.width, colorScheme, await findings()]).toEqual([
          ...[viewport.width, colorScheme, []],
        ]);
      }
    }
  });

  it('has nothing that axe objects to where there is nothing to show', async () => {
    for (const language of ['en', 'ko']) {
      await open(`/bare/${language}`);
      await page.evaluate(await axeSource());
      expect(await findings()).toEqual([]);
    }
    await page.emulateMedia({ colorScheme: 'light' });
  });

  it.each(['en', 'ko'])('fits a phone without scrolling sideways, in %s', async (language) => {
    await open(`/notice?lang=${language}`);
    await page.locator('summary').click();
    for (const width of [320, 360, 700, 961, 1280]) {
      await page.setViewportSize({ width, height: 740 });
      const wide = await page.evaluate<string[]>(
        `[...document.querySelectorAll('body *:not(thead *)')]
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5)
          .map((one) => one.outerHTML.slice(0, 80))`,
      );
      expect([width, wide]).toEqual([width, []]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
  });

  it('is walked through by keyboard, from a link that skips to the notice', async () => {
    await page.setViewportSize(desktop);
    await open('/notice?lang=en');
    const reached = new Set<string>();
    const here = () =>
      page.evaluate<string>(
        `document.activeElement === document.body ? '' : document.activeElement.outerHTML`,
      );
    await page.keyboard.press('Tab');
    expect(await here()).toContain('class="skip"');
    expect(await page.locator('.skip').boundingBox()).toMatchObject({ y: 8 });
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    await open('/notice?lang=en');
    const stops = await page.locator('a, summary').count();
    for (let at = 0; at < stops; at += 1) {
      await page.keyboard.press('Tab');
      reached.add(`${at} ${await here()}`);
    }
    expect([...reached].filter((one) => /<(a|summary)\b/.test(one))).toHaveLength(stops);
    expect(await page.evaluate<boolean>(`document.activeElement.matches('footer a')`)).toBe(true);
  });

  it('has its headings in order, and every place that it links to', async () => {
    await open('/notice?lang=ko');
    const levels = await page.evaluate<number[]>(
      `[...document.querySelectorAll('h1, h2, h3, h4')].map(({ tagName }) => Number(tagName[1]))`,
    );
    expect(levels[0]).toBe(1);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.forEach((level, at) => expect(level).toBeLessThanOrEqual((levels[at - 1] ?? 0) + 1));
    const missing = await page.evaluate(
      `[...document.querySelectorAll('a[href^="#"]')]
        .filter((one) => !document.getElementById(one.hash.slice(1))).length`,
    );
    expect(missing).toBe(0);
  });

  it('prints whole on A4: history open, table headers repeated, nothing to click', async () => {
    await page.setViewportSize({ width: 703, height: 1000 });
    await open('/notice?lang=en');
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const shown = async (selector: string) =>
      (await page.locator(selector).last().boundingBox())?.height ?? 0;
    expect(await shown('details table tbody tr')).toBeGreaterThan(10);
    for (const hidden of ['nav', 'summary', '.skip', 'footer']) {
      expect([hidden, await shown(hidden)]).toEqual([hidden, 0]);
    }
    const style = (selector: string, name: string) =>
      page.evaluate(
        `getComputedStyle(document.querySelector(${JSON.stringify(selector)}))[${JSON.stringify(name)}]`,
      );
    expect(await style('thead', 'display')).toBe('table-header-group');
    expect(await style('tbody tr', 'display')).toBe('table-row');
    expect(await style('body', 'backgroundColor')).toBe('rgb(255, 255, 255)');
    await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
  });

  it('asked nobody but this gateway, and for nothing but a page and its style', () => {
    const paths = new Set(
      requested.map((url) => new URL(url)).map((url) => url.origin + url.pathname),
    );
    expect([...paths].toSorted()).toEqual(
      ['/bare/en', '/bare/ko', '/notice', '/notice/style.css'].map((path) => origin + path),
    );
  });
});

describe('what the page says', () => {
  const text = (language: 'en' | 'ko', made: Notice = sample) =>
    noticePage(made, language)
      .replaceAll(/<\/?(time|a|b|small|span|wbr)\b[^>]*>/g, '')
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&')
      .replaceAll(/\s+/g, ' ');

  it.each(['en', 'ko'] as const)('is every fact of the JSON, in %s', (language) => {
    const all = text(language);
    for (const row of sample.consignees) {
      const { name, address, work, purpose, retention, contact, items, subConsignees } = row;
      const told = [name, address, work, purpose, retention, contact.department]
        .concat(items.flatMap(({ label, meaning }) => (meaning ? [label, meaning] : [label])))
        .concat(subConsignees.flatMap((one) => [one.name, one.work]));
      for (const words of told) expect(all).toContain(words[language]);
      expect(all).toContain(contact.email);
    }
    for (const { name, reason } of [...sample.upcoming]) {
      expect(all).toContain(name[language]);
      if (reason) expect(all).toContain(reason[language]);
    }
    for (const { name } of sample.history) expect(all).toContain(name[language]);
  });

  it('names the law, the clinic, whom to ask and the day in Seoul, in both languages', () => {
    const [en, ko] = [text('en'), text('ko')];
    expect(en).toContain('Under Article 26(2) of the Personal Information Protection Act and');
    expect(en).toContain('Article 28(2) of its Enforcement Decree, Sample Clinic publishes');
    expect(ko).toContain(
      '예시의원에서는 「개인정보 보호법」 제26조제2항 및 같은 법 시행령 제28조제2항',
    );
    for (const all of [en, ko]) expect(all).toContain('privacy@clinic.invalid');
    expect(en).toContain('As of 20 July 2026 (Seoul)');
    expect(ko).toContain('기준일 2026년 7월 20일 (서울 기준)');
  });

  it('tells what comes, what was, what is doubtful, and that signatures are for show', () => {
    const all = text('en');
    expect(all).toContain('Changes E-One Medical Foundation from 1 August 2026');
    expect(all).toContain('New consignee LCTech from 1 September 2026');
    expect(all).toContain('Ends Infinite on 31 December 2026 After this day nothing more is');
    expect(all).toMatch(/InfoNet version 1 1 January 2026 – 30 June 2026 Ended/);
    expect(all).toMatch(/Samkwang Medical Foundation version 1 .* 28 February 2026 Replaced/);
    const doubt = 'The legal basis for Resident Registration Number has not been confirmed yet.';
    expect(all.split(doubt)).toHaveLength(1 + 5);
    expect(all).toContain('This is a trial notice.');
    expect(text('en', { ...sample, demoSigned: false })).not.toContain('trial');
    expect(text('ko')).toContain('시험용 안내문입니다.');
  });

  it('says so where there is nothing: no contract, no change, no history, no clinic', () => {
    const all = text('en', bare);
    expect(all).toContain('No contract is in force');
    expect(all).toContain('No consignee passes its work on to others.');
    expect(all).toContain('No change has been announced.');
    expect(all).toContain('There is no earlier version.');
    expect(all).toContain('The clinic has not published a contact here yet.');
    expect(noticePage(bare, 'ko')).not.toMatch(/<table|undefined|null/);
  });

  it('holds no markup but its own, whatever a file says', () => {
    const sly = `<script>alert('"&')</script>`;
    const twisted = JSON.parse(
      JSON.stringify(sample, (key, value: unknown) =>
        key === 'en' || key === 'ko' || key === 'email' ? sly : value,
      ),
    ) as Notice;
    for (const language of ['en', 'ko'] as const) {
      const made = noticePage(twisted, language);
      expect(made).not.toMatch(/<script|\son\w+=|\sstyle=|src=/i);
      expect(made.split('&lt;script&gt;').length).toBeGreaterThan(100);
      expect(made).not.toContain(`'"&'`);
    }
  });
});

describe('over HTTP', () => {
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(origin + path, { headers });

  it.each([
    ['/notice', 'ko-KR,ko;q=0.9,en;q=0.5', 'ko'],
    ['/notice', 'de', 'en'],
    ['/notice?lang=ko', 'en', 'ko'],
    ['/notice?lang=en', 'ko', 'en'],
    ['/notice?lang=fr', 'ko', 'ko'],
    ['/notice?lang=ko&lang=en', 'ko', 'ko'],
  ])('%s for %s is in %s', async (path, preferred, language) => {
    const reply = await get(path, { 'accept-language': preferred });
    expect(reply.headers.get('content-language')).toBe(language);
    expect(reply.headers.get('vary')).toBe('Accept-Language');
    const text = await reply.text();
    expect(text).toContain(`<html lang="${language}">`);
    for (const other of ['en', 'ko']) expect(text).toContain(`hreflang="${other}"`);
  });

  it('may be kept for five minutes, and is not sent again to those who know it', async () => {
    for (const path of ['/notice?lang=en', '/notice?lang=ko', '/notice/style.css']) {
      const first = await get(path);
      expect(first.headers.get('cache-control')).toBe('public, max-age=300');
      const etag = first.headers.get('etag') ?? '';
      expect(etag).toMatch(/^"[\w-]{32}"$/);
      // With no-cache, as fetch adds to a conditional request, Express would answer in full.
      expect(await conditional(origin + path, `"other", W/${etag}`)).toEqual({
        status: 304,
        body: '',
      });
      expect((await conditional(origin + path, '"other"')).status).toBe(200);
    }
  });

  it('may load its own style and nothing else', async () => {
    const policy = (await get('/notice')).headers.get('content-security-policy');
    expect(policy).toBe((await get('/notice/style.css')).headers.get('content-security-policy'));
    expect(policy).toMatch(/^default-src 'none'; style-src 'self'; base-uri 'none';/);
    expect(await (await get('/notice/style.css')).text()).not.toMatch(/url\(|@import/);
  });

  it('is made once for each state, and anew on the next day', () => {
    const before = board.current();
    seen = { ...standing };
    expect(board.current()).toBe(before);
    expect(board.current().page('en')).toBe(before.page('en'));
    today = '2026-08-01';
    const after = board.current();
    expect(after.etag).not.toBe(before.etag);
    expect(after.page('en').etag).not.toBe(before.page('en').etag);
    expect(after.notice.consignees.find(({ consignee }) => consignee === 'eone')?.contract).toBe(
      'eone.v2',
    );
    [today, seen] = [sampleDay, standing];
    expect(board.current().etag).toBe(before.etag);
  });
});

/** As a cache asks: `fetch` would add `Cache-Control: no-cache`. */
function conditional(url: string, etag: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { 'if-none-match': etag } }, (reply) => {
      let body = '';
      reply.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

describe('a gateway', () => {
  let world: World;
  let gateway: TestGateway;
  beforeAll(async () => {
    world = await makeWorld();
    gateway = await startGateway(world);
  });
  afterAll(async () => {
    await gateway.stop();
    await world.close();
  });

  it('gives the same facts as JSON and as a page, to anyone, to be kept', async () => {
    const reply = await fetch(`${gateway.url}/v1/notice`);
    expect(reply.headers.get('cache-control')).toBe('public, max-age=300');
    const facts = (await reply.json()) as Notice;
    expect(facts.consignees).toHaveLength(17);
    expect(facts.clinic?.name.ko).toBe('예시의원');
    const etag = reply.headers.get('etag') ?? '';
    expect(await conditional(`${gateway.url}/v1/notice`, etag)).toEqual({ status: 304, body: '' });
    const shown = await fetch(`${gateway.url}/notice`, { headers: { 'accept-language': 'ko' } });
    expect(await shown.text()).toBe(noticePage(facts, 'ko'));
    expect(shown.headers.get('cache-control')).toBe('public, max-age=300');
  });
});

/** The notice as a clinic puts it on its site: one document without a script or another host. */
import type { Notice } from '#src/agreements/notice.ts';
import type { Language } from '../problem.ts';
import { html, nothing, type Html } from '../reference/html.ts';
import { voiceOf, type Voice } from './parts.ts';
import {
  consigneesSection,
  historySection,
  officerSection,
  subConsigneesSection,
  upcomingSection,
} from './sections.ts';
import { introOf, words } from './words.ts';

const languages: readonly { code: Language; name: string }[] = [
  { code: 'ko', name: '한국어' },
  { code: 'en', name: 'English' },
];

function alternates(): Html {
  const links = languages.map(
    ({ code }) => html`<link rel="alternate" hreflang="${code}" href="/notice?lang=${code}" />`,
  );
  return html`${links} <link rel="alternate" hreflang="x-default" href="/notice" />`;
}

function languageLinks({ language, say }: Voice): Html {
  const links = languages.map(({ code, name }) => {
    const current = code === language ? html` aria-current="true"` : nothing;
    const own = html`lang="${code}" hreflang="${code}"${current}`;
    return html`<li><a href="/notice?lang=${code}" ${own}>${name}</a></li>`;
  });
  return html`<nav aria-label="${say(words.language)}">
    <ul>
      ${links}
    </ul>
  </nav>`;
}

function contents({ say }: Voice): Html {
  const { consignees, subConsignees, upcoming, history, officer } = words;
  const places = { consignees, 'sub-consignees': subConsignees, upcoming, history, officer };
  const links = Object.entries(places).map(
    ([id, title]) => html`<li><a href="#${id}">${say(title)}</a></li>`,
  );
  return html`<nav class="contents" aria-label="${say(words.onThisPage)}">
    <ul>
      ${links}
    </ul>
  </nav>`;
}

function trialBanner({ say }: Voice): Html {
  return html`<p class="banner"><b>${say(words.trial)}</b> ${say(words.trialWhy)}</p>`;
}

function bodyOf(voice: Voice, notice: Notice): Html {
  const { say, day } = voice;
  const { clinic, asOf, demoSigned } = notice;
  return html`<a class="skip" href="#content">${say(words.skip)}</a>
    <header>
      <p class="clinic">${say(clinic?.name ?? words.theClinic)}</p>
      ${languageLinks(voice)}
    </header>
    <main id="content" tabindex="-1">
      <h1>${say(words.title)}</h1>
      ${demoSigned ? trialBanner(voice) : nothing}
      <p class="lead">${say(introOf(clinic?.name))}</p>
      <p class="quiet">${say(words.asOf)} ${day(asOf)} ${say(words.seoul)}</p>
      ${contents(voice)} ${consigneesSection(voice, notice)} ${subConsigneesSection(voice, notice)}
      ${upcomingSection(voice, notice)} ${historySection(voice, notice)}
      ${officerSection(voice, notice)}
    </main>
    <footer>
      <p><a href="/v1/notice">${say(words.asData)}</a></p>
    </footer>`;
}

/** The notice's page in one language, as a document. */
export function noticePage(notice: Notice, language: Language): string {
  const voice = voiceOf(language);
  const { say } = voice;
  const title = `${say(words.title)} · ${say(notice.clinic?.name ?? words.theClinic)}`;
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <meta name="description" content="${say(introOf(notice.clinic?.name))}" />
        ${alternates()}
        <link rel="stylesheet" href="/notice/style.css" />
      </head>
      <body>
        ${bodyOf(voice, notice)}
      </body>
    </html> `.html;
}

/** The accounting of disclosures as a document for the person: to be printed, and kept as it is. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Notice } from '#src/agreements/notice.ts';
import type { Moment, NamedItem, Terms } from '#src/oversight/disclosure-terms.ts';
import type { Disclosure, Disclosures, Recipient } from '#src/oversight/disclosures.ts';
import { doubtOf, timesOf, words } from './disclosures-words.ts';
import { facts, mailTo, section, table, versionOf, voiceOf, type Voice } from './notice/parts.ts';
import { classWords, words as noticeWords } from './notice/words.ts';
import type { Language } from './problem.ts';
import { html, nothing, type Html } from './reference/html.ts';

const styleOf = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const style = `${styleOf('./notice/style.css')}\n${styleOf('./disclosures-page.css')}`;
/** In one piece: the hash is over every character between its tags. */
const styleSheet: Html = { html: `<style>${style}</style>` };
const styleHash = createHash('sha256').update(style, 'utf8').digest('base64');

/** What the document may do, wherever it is opened: nothing but look as it does. */
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`;

/** The headers of the document. */
export const disclosuresPageHeaders = {
  'content-security-policy': `${policy}; frame-ancestors 'none'`,
  'content-type': 'text/html; charset=utf-8',
  'content-disposition': 'inline; filename="disclosures.html"',
};

/** What was asked for, and what it came to. */
export interface PageContent {
  found: Disclosures;
  clinic: Notice;
  /** Seoul days; null where it was not asked. */
  period: { from: string | null; to: string | null };
}

function itemNames({ say }: Voice, items: readonly NamedItem[]): Html {
  const names = items.map(({ label, class: itemClass }) => {
    const kind = itemClass === null ? undefined : classWords[itemClass];
    const name = kind ? html`${say(label)} <small>(${say(kind)})</small>` : html`${say(label)}`;
    return html`<li>${name}</li>`;
  });
  return html`<ul class="items">
    ${names}
  </ul>`;
}

function company(voice: Voice, { name, address, passesOnTo }: Terms): Html {
  const { say } = voice;
  const others = passesOnTo.map((one) => say(one.name)).join(', ');
  return html`${say(name)} ${address ? html`<p class="quiet">${say(address)}</p>` : nothing}
  ${others ? html`<p class="quiet">${say(words.passesOn)}: ${others}</p>` : nothing}`;
}

function purpose({ say }: Voice, terms: Terms): Html {
  return html`${say(terms.work ?? words.notKnown)}
  ${terms.purpose ? html`<p class="quiet">${say(terms.purpose)}</p>` : nothing}`;
}

function keptUntil(voice: Voice, { keptUntil: text, destruction, contract }: Terms): Html {
  const { say } = voice;
  return html`${say(text ?? words.notKnown)} ${destruction ? ended(voice, destruction) : nothing}
    <p class="quiet">${say(words.basis)}: ${versionOf(voice, contract.id)}</p>`;
}

function ended(
  { say, day }: Voice,
  { dueOn, destroyedOn }: { dueOn: string; destroyedOn: string | null },
): Html {
  return destroyedOn
    ? html`<p class="outcome">${say(words.destroyed)}: ${day(destroyedOn)}</p>`
    : html`<p class="outcome">${say(words.toDestroy)}: ${day(dueOn)}</p>`;
}

function span({ say, day }: Voice, { first, last, count }: Recipient): Html {
  if (first.date === last.date) {
    return html`${day(first.date)} (${say(count === 1 ? words.once : timesOf(count))})`;
  }
  return html`${day(first.date)} ~ ${day(last.date)} (${say(timesOf(count))})`;
}

function recipientsTable(voice: Voice, recipients: readonly Recipient[]): Html {
  const { say } = voice;
  return table(voice, {
    labelledBy: 'recipients',
    columns: [words.recipient, words.purpose, words.items, words.when, words.until],
    rows: recipients.map((one) => [
      company(voice, one),
      purpose(voice, one),
      itemNames(voice, one.items),
      html`${span(voice, one)}
      ${doubtOf(one.uncertain, one.turnedAway).map(
        (doubt) => html`<p class="quiet">${say(doubt)}</p>`,
      )}`,
      keptUntil(voice, one),
    ]),
  });
}

function cameBack(voice: Voice, results: readonly { moment: Moment; items: NamedItem[] }[]): Html {
  return html`${results.map(
    ({ moment, items }) => html`<div>${voice.day(moment.date)} ${itemNames(voice, items)}</div>`,
  )}`;
}

function list(voice: Voice, id: string, disclosures: readonly Disclosure[]): Html | undefined {
  if (disclosures.length === 0) return undefined;
  const columns = [words.day, words.recipient, words.items, words.became, words.cameBack];
  return table(voice, {
    labelledBy: id,
    columns,
    rows: disclosures.map((one) => [
      voice.day(one.moment.date),
      html`${voice.say(one.name)}`,
      itemNames(voice, one.items),
      html`<span class="outcome">${voice.say(one.words)}</span>`,
      cameBack(voice, one.results),
    ]),
  });
}

function sections(voice: Voice, found: Disclosures): Html {
  const { say } = voice;
  const { recipients, disclosures, next } = found;
  const isUnsent = ({ outcome }: Disclosure) => outcome === 'never-left';
  const heads = {
    recipients: { id: 'recipients', title: words.recipients, empty: words.recipientsEmpty },
    listed: { id: 'listed', title: words.listed, empty: words.listedEmpty },
    unsent: { id: 'unsent', title: words.unsent, empty: words.unsentEmpty },
  };
  const sent = list(
    voice,
    'listed',
    disclosures.filter((one) => !isUnsent(one)),
  );
  const unsent = list(voice, 'unsent', disclosures.filter(isUnsent));
  const more = next === null ? nothing : html`<p class="warning">${say(words.more)}</p>`;
  const who = recipients.length > 0 ? recipientsTable(voice, recipients) : undefined;
  return html`${section(voice, heads.recipients, who)}
  ${section(voice, heads.listed, sent && html`${more} ${sent}`)}
  ${
    unsent
      ? section(
          voice,
          heads.unsent,
          html`<p>${say(words.unsentWhat)}</p>
            ${unsent}`,
        )
      : nothing
  }`;
}

function periodOf({ language, say, day }: Voice, { from, to }: PageContent['period']): Html {
  if (from === null && to === null) return html`${say(words.wholePeriod)}`;
  const isKorean = language === 'ko';
  const since =
    from === null ? [] : [isKorean ? html`${day(from)}부터 ` : html`from ${day(from)} `];
  const until = to === null ? [] : [isKorean ? html`${day(to)}까지` : html`to ${day(to)}`];
  return html`${[...since, ...until]}`;
}

function head(voice: Voice, { found, period }: PageContent): Html {
  const { say, day } = voice;
  const { asOf, archivedBefore } = found;
  const archived = archivedBefore && html`${say(words.archived)} ${day(archivedBefore)}`;
  return html`<h1>${say(words.title)}</h1>
    <p class="lead">${say(words.intro)}</p>
    ${facts([
      [say(words.asOf), html`${day(asOf.date)} ${say(noticeWords.seoul)}`],
      [say(words.period), periodOf(voice, period)],
    ])}
    <div class="blank" role="group" aria-label="${say(words.about)}">
      <div>${say(words.nameLine)}</div>
      <div>${say(words.numberLine)}</div>
    </div>
    <p class="quiet"><small>${say(words.byHand)}</small></p>
    ${archived ? html`<p class="warning">${archived}</p>` : nothing}`;
}

/** Whom to ask, and for what. */
function officer(voice: Voice, { clinic }: Notice): Html {
  const { say } = voice;
  const { officer: title, officerEmpty: empty, email, phone } = noticeWords;
  const heads = { id: 'officer', title, empty };
  if (!clinic) return section(voice, heads, undefined);
  const { title: post, email: address, phone: number } = clinic.privacyOfficer;
  return section(
    voice,
    heads,
    html`<p>${say(words.officerIntro)}</p>
      ${facts([
        [say(clinic.name), html`${say(post)}`],
        [say(email), mailTo(address)],
        [say(phone), number ? html`${number}` : undefined],
      ])}`,
  );
}

/** The document in one language; it loads nothing and runs nothing. */
export function disclosuresPage(content: PageContent, language: Language): string {
  const voice = voiceOf(language);
  const { say } = voice;
  const { found, clinic } = content;
  const name = say(clinic.clinic?.name ?? noticeWords.theClinic);
  const empty = html`<p class="empty">${say(words.nothing)}</p>`;
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${say(words.title)} · ${name}</title>
        ${styleSheet}
      </head>
      <body>
        <header><p class="clinic">${name}</p></header>
        <main id="content">
          ${head(voice, content)} ${found.known ? sections(voice, found) : empty}
          ${officer(voice, clinic)}
        </main>
      </body>
    </html> `.html;
}

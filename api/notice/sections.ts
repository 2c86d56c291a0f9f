/** The sections of the notice's page: who, to whom they pass on, what will change, what was. */
import type { NoticeChange, NoticePast, NoticeTerm } from '#src/agreements/notice-life.ts';
import type { Notice, NoticeRow } from '#src/agreements/notice.ts';
import { daysAfter } from '#src/base/seoul.ts';
import type { Words } from '#src/base/words.ts';
import { html, nothing, type Html } from '../reference/html.ts';
import {
  facts,
  itemList,
  mailTo,
  meanings,
  noneOf,
  section,
  table,
  versionOf,
  warnings,
  type Voice,
} from './parts.ts';
import { subjectWords, termWords, words } from './words.ts';

/** In the order in which people look names up. */
function byName<T extends { name: Words }>({ language, say }: Voice, rows: readonly T[]): T[] {
  const { compare } = new Intl.Collator(language);
  return rows.toSorted((a, b) => compare(say(a.name), say(b.name)));
}

function consigneeCells(voice: Voice, row: NoticeRow): Html[] {
  const { say, day } = voice;
  const passesOn = row.subConsignees.map(
    ({ name }, at) => html`${at > 0 ? ', ' : ''}<a href="#sub-consignees">${say(name)}</a>`,
  );
  const until = row.validUntil
    ? html`<p class="quiet">${say(words.lastDay)}: ${day(row.validUntil)}</p>`
    : nothing;
  return [
    html`${say(row.name)}
      <p class="quiet">${say(row.address)}</p>`,
    html`${say(row.work)}
      <p class="quiet">${say(row.purpose)}</p>
      <p class="quiet">${say(termWords.subject)}: ${say(subjectWords[row.subject])}</p>
      ${
        passesOn.length > 0
          ? html`<p class="quiet">${say(words.passesOnTo)}: ${passesOn}</p>`
          : nothing
      }`,
    html`${itemList(voice, row.items)} ${meanings(voice, row.items)} ${warnings(voice, row)}`,
    html`${say(row.retention)}
      <p class="quiet">
        ${say(words.since)}: ${day(row.since)} (${versionOf(voice, row.contract)})
      </p>
      ${until}`,
    html`${say(row.contact.department)}
      <p class="quiet">${mailTo(row.contact.email)}</p>`,
  ];
}

export function consigneesSection(voice: Voice, { consignees }: Notice): Html {
  const id = 'consignees';
  const { consignee, work, items, retention, contact } = words;
  const rows = byName(voice, consignees).map((row) => consigneeCells(voice, row));
  const columns = [consignee, work, items, retention, contact];
  const content = rows.length > 0 ? table(voice, { labelledBy: id, columns, rows }) : undefined;
  return section(voice, { id, title: words.consignees, empty: words.consigneesEmpty }, content);
}

export function subConsigneesSection(voice: Voice, { consignees }: Notice): Html {
  const { say, day } = voice;
  const id = 'sub-consignees';
  const rows = byName(voice, consignees).flatMap(({ name, subConsignees }) =>
    subConsignees.map((one) => [
      html`${say(one.name)}`,
      html`${say(name)}`,
      html`${say(one.work)}`,
      itemList(voice, one.items),
      day(one.consentedOn),
    ]),
  );
  const { subConsignee, consignee, passedOnWork, items, consentedOn } = words;
  const columns = [subConsignee, consignee, passedOnWork, items, consentedOn];
  const content = html`<p>${say(words.subConsigneesIntro)}</p>
    ${table(voice, { labelledBy: id, columns, rows })}`;
  const heads = { id, title: words.subConsignees, empty: words.subConsigneesEmpty };
  return section(voice, heads, rows.length > 0 ? content : undefined);
}

/** What a term will be, once the version is in force. */
function termValue(voice: Voice, term: NoticeTerm, entry: NoticeRow): Html {
  const { say, day } = voice;
  switch (term) {
    case 'subject':
      return html`${say(subjectWords[entry.subject])}`;
    case 'meaning':
      return meanings(voice, entry.items);
    case 'validUntil':
      return entry.validUntil ? day(entry.validUntil) : html`${say(words.untilEnd)}`;
    case 'subConsignees': {
      const names = entry.subConsignees.map(
        ({ name, work, items }) =>
          html`<li>
            ${say(name)}: ${say(work)} (${items.map(({ label }) => say(label)).join(', ')})
          </li>`,
      );
      return names.length > 0
        ? html`<ul class="meanings">
            ${names}
          </ul>`
        : noneOf(voice);
    }
    case 'work':
    case 'purpose':
    case 'retention':
      return html`${say(entry[term])}`;
  }
}

function changeFacts(voice: Voice, change: NoticeChange): (readonly [string, Html | undefined])[] {
  const { say, day } = voice;
  const { reason, added, removed, terms, entry, ends } = change;
  const given = (items: typeof added) => (items.length > 0 ? itemList(voice, items) : undefined);
  const told = isNew(change) ? (['work', 'purpose', 'subject', 'retention'] as const) : terms;
  return [
    [say(words.reason), reason ? html`${say(reason)}` : undefined],
    [say(isNew(change) ? words.items : words.added), given(added)],
    [say(words.removed), ends ? undefined : given(removed)],
    ...(entry
      ? told.map((term) => [say(termWords[term]), termValue(voice, term, entry)] as const)
      : []),
    [say(words.noticedOn), day(change.noticedOn)],
  ];
}

/** A relation that begins: everything in it is new. */
function isNew({ added, removed, entry }: NoticeChange): boolean {
  return removed.length === 0 && added.length > 0 && added.length === entry?.items.length;
}

export function upcomingSection(voice: Voice, { upcoming }: Notice): Html {
  const { say } = voice;
  const articles = upcoming.map((change) => {
    const kind = change.ends ? words.ends : isNew(change) ? words.isNew : words.changes;
    return html`<article class="change">
      <h3>
        <span class="kind">${say(kind)}</span> ${say(change.name)}
        <span class="when">${whenOf(voice, change)}</span>
      </h3>
      ${change.ends ? html`<p>${say(words.endsWhat)}</p>` : nothing}
      ${facts(changeFacts(voice, change))} ${change.entry ? warnings(voice, change.entry) : nothing}
    </article>`;
  });
  const heads = { id: 'upcoming', title: words.upcoming, empty: words.upcomingEmpty };
  return section(voice, heads, articles.length > 0 ? html`${articles}` : undefined);
}

/** The first day of a version, or the last day of a relation. */
function whenOf({ language, day }: Voice, { from, ends }: NoticeChange): Html {
  if (ends) return html`${language === 'ko' ? '' : 'on '}${day(daysAfter(from, -1))}`;
  return language === 'ko' ? html`${day(from)}부터` : html`from ${day(from)}`;
}

function pastCells(voice: Voice, past: NoticePast): Html[] {
  const { say, day } = voice;
  const until = past.until ? day(past.until) : html`${say(words.notRecorded)}`;
  return [
    html`${say(past.name)}
      <p class="quiet">${versionOf(voice, past.contract)}</p>`,
    html`${day(past.from)} – ${until}`,
    html`${say(past.status === 'ended' ? words.ended : words.superseded)}`,
    itemList(voice, past.items),
  ];
}

export function historySection(voice: Voice, { history }: Notice): Html {
  const id = 'history';
  const { consignee, inForce, outcome, items } = words;
  const rows = history.map((past) => pastCells(voice, past));
  const columns = [consignee, inForce, outcome, items];
  const summary =
    voice.language === 'ko'
      ? `이전 내역 ${rows.length}건 보기`
      : `Show what was in force before (${rows.length})`;
  const content = html`<details>
    <summary>${summary}</summary>
    ${table(voice, { labelledBy: id, columns, rows })}
  </details>`;
  const heads = { id, title: words.history, empty: words.historyEmpty };
  return section(voice, heads, rows.length > 0 ? content : undefined);
}

export function officerSection(voice: Voice, { clinic }: Notice): Html {
  const { say } = voice;
  const heads = { id: 'officer', title: words.officer, empty: words.officerEmpty };
  if (!clinic) return section(voice, heads, undefined);
  const { title, email, phone } = clinic.privacyOfficer;
  const call = phone
    ? html`<a href="tel:${phone.replaceAll(/[^+\d]/g, '')}">${phone}</a>`
    : undefined;
  return section(
    voice,
    heads,
    html`<p>${say(words.officerIntro)}</p>
      ${facts([
        [say(clinic.name), html`${say(title)}`],
        [say(words.email), mailTo(email)],
        [say(words.phone), call],
      ])}`,
  );
}

/** The small parts of the notice's page: sentences, days, items and tables. */
import type { NoticeItem, NoticeRow } from '#src/agreements/notice.ts';
import type { Words } from '#src/base/words.ts';
import type { Language } from '../problem.ts';
import { html, nothing, type Html } from '../reference/html.ts';
import { classWords, warningOf, words } from './words.ts';

/** What every part of a page in one language needs. */
export interface Voice {
  language: Language;
  /** The sentence in the page's language. */
  say: (given: Words) => string;
  /** A Seoul day, `YYYY-MM-DD`, as people write it. */
  day: (date: string) => Html;
}

export function voiceOf(language: Language): Voice {
  const locale = language === 'ko' ? 'ko-KR' : 'en-GB';
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' });
  return {
    language,
    say: (given) => given[language],
    day(date) {
      const text = format.format(new Date(`${date}T00:00:00Z`));
      return html`<time datetime="${date}">${text}</time>`;
    },
  };
}

/** Items in a line, each with its class where that matters, and below them what they mean. */
export function itemList({ say }: Voice, items: readonly NoticeItem[]): Html {
  const names = items.map(({ label, class: itemClass }) => {
    const kind = classWords[itemClass];
    // In one piece: the comma that follows must not be set apart.
    const name = kind ? html`${say(label)} <small>(${say(kind)})</small>` : html`${say(label)}`;
    return html`<li>${name}</li>`;
  });
  return html`<ul class="items">
    ${names}
  </ul>`;
}

/** What items mean in a contract, for those whose label leaves it open. */
export function meanings({ say }: Voice, items: readonly NoticeItem[]): Html {
  const rows = items.flatMap(({ label, meaning }) =>
    meaning ? [html`<li><b>${say(label)}:</b> ${say(meaning)}</li>`] : [],
  );
  if (rows.length === 0) return nothing;
  return html`<ul class="meanings">
    ${rows}
  </ul>`;
}

/** The doubts about a row, in words. */
export function warnings({ say }: Voice, { items, warnings: codes }: NoticeRow): Html {
  const told = codes.flatMap((warning) => {
    const label = items.find(({ item }) => item === warning.item)?.label;
    const sentence = warningOf(warning, label ?? { en: '', ko: '' });
    return sentence ? [html`<p class="warning">${say(sentence)}</p>`] : [];
  });
  return html`${told}`;
}

/** An e-mail address to be written to, which may go on in the next line after its `@`. */
export function mailTo(address: string): Html {
  const at = address.lastIndexOf('@') + 1;
  const text = html`${address.slice(0, at)}<wbr />${address.slice(at)}`;
  return html`<a href="mailto:${address}">${text}</a>`;
}

/** Pairs of a name and what stands for it; those without a value are left out. */
export function facts(rows: readonly (readonly [string, Html | undefined])[]): Html {
  const shown = rows.flatMap(([name, value]) =>
    value
      ? [
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
        ]
      : [],
  );
  return html`<dl class="facts">${shown}</dl>`;
}

export interface Table {
  /** The id of the heading that names it. */
  labelledBy: string;
  columns: readonly Words[];
  /** As many cells as columns; the first names its row. */
  rows: readonly (readonly Html[])[];
}

/**
 * A table that turns into cards where the screen is narrow: its roles are written out, because
 * browsers forget them when a table is no longer laid out as one.
 */
export function table({ say }: Voice, { labelledBy, columns, rows }: Table): Html {
  const names = columns.map(say);
  const head = names.map((name) => html`<th scope="col" role="columnheader">${name}</th>`);
  const body = rows.map(([first = nothing, ...others]) => {
    const cells = others.map(
      (cell, at) => html`<td role="cell" data-label="${names[at + 1] ?? ''}">${cell}</td>`,
    );
    return html`<tr role="row">
      <th scope="row" role="rowheader">${first}</th>
      ${cells}
    </tr>`;
  });
  return html`<table role="table" aria-labelledby="${labelledBy}">
    <thead role="rowgroup">
      <tr role="row">
        ${head}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${body}
    </tbody>
  </table>`;
}

/** A section with its heading, or one sentence where there is nothing to show. */
export function section(
  voice: Voice,
  { id, title, empty }: { id: string; title: Words; empty: Words },
  content: Html | undefined,
): Html {
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${voice.say(title)}</h2>
    ${content ?? html`<p class="empty">${voice.say(empty)}</p>`}
  </section>`;
}

/** `Version 2`, of the id `samkwang.v2`. */
export function versionOf({ language }: Voice, contract: string): string {
  const number = contract.slice(contract.lastIndexOf('.v') + 2);
  return language === 'ko' ? `제${number}판` : `version ${number}`;
}

/** `None` in the page's language, for lists that became empty. */
export function noneOf({ say }: Voice): Html {
  return html`${say(words.none)}`;
}

/** The pages of the sign-in: forms that work without a script, in Korean and English. */
import type { Words } from '#src/base/words.ts';
import type { Language } from '../problem.ts';
import { html, nothing, type Html } from '../reference/html.ts';
import { qrCode } from './qr-code.ts';
import { enrolFaults, signInAt, words } from './sign-in-words.ts';

const languages: readonly { code: Language; name: string }[] = [
  { code: 'ko', name: '한국어' },
  { code: 'en', name: 'English' },
];

/** What a page is made for: its language, and the path that it stands at. */
export interface Place {
  language: Language;
  path: string;
}

const sayIn = (language: Language) => (given: Words) => given[language];

function languageLinks({ language, path }: Place): Html {
  const links = languages.map(({ code, name }) => {
    const current = code === language ? html` aria-current="true"` : nothing;
    const own = html`lang="${code}" hreflang="${code}"${current}`;
    return html`<li><a href="${path}?lang=${code}" ${own}>${name}</a></li>`;
  });
  return html`<nav aria-label="${words.language[language]}">
    <ul>
      ${links}
    </ul>
  </nav>`;
}

/** A whole document that loads nothing but two style sheets of ours. */
function document(place: Place, title: Words, body: Html): string {
  const say = sayIn(place.language);
  return html`<!doctype html>
    <html lang="${place.language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${say(title)} · Waybill</title>
        <link rel="stylesheet" href="/notice/style.css" />
        <link rel="stylesheet" href="/oauth2/style.css" />
      </head>
      <body>
        <a class="skip" href="#content">${say(words.skip)}</a>
        <header>
          <p class="clinic">Waybill</p>
          ${languageLinks(place)}
        </header>
        <main id="content" tabindex="-1" class="narrow">
          <h1>${say(title)}</h1>
          ${body}
        </main>
      </body>
    </html> `.html;
}

interface Field {
  name: string;
  label: Words;
  type?: 'password';
  complete: string;
  numeric?: boolean;
}

function field({ language }: Place, { name, label, type, complete, numeric }: Field): Html {
  const kind = numeric ? html`inputmode="numeric" maxlength="9"` : html`maxlength="200"`;
  return html`<p class="field">
    <label for="${name}">${label[language]}</label>
    <input
      id="${name}"
      name="${name}"
      type="${type ?? 'text'}"
      autocomplete="${complete}"
      autocapitalize="none"
      spellcheck="false"
      required
      ${kind}
    />
  </p>`;
}

function form(place: Place, fields: readonly Html[], submit: Words): Html {
  return html`<form method="post" action="${place.path}?lang=${place.language}">
    ${fields}
    <p><button type="submit">${submit[place.language]}</button></p>
  </form>`;
}

function refusal({ language }: Place, said: Words | null): Html {
  return said ? html`<p class="banner" role="alert">${said[language]}</p>` : nothing;
}

const code: Field = { name: 'code', label: words.code, complete: 'one-time-code', numeric: true };

/**
 * @param shown.said why the attempt before did not count; null at the first
 * @param shown.provider what the clinic's own OpenID provider is called; null: there is none
 */
export function signInPage(
  place: Place,
  { said, provider }: { said: Words | null; provider: string | null },
): string {
  const fields = [
    field(place, { name: 'account', label: words.account, complete: 'username' }),
    field(place, {
      ...{ name: 'password', label: words.password, type: 'password' },
      complete: 'current-password',
    }),
    field(place, code),
  ];
  const { language } = place;
  return document(
    place,
    words.title,
    html`${refusal(place, said)} ${provider === null ? nothing : elsewhere(place, provider)}
      ${form(place, fields, words.submit)}
      <p class="quiet">
        ${words.firstTime[language]}
        <a href="/oauth2/enrol?lang=${language}">${words.begin[language]}</a>
      </p>`,
  );
}

/** The way to the clinic's own provider, and what the form below is then for. */
function elsewhere({ language, path }: Place, provider: string): Html {
  const label = signInAt(provider)[language];
  return html`<p><a class="button" href="${path}/openid?lang=${language}">${label}</a></p>
    <h2>${words.orHere[language]}</h2>`;
}

/** Where the secret is asked for that a person was given. */
export function enrolTokenPage(place: Place, fault: keyof typeof enrolFaults | null): string {
  const token = field(place, { name: 'token', label: words.token, complete: 'off' });
  return document(
    place,
    words.enrolTitle,
    html`${refusal(place, fault && enrolFaults[fault])} ${form(place, [token], words.goOn)}`,
  );
}

/** Where a password is chosen and the authenticator set up. */
export function enrolPage(
  place: Place,
  shown: { account: string; token: string; sealed: string; base32: string; link: string },
  fault: keyof typeof enrolFaults | null,
): string {
  const { language } = place;
  const groups = shown.base32.replace(/.{4}(?=.)/g, '$& ');
  const chosen = { type: 'password', complete: 'new-password' } as const;
  const fields = [
    html`<input type="hidden" name="token" value="${shown.token}" />
      <input type="hidden" name="secret" value="${shown.sealed}" />`,
    field(place, { name: 'password', label: words.newPassword, ...chosen }),
    field(place, { name: 'repeat', label: words.repeat, ...chosen }),
    field(place, code),
  ];
  return document(
    place,
    words.enrolTitle,
    html`${refusal(place, fault && enrolFaults[fault])}
      <p>${words.yourAccount[language]}: <b class="account">${shown.account}</b></p>
      <p>${words.secretWhy[language]}</p>
      ${qrCode(shown.link, words.qrCode[language])}
      <p>${words.secret[language]}: <code class="secret">${groups}</code></p>
      <p><a href="${shown.link}">${words.link[language]}</a></p>
      ${form(place, fields, words.finish)}`,
  );
}

/** A page that only says something, and where to go on. */
export function wordPage(
  place: Place,
  said: { title: Words; why?: Words; next: { href: string; label: Words } },
): string {
  const { language } = place;
  const why = said.why ? html`<p>${said.why[language]}</p>` : nothing;
  const { href, label } = said.next;
  return document(
    place,
    said.title,
    html`${why}
      <p><a href="${href}">${label[language]}</a></p>`,
  );
}

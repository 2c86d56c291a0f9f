/** HTML in which every value is escaped, unless it is HTML that was made here. */
import { marked } from 'marked';

/** Markup that is ready to be sent. */
export interface Html {
  readonly html: string;
}

type Value = string | number | Html | readonly Html[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function render(value: Value): string {
  if (typeof value === 'object') {
    return 'html' in value ? value.html : value.map(({ html }) => html).join('');
  }
  return String(value).replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** A template: strings are escaped, markup is taken as it is, lists are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { html: String.raw({ raw: parts }, ...values.map(render)) };
}

export const nothing: Html = { html: '' };

/** Paragraphs, lists and code. Only for text of our own: Markdown may hold HTML. */
export function markdown(text: string | undefined): Html {
  return { html: text ? marked.parse(text, { async: false }) : '' };
}

/** Markdown within a line. Only for text of our own. */
export function inlineMarkdown(text: string | undefined): Html {
  return { html: text ? marked.parseInline(text.trim(), { async: false }) : '' };
}

/** A whole document that loads nothing but the style sheet beside it. */
export function page(title: string, body: Html, language = 'en'): string {
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        ${body}
      </body>
    </html> `.html;
}

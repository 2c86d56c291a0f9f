/**
 * Shows a document of the gateway in a window of its own, to be printed. The window has no address
 * and inherits this page's policy, so its style comes as a sheet, not as an element; nothing of it
 * is stored or in the history. A Blob's address would inherit the policy too, and lose the style.
 */

/** To be called by the press itself: only then does the browser open a window. */
export const openPaper = (): Window | null => window.open('', '_blank');

export function showPaper(paper: Window & typeof globalThis, html: string): void {
  // Taken out before it is parsed: this page's policy would complain of the element even so.
  const [style = '', css = ''] = /<style>([^]*?)<\/style>/.exec(html) ?? [];
  const parsed = new DOMParser().parseFromString(html.replace(style, ''), 'text/html');
  parsed.querySelector('meta[http-equiv]')?.remove();
  const sheet = new paper.CSSStyleSheet();
  sheet.replaceSync(css);
  const { document: page } = paper;
  page.replaceChild(page.adoptNode(parsed.documentElement), page.documentElement);
  page.adoptedStyleSheets = [sheet];
  paper.focus();
  paper.print();
}

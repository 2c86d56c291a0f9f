/** Every code that a caller can meet, with its sentences in both languages. */
import type { ErrorCode } from '#src/base/errors.ts';
import { fillIn, messages } from '../messages.ts';
import { ruleSentences } from '../rule-sentences.ts';
import { statusOf } from '../problem.ts';
import { html, page } from './html.ts';

/** The page that the `type` of every problem points to; the id of a section is its code. */
export function problemsPage(): string {
  const codes = (Object.keys(messages) as ErrorCode[]).toSorted(
    (a, b) => statusOf(a) - statusOf(b) || a.localeCompare(b),
  );
  const sections = codes.map((code) => {
    const { title, detail } = messages[code];
    return html`<section class="problem" id="${code}">
      <h2><span class="method">${statusOf(code)}</span> <code>${code}</code></h2>
      <p><b>${title.en}.</b> ${fillIn(detail.en)}</p>
      <p lang="ko"><b>${title.ko}.</b> ${fillIn(detail.ko)}</p>
    </section>`;
  });
  const rules = Object.entries(ruleSentences).map(
    ([rule, { en, ko }]) =>
      html`<li>
        <code class="name">${rule}</code> ${en}
        <div class="about" lang="ko">${ko}</div>
      </li>`,
  );
  const body = html`<main class="narrow">
    <p><a href="/docs">API reference</a></p>
    <h1>Problems</h1>
    <p>
      Errors are RFC 9457 problem documents. A <code>code</code> never changes its meaning; the
      sentences come in English or Korean, by <code>Accept-Language</code>.
    </p>
    <p lang="ko">
      오류는 RFC 9457 형식으로 응답합니다. <code>code</code>의 뜻은 바뀌지 않으며, 문장은
      <code>Accept-Language</code>에 따라 영어 또는 한국어로 제공됩니다.
    </p>
    ${sections}
    <section id="rules">
      <h2>Rules in <code>errors</code></h2>
      <ul class="members">
        ${rules}
      </ul>
    </section>
  </main>`;
  return page('Waybill: problems', body);
}

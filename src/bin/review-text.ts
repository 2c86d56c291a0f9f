/** A review as lines for a terminal, in one language. */
import type { Words } from '#src/base/words.ts';
import type { ReviewView } from '#src/oversight/review-view.ts';

const headings = {
  kinds: { en: 'Entries', ko: '기록' },
  consignees: { en: 'By consignee', ko: '수탁자별' },
  refusals: { en: 'Refusals', ko: '거부' },
  accesses: { en: 'Who read what', ko: '조회' },
  accessChanges: { en: 'Changes of access', ko: '권한 변경' },
  exports: { en: 'Exports', ko: '내려받기' },
  newItems: { en: 'Released for the first time', ko: '처음 제공된 항목' },
  anomalies: { en: 'Anomalies', ko: '이상 징후' },
  findings: { en: 'Findings', ko: '점검 결과' },
  measures: { en: 'Measures', ko: '조치' },
  none: { en: 'none', ko: '없음' },
  off: { en: 'out of hours', ko: '진료시간 외' },
  open: { en: 'It cannot be signed yet.', ko: '아직 서명할 수 없습니다.' },
} as const satisfies Record<string, Words>;

const kindsText = (kinds: Readonly<Record<string, number>>) =>
  Object.entries(kinds)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');

const whoText = ({ client, person }: { client: string; person: string | null }) =>
  person === null ? client : `${person} (${client})`;

/** Everything that a reviewer is to know before signing, and the summary to be signed. */
export function reviewText(review: ReviewView, language: keyof Words): string {
  const say = (words: Words) => words[language];
  const part = (title: Words, lines: readonly string[]) =>
    [`\n${say(title)}`, ...(lines.length > 0 ? lines : [say(headings.none)])].join('\n  ');
  const { period, from, to, state, summary } = review;
  return [
    `${period}  ${from} ~ ${to}  ${state}`,
    summary === null ? say(headings.open) : `summary ${summary}`,
    part(headings.kinds, [kindsText(review.kinds)]),
    part(
      headings.consignees,
      review.consignees.map(({ consignee, kinds }) => `${consignee}: ${kindsText(kinds)}`),
    ),
    part(
      headings.refusals,
      review.refusals.map(({ client, reason, count }) => `${client} ${reason} ${count}`),
    ),
    part(
      headings.accesses,
      review.accesses.map((one) => {
        const off = one.offHours > 0 ? ` (${say(headings.off)} ${one.offHours})` : '';
        return `${whoText(one)} ${one.kind} ${one.what} ${one.count}${off}`;
      }),
    ),
    part(
      headings.accessChanges,
      review.accessChanges.map((one) => `${whoText(one)} ${one.kind} ${one.count}`),
    ),
    part(
      headings.exports,
      review.exports.map((one) => `#${one.entry} ${whoText(one)} ${one.format}: ${one.reason}`),
    ),
    part(
      headings.newItems,
      review.newItems.map(({ consignee, item }) => `${consignee} ${item}`),
    ),
    part(
      headings.anomalies,
      review.anomalies.map(({ rule, sentence }) => `${rule} ${say(sentence)}`),
    ),
    ...(review.findings === null ? [] : [part(headings.findings, [review.findings])]),
    ...(review.measures === null ? [] : [part(headings.measures, [review.measures])]),
    '',
  ].join('\n');
}

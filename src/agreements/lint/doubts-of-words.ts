/** Doubts about what a version says: its languages, clauses that repeat, consent that is late. */
import type { Words } from '#src/base/words.ts';
import type { Place } from '../yaml-file.ts';
import { at, doubt, type Finding, type Version } from './finding.ts';

interface Text {
  work: Words;
  purpose: Words;
  reason?: Words;
  retention: { text: Words };
  pins?: Readonly<Record<string, Words>>;
  clauses: Readonly<Record<string, Words>>;
}

/** What the notice or the contract shows to people, with its place. */
function readWords(version: Version): [Place, Words][] {
  const text = version.contract.text as unknown as Text;
  const within = (key: string, all: Readonly<Record<string, Words>> = {}) =>
    Object.entries(all).map(([name, words]): [Place, Words] => [[key, name], words]);
  return [
    [['work'], text.work],
    [['purpose'], text.purpose],
    ...(text.reason ? [[['reason'], text.reason] satisfies [Place, Words]] : []),
    [['retention', 'text'], text.retention.text],
    ...within('pins', text.pins),
    ...within('clauses', text.clauses),
  ];
}

function languageDoubts(version: Version): Finding[] {
  return readWords(version).flatMap(([place, { en, ko }]) => {
    const name = place.join('.');
    const isKorean = /\p{Script=Hangul}/u.test(ko);
    const isEnglish = /\p{Script=Latin}/u.test(en) && !/\p{Script=Hangul}/u.test(en);
    return [
      ...(isKorean ? [] : [doubt(at(version, [...place, 'ko']), 'words.not-korean', name)]),
      ...(isEnglish ? [] : [doubt(at(version, [...place, 'en']), 'words.not-english', name)]),
    ];
  });
}

function clauseDoubts(version: Version): Finding[] {
  const { clauses } = version.contract.text as unknown as Text;
  const said = new Map<string, string[]>();
  for (const [clause, { ko }] of Object.entries(clauses)) {
    const words = ko.replaceAll(/\s+/g, ' ').trim();
    said.set(words, [...(said.get(words) ?? []), clause]);
  }
  return [...said.values()]
    .filter((same) => same.length > 1)
    .map((same) => {
      const where = at(version, ['clauses', same.at(-1) ?? '']);
      return doubt(where, 'clause.repeated', same.join(', '));
    });
}

function consentDoubts(version: Version): Finding[] {
  const { subConsignees, validFrom } = version.contract;
  return subConsignees.flatMap(({ name, consentedOn }, index) => {
    if (consentedOn <= validFrom) return [];
    const where = at(version, ['subConsignees', index, 'consentedOn']);
    return [doubt(where, 'sub-consignee.late-consent', name, consentedOn)];
  });
}

/** Everything that is doubtful about the words of a version. */
export function doubtsOfWords(version: Version): Finding[] {
  return [...languageDoubts(version), ...clauseDoubts(version), ...consentDoubts(version)];
}

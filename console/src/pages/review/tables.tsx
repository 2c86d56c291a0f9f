/** What was counted in a period, in the tables that a reviewer reads. */
import type { ReactNode } from 'react';
import type { Schemas } from '../../api.ts';
import { useItems } from '../../items.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { ConsigneeName } from '../../links.tsx';
import { Card, Table } from '../../pieces.tsx';
import { names } from './names.ts';
import { reviewWords } from './words.ts';

type Review = Schemas['Review'];

/** Names of kinds and codes; one that has none is told as it is. */
function useNames() {
  const { say } = useLanguage();
  const { kinds, codes } = useWords(names);
  const words = useWords(reviewWords);
  return {
    /** The account of a person, else the client; what has neither was done beside the API. */
    whoOf: ({ client, person }: { client: string; person: string | null }) =>
      (person ?? client) || words.itself,
    kindOf: (kind: string) => kinds[kind] ?? say.kinds[kind] ?? kind,
    codeOf: (code: string) => codes[code] ?? code,
  };
}

export function Tables({ of }: { of: Review }) {
  return (
    <div className="counted">
      <ByConsignee of={of} />
      <div className="pairs">
        <Refusals of={of} />
        <Accesses of={of} />
        <AccessChanges of={of} />
        <NewItems of={of} />
      </div>
      <Exports of={of} />
      <AllKinds of={of} />
    </div>
  );
}

interface CountsProps {
  title: string;
  head: readonly string[];
  rows: readonly (readonly ReactNode[])[];
}

/** The first cell names the row; numbers stand right. */
function Counts({ title, head, rows }: CountsProps) {
  const { number } = useLanguage();
  const words = useWords(reviewWords);
  return (
    <Card title={title}>
      {rows.length === 0 ? (
        <p className="quiet">{words.none}</p>
      ) : (
        <Table caption={title} head={head}>
          {rows.map(([first, ...cells], at) => (
            <tr key={at}>
              <th scope="row">{first}</th>
              {cells.map((cell, place) => (
                <td key={place} className={typeof cell === 'number' ? 'number' : undefined}>
                  {typeof cell === 'number' ? number(cell) : cell}
                </td>
              ))}
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}

function ByConsignee({ of }: { of: Review }) {
  const { say } = useLanguage();
  const words = useWords(reviewWords);
  const kinds = ['released', 'delivered', 'rejected', 'failed', 'refused', 'result-received'];
  const head = [words.released, words.delivered, words.rejected, words.failed, words.refused];
  const sorted = of.consignees.toSorted(
    (a, b) => (b.kinds['released'] ?? 0) - (a.kinds['released'] ?? 0),
  );
  const rows = sorted.map(({ consignee, kinds: counts }) => [
    <ConsigneeName key={consignee} of={consignee} />,
    ...kinds.map((kind) => counts[kind] ?? 0),
  ]);
  const all = [say.consignees.name, ...head, words.results];
  return <Counts title={words.byConsignee} head={all} rows={rows} />;
}

function Refusals({ of }: { of: Review }) {
  const words = useWords(reviewWords);
  const { codeOf } = useNames();
  const rows = of.refusals.map(({ client, reason, count }) => [client, codeOf(reason), count]);
  const head = [words.sender, words.why, words.count];
  return <Counts title={words.refusals} head={head} rows={rows} />;
}

function Accesses({ of }: { of: Review }) {
  const words = useWords(reviewWords);
  const { whoOf, kindOf, codeOf } = useNames();
  const rows = of.accesses.map(({ kind, what, count, offHours, ...who }) => [
    whoOf(who),
    what === '' ? kindOf(kind) : `${kindOf(kind)}: ${codeOf(what)}`,
    count,
    offHours,
  ]);
  const head = [words.who, words.what, words.count, words.offHours];
  return <Counts title={words.accesses} head={head} rows={rows} />;
}

function AccessChanges({ of }: { of: Review }) {
  const words = useWords(reviewWords);
  const { whoOf, kindOf } = useNames();
  const rows = of.accessChanges.map(({ kind, count, ...who }) => [whoOf(who), kindOf(kind), count]);
  const head = [words.who, words.what, words.count];
  return <Counts title={words.accessChanges} head={head} rows={rows} />;
}

function NewItems({ of }: { of: Review }) {
  const { say } = useLanguage();
  const words = useWords(reviewWords);
  const { nameOf } = useItems();
  const consignees = [...new Set(of.newItems.map(({ consignee }) => consignee))];
  const rows = consignees.map((one) => [
    <ConsigneeName key={one} of={one} />,
    of.newItems
      .filter(({ consignee }) => consignee === one)
      .map(({ item }) => nameOf(item))
      .join(', '),
  ]);
  const head = [say.consignees.name, words.items];
  return <Counts title={words.newItems} head={head} rows={rows} />;
}

function Exports({ of }: { of: Review }) {
  const words = useWords(reviewWords);
  const { whoOf, codeOf } = useNames();
  const rows = of.exports.map(({ entry, format, found, reason, ...who }) => [
    whoOf(who),
    codeOf(format),
    found ?? '–',
    reason ?? '–',
    entry,
  ]);
  const head = [words.who, words.format, words.rows, words.reason, words.entry];
  return <Counts title={words.exports} head={head} rows={rows} />;
}

function AllKinds({ of }: { of: Review }) {
  const words = useWords(reviewWords);
  const { kindOf } = useNames();
  const rows = Object.entries(of.kinds)
    .toSorted(([, a], [, b]) => b - a)
    .map(([kind, count]) => [kindOf(kind), count]);
  return <Counts title={words.all} head={[words.kind, words.count]} rows={rows} />;
}

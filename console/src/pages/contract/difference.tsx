/** What a version changes against another, and what that would have meant for transfers of late. */
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { api, told, type Schemas } from '../../api.ts';
import { ClassChip } from '../../item-class.tsx';
import { useItems } from '../../items.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer, Card } from '../../pieces.tsx';
import { daysBack, type Version } from './data.ts';
import { differenceWords } from './difference-words.ts';
import { contractWords } from './words.ts';

type Diff = Schemas['ContractDiff'];

interface DifferenceProps {
  chosen: Version;
  /** Newest first. */
  versions: readonly Version[];
}

export function Difference({ chosen, versions }: DifferenceProps) {
  const { number } = useLanguage();
  const all = useWords(contractWords);
  const words = useWords(differenceWords);
  const [params, setParams] = useSearchParams();
  const others = versions.filter(({ id }) => id !== chosen.id);
  const before =
    others.find(({ version }) => String(version) === params.get('against')) ??
    others.find(({ version }) => version < chosen.version) ??
    others.at(-1);
  if (!before) return null;
  const [from, to] = [before, chosen].toSorted((one, other) => one.version - other.version);
  const against = (version: string) =>
    setParams({ version: String(chosen.version), against: version });
  return (
    <Card title={words.title}>
      <label className="against">
        {words.against(number(chosen.version))}{' '}
        <select value={before.version} onChange={({ target }) => against(target.value)}>
          {others.map(({ version }) => (
            <option key={version} value={version}>
              {all.version(number(version))}
            </option>
          ))}
        </select>
      </label>
      {from && to && <Compared from={from} to={to} />}
    </Card>
  );
}

function Compared({ from, to }: { from: Version; to: Version }) {
  const { language } = useLanguage();
  const words = useWords(differenceWords);
  const diff = useQuery({
    queryKey: ['diff', from.id, to.id],
    queryFn: () => {
      const query = { from: from.version, to: to.version, days: daysBack };
      const params = { path: { consignee: to.consignee }, query };
      return told(api.GET('/v1/contracts/{consignee}/diff', { params }));
    },
  });
  return (
    <Answer of={diff}>
      {(found) => (
        <>
          <p>
            <code>
              {found.from} → {found.to}
            </code>
          </p>
          {found.reason && (
            <p>
              {words.reason}: {found.reason[language]}
            </p>
          )}
          <Lists of={found} />
          <Impact of={found} />
        </>
      )}
    </Answer>
  );
}

/** What the API names by a code; one that is new here is shown as it comes. */
type Names = Readonly<Record<string, string>>;

function Lists({ of: { added, removed, changed, terms } }: { of: Diff }) {
  const words = useWords(differenceWords);
  const termNames: Names = words.term;
  if (added.length + removed.length + changed.length + terms.length === 0) {
    return <p>{words.same}</p>;
  }
  return (
    <>
      <ItemList title={words.added} sign="+" items={added} />
      <ItemList title={words.removed} sign="−" items={removed} />
      {changed.length > 0 && (
        <>
          <h3>{words.changed}</h3>
          <ul className="lines">
            {changed.map((one) => (
              <Changed key={`${one.item} ${one.what}`} of={one} />
            ))}
          </ul>
        </>
      )}
      {terms.length > 0 && (
        <>
          <h3>{words.terms}</h3>
          <ul className="lines">
            {terms.map((term) => (
              <li key={term}>{termNames[term] ?? term}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function ItemList(props: { title: string; sign: string; items: Diff['added'] }) {
  const { language } = useLanguage();
  const all = useWords(contractWords).text;
  const words = useWords(differenceWords);
  const { title, sign, items } = props;
  if (items.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className="signed">
        {items.map(({ item, label, class: itemClass, required, legalBasis, meaning }) => (
          <li key={item}>
            <span aria-hidden="true">{sign}</span>
            <strong>{label[language]}</strong> <ClassChip of={itemClass} />
            <span>{required ? all.required : all.optional}</span>
            {legalBasis !== 'notNeeded' && <span>{words.basis[legalBasis]}</span>}
            {meaning && <span className="quiet">{meaning[language]}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

function Changed({ of: { label, what, from, to } }: { of: Diff['changed'][number] }) {
  const { language } = useLanguage();
  const words = useWords(differenceWords);
  const names: Names = words.value;
  const said = (value: typeof from) => {
    if (value === null) return words.nothing;
    return typeof value === 'object' ? value[language] : (names[value] ?? value);
  };
  return (
    <li>
      {label[language]} – {words.what[what]}: <s>{said(from)}</s> → {said(to)}
    </li>
  );
}

function Impact({ of: { impact, to } }: { of: Diff }) {
  const { number } = useLanguage();
  const { nameOf } = useItems();
  const words = useWords(differenceWords);
  const { days, transfers, items } = impact;
  return (
    <section className="impact" aria-label={words.impact(number(days))}>
      <h3>{words.impact(number(days))}</h3>
      {transfers === 0 && <p>{words.noTransfers}</p>}
      {transfers > 0 && items.length === 0 && <p>{words.noImpact(number(transfers), to)}</p>}
      <ul className="lines">
        {items.map(({ item, effect, transfers: count }) => (
          <li key={`${item} ${effect}`} className={effect}>
            {words.effect[effect](nameOf(item), number(count), number(transfers), to)}
          </li>
        ))}
      </ul>
    </section>
  );
}

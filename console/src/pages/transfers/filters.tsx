/** The fields of a search; sending them goes to the address that says the same. */
import type { FormEvent } from 'react';
import { Button } from 'react-aria-components';
import { useLocation } from 'wouter';
import { useConsignees } from '../../consignees.ts';
import { useItems } from '../../items.ts';
import { days, isBackward } from '../../days.ts';
import { useLanguage, useWords } from '../../language.tsx';
import type { Asked, Status } from './query.ts';
import { searchWords } from './words.ts';

const statuses: readonly Status[] = [
  ...(['accepted', 'ready', 'sending', 'leased', 'delivered'] as const),
  ...(['rejected', 'failed', 'cancelled', 'expired', 'withdrawn'] as const),
];

export function Filters({ asked }: { asked: Asked }) {
  const { say, language } = useLanguage();
  const words = useWords(searchWords);
  const [, go] = useLocation();
  const consignees = useConsignees();
  const items = useItems();
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (isBackward(event.currentTarget, say.backward)) return;
    const given = [...new FormData(event.currentTarget)].filter(([, value]) => value !== '');
    go(`/transfers?${new URLSearchParams(given as [string, string][]).toString()}`);
  };
  const choices = {
    consignee: (consignees.data?.items ?? []).map(({ id, name }) => [id, name[language]]),
    status: statuses.map((status) => [status, say.status[status]]),
    released: items.list.map(({ item, label }) => [item, label[language]]),
    withheld: items.list.map(({ item, label }) => [item, label[language]]),
  };
  // A value of the address stands although its choices are still on their way.
  const options = (name: keyof typeof choices) => {
    const value = asked[name];
    const known = choices[name];
    return value && !known.some(([one]) => one === value) ? [[value, value], ...known] : known;
  };
  return (
    <form className="filters" onSubmit={search} key={JSON.stringify(asked)}>
      {(['consignee', 'status', 'released', 'withheld'] as const).map((name) => (
        <label key={name}>
          {words.filters[name]}
          <select name={name} defaultValue={asked[name] ?? ''}>
            <option value="">{words.any}</option>
            {options(name).map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
      ))}
      {(['from', 'to'] as const).map((name) => (
        <label key={name}>
          {words.filters[name]}
          <input name={name} type="date" {...days} defaultValue={asked[name] ?? ''} />
        </label>
      ))}
      <div className="buttons">
        <Button type="submit" className="main">
          {words.find}
        </Button>
        <Button onPress={() => go('/transfers')}>{words.clear}</Button>
      </div>
    </form>
  );
}

/** What became of a transfer and of each of its items, at a glance. */
import type { Schemas } from './api.ts';
import { useItems } from './items.ts';
import { useLanguage } from './language.tsx';

type Transfer = Schemas['AuditTransfer'];
type State = Transfer['status'];

const troubled: readonly State[] = ['rejected', 'failed', 'expired'];

export function Status({ of }: { of: State }) {
  const { say } = useLanguage();
  const tone = of === 'delivered' ? ' good' : troubled.includes(of) ? ' bad' : '';
  return <span className={`chip${tone}`}>{say.status[of]}</span>;
}

type Decided = Pick<Transfer, 'released' | 'derived' | 'withheld'>;

/** Released, derived and withheld items, each with its name; why, as a title and for who listens. */
export function Chips({ of }: { of: Decided }) {
  const { say } = useLanguage();
  const { nameOf } = useItems();
  return (
    <ul className="chips">
      {of.released.map((item) => (
        <li key={item} className="chip good" title={say.kind.released}>
          {nameOf(item)}
        </li>
      ))}
      {of.derived.map((item) => (
        <li key={item} className="chip derived" title={say.kind.derived}>
          {nameOf(item)}
          <span className="hidden"> ({say.kind.derived})</span>
        </li>
      ))}
      {of.withheld.map(({ item, reason }) => (
        <li key={`${item} ${reason}`} className="chip withheld" title={say.reason[reason]}>
          <s>{nameOf(item)}</s>
          <span className="hidden">
            {' '}
            ({say.kind.withheld}: {say.reason[reason]})
          </span>
        </li>
      ))}
    </ul>
  );
}

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

/** Released, derived and withheld items, each by its name; why, as a title and for who listens. */
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
      {of.withheld.length > 0 && (
        <li>
          <Withheld of={of.withheld} />
        </li>
      )}
    </ul>
  );
}

/** Often two thirds of the dictionary: counted by reason, and named when somebody asks. */
function Withheld({ of }: { of: Decided['withheld'] }) {
  const { say, number } = useLanguage();
  const { nameOf } = useItems();
  const reasons = [...Map.groupBy(of, ({ reason }) => reason)];
  return (
    <details className="withheld-items">
      <summary>
        {reasons.map(([reason, items]) => (
          <span key={reason} className="chip withheld">
            {say.kind.withheld} {number(items.length)}: {say.reason[reason]}
          </span>
        ))}
      </summary>
      <ul className="chips">
        {of.map(({ item, reason }) => (
          <li key={`${item} ${reason}`} className="chip withheld" title={say.reason[reason]}>
            <s>{nameOf(item)}</s>
            <span className="hidden"> ({say.reason[reason]})</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

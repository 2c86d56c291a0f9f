/** Items by the names that the accounting gives them. */
import type { Schemas } from '../../api.ts';
import { useLanguage } from '../../language.tsx';

export function ItemList({ of }: { of: Schemas['DisclosedItems'] }) {
  const { language } = useLanguage();
  return (
    <ul className="chips">
      {of.map(({ item, label }) => (
        <li key={item} className="chip">
          {label[language]}
        </li>
      ))}
    </ul>
  );
}

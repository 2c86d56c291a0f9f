/** The names of the matrix's columns, above them the class that neighbours share. */
import { classWords, Glyph } from '../../item-class.tsx';
import { useLanguage, useWords } from '../../language.tsx';
import type { Picture } from './picture.ts';
import { matrixWords } from './words.ts';

/** A group of so few columns has no room for its name: its sign is in the legend. */
const narrowMax = 3;

/** `col`: the column that is pointed at. */
export function GridHead({ of: { columns, groups, days }, col }: { of: Picture; col: number }) {
  const { language, number } = useLanguage();
  const words = useWords(matrixWords);
  const names = useWords(classWords);
  return (
    <thead>
      <tr className="classes">
        <th scope="col" rowSpan={2} className="name">
          {words.consignee}
        </th>
        {groups.map(({ of, count }) => (
          <th key={of} scope="colgroup" colSpan={count} className={of}>
            <Glyph of={of} />{' '}
            <span className={count <= narrowMax ? 'hidden' : ''}>{names[of]}</span>
          </th>
        ))}
        {[words.itemCount, words.uniqueCount, words.transfers(number(days))].map((name) => (
          <th key={name} scope="col" rowSpan={2} className="sum">
            <span className="up">{name}</span>
          </th>
        ))}
      </tr>
      <tr className="items">
        {columns.map(({ item, label, class: of }, at) => (
          <th key={item} scope="col" className={`${of}${at === col ? ' here' : ''}`}>
            <span className="up">{label[language]}</span>
          </th>
        ))}
      </tr>
    </thead>
  );
}

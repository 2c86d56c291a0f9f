/** What the signs of the matrix mean. */
import { classes, classWords, Glyph } from '../../item-class.tsx';
import { useWords } from '../../language.tsx';
import type { Cell } from './picture.ts';
import { matrixWords } from './words.ts';

export function Legend({ days }: { days: string }) {
  const all = useWords(matrixWords);
  const names = useWords(classWords);
  const words = all.legend;
  const uses: [Cell['is'], string][] = [
    ['used', words.used],
    ['unused', words.unused(days)],
    ['idle', words.idle],
    ['earlier', words.earlier],
    ['none', words.none],
  ];
  return (
    <section className="legend" aria-label={words.title}>
      <ul>
        {classes.map((of) => (
          <li key={of} className={of}>
            <span className="tile used">
              <Glyph of={of} />
            </span>
            {names[of]}
          </li>
        ))}
      </ul>
      <ul className="general">
        <li>
          <span className="tile used">
            <Glyph of="general" />
          </span>
          {words.required}
        </li>
        <li>
          <span className="tile used">
            <Glyph of="general" isFull={false} />
          </span>
          {words.optional}
        </li>
        {uses.map(([is, name]) => (
          <li key={is}>
            <span className={`tile ${is}`}>
              {is === 'idle' && <Glyph of="general" />}
              {is === 'earlier' && <Glyph of="general" isFull={false} />}
            </span>
            {name}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Which consignees are asked about: all of them, unless some are left out. */
import { Button } from 'react-aria-components';
import type { Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { tryWords } from './words.ts';

interface ChooseConsigneesProps {
  all: Schemas['ConsigneeList']['items'];
  /** Those that are left out. */
  left: ReadonlySet<string>;
  onChange: (left: ReadonlySet<string>) => void;
}

export function ChooseConsignees({ all, left, onChange }: ChooseConsigneesProps) {
  const { language } = useLanguage();
  const words = useWords(tryWords);
  const toggle = (id: string, isChosen: boolean) => {
    const next = new Set(left);
    if (isChosen) next.delete(id);
    else next.add(id);
    onChange(next);
  };
  return (
    <fieldset>
      <legend>{words.to}</legend>
      <div className="choices">
        {all.map(({ id, name }) => (
          <label key={id}>
            <input
              type="checkbox"
              value={id}
              checked={!left.has(id)}
              onChange={(event) => toggle(id, event.target.checked)}
            />
            {name[language]}
          </label>
        ))}
      </div>
      <div className="buttons">
        <Button onPress={() => onChange(new Set())}>{words.all}</Button>
        <Button onPress={() => onChange(new Set(all.map(({ id }) => id)))}>{words.none}</Button>
      </div>
    </fieldset>
  );
}

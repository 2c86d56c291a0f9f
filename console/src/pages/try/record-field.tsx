/** Where a record is pasted, or loaded from a file, and whose it is. */
import { useRef } from 'react';
import { Button } from 'react-aria-components';
import { useWords } from '../../language.tsx';
import { KindSelect, subjectKinds } from '../../subject-kinds.tsx';
import { exampleRecord } from './example.ts';
import { tryWords } from './words.ts';

/** '': each contract says. */
const kinds = ['', ...subjectKinds] as const;

interface RecordFieldProps {
  text: string;
  onChange: (text: string) => void;
  /** What is wrong with it. */
  fault: string | null;
}

export function RecordField({ text, onChange, fault }: RecordFieldProps) {
  const words = useWords(tryWords);
  return (
    <>
      <label>
        {words.record}
        <textarea
          className="code"
          name="record"
          rows={12}
          required
          spellCheck={false}
          autoComplete="off"
          value={text}
          aria-invalid={fault !== null}
          aria-describedby={fault === null ? undefined : 'fault'}
          onChange={(event) => onChange(event.target.value)}
        />
      </label>
      {fault !== null && (
        <p className="bad" role="alert" id="fault">
          {fault}
        </p>
      )}
      <div className="buttons">
        <Button onPress={() => onChange(JSON.stringify(exampleRecord, null, 2))}>
          {words.example}
        </Button>
        <FileButton onText={onChange} />
        <Button onPress={() => onChange('')}>{words.clear}</Button>
        <span className="quiet">{words.exampleNote}</span>
      </div>
      <div className="row">
        <KindSelect label={words.about} of={kinds} words={words.kinds} />
        <label>
          {words.id} <small>({words.idHint})</small>
          <input name="id" maxLength={64} autoComplete="off" spellCheck={false} />
        </label>
      </div>
    </>
  );
}

function FileButton({ onText }: { onText: (text: string) => void }) {
  const words = useWords(tryWords);
  const input = useRef<HTMLInputElement>(null);
  const load = async () => {
    const [file] = input.current?.files ?? [];
    if (!file || !input.current) return;
    const text = await file.text();
    // The field would say the file's name, which may be a person's.
    input.current.value = '';
    onText(text);
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={words.file}
        accept=".json,application/json,text/plain"
        onChange={() => void load()}
      />
      <Button onPress={() => input.current?.click()}>{words.file}</Button>
    </>
  );
}

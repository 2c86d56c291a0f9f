/** Who received one person's data: looked up for a reason, shown, and forgotten. */
import './person.css';
import { useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components';
import type { Schemas } from '../../api.ts';
import { days, isBackward } from '../../days.ts';
import { useLanguage, useWords } from '../../language.tsx';
import type { PageProps } from '../../routes.tsx';
import { KindSelect, subjectKinds } from '../../subject-kinds.tsx';
import { Accounting } from './accounting.tsx';
import { askedIn, type Asked } from './asked.ts';
import { personWords } from './words.ts';

type Erasure = Schemas['Erasure'];

export function Person({ scopes }: PageProps) {
  const { say } = useLanguage();
  const words = useWords(personWords);
  const [serial, setSerial] = useState(0);
  const [form, setForm] = useState(0);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [erasure, setErasure] = useState<Erasure | null>(null);
  const forget = () => {
    setAsked(null);
    setErasure(null);
    setForm(form + 1);
  };
  const look = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (isBackward(event.currentTarget, say.backward)) return;
    setSerial(serial + 1);
    setErasure(null);
    setAsked(askedIn(new FormData(event.currentTarget), serial + 1));
  };
  const onErased = (done: Erasure) => {
    forget();
    setErasure(done);
  };
  return (
    <>
      <h1>{words.title}</h1>
      <p className="quiet">{words.intro}</p>
      <AskForm key={form} onLook={look} onForget={forget} />
      {erasure && <Erased of={erasure} />}
      {asked && (
        <Accounting
          key={asked.serial}
          asked={asked}
          mayErase={scopes.has('subjects:erase')}
          onErased={onErased}
        />
      )}
    </>
  );
}

interface AskFormProps {
  onLook: (event: FormEvent<HTMLFormElement>) => void;
  onForget: () => void;
}

function AskForm({ onLook, onForget }: AskFormProps) {
  const { say } = useLanguage();
  const words = useWords(personWords);
  return (
    <form className="filters person" onSubmit={onLook} autoComplete="off">
      <KindSelect label={words.kind} of={subjectKinds} words={words.kinds} />
      <label title={words.idNote}>
        {words.id}
        <input
          {...{ name: 'identifier', required: true, maxLength: 64 }}
          {...{ autoComplete: 'off', spellCheck: false }}
        />
      </label>
      <label className="wide">
        {say.reasonWhy}
        <input name="reason" required maxLength={500} autoComplete="off" />
      </label>
      {(['from', 'to'] as const).map((name) => (
        <label key={name}>
          {words[name]}
          <input name={name} type="date" {...days} autoComplete="off" />
        </label>
      ))}
      <div className="buttons">
        <Button type="submit" className="main">
          {words.look}
        </Button>
        <Button onPress={onForget}>{words.forget}</Button>
      </div>
    </form>
  );
}

function Erased({ of }: { of: Erasure }) {
  const { number } = useLanguage();
  const words = useWords(personWords);
  const { payloads, results, files, replies } = of;
  if (!of.erased) return <p role="status">{words.notErased}</p>;
  return (
    <div className="good erased" role="status">
      <p>{words.erased(number(of.entries), number(of.transfers))}</p>
      <p>{words.counts(number(payloads), number(results), number(files), number(replies))}</p>
    </div>
  );
}

/** Destroys what is kept of a person: for good, so it is asked for twice. */
import type { ChangeEvent } from 'react';
import { api, told, type Schemas } from '../../api.ts';
import { ActionDialog } from '../../dialog.tsx';
import { useWords } from '../../language.tsx';
import { Card } from '../../pieces.tsx';
import { ReasonForm } from '../../reason-form.tsx';
import type { Subject } from './asked.ts';
import { personWords } from './words.ts';

interface EraseCardProps {
  subject: Subject;
  onErased: (done: Schemas['Erasure']) => void;
}

export function EraseCard({ subject, onErased }: EraseCardProps) {
  const words = useWords(personWords);
  return (
    <Card title={words.erase}>
      <p className="quiet">{words.eraseNote}</p>
      <ActionDialog opens={words.eraseAsk} title={words.erase} isGrave>
        {() => <Asking subject={subject} onErased={onErased} />}
      </ActionDialog>
    </Card>
  );
}

function Asking({ subject, onErased }: EraseCardProps) {
  const words = useWords(personWords);
  const erase = async (reason: string) => {
    onErased(await told(api.POST('/v1/subjects/erase', { body: { subject, reason } })));
  };
  const compare = ({ target }: ChangeEvent<HTMLInputElement>) =>
    target.setCustomValidity(target.value === subject.id ? '' : words.differs);
  return (
    <>
      {(['gone', 'stays'] as const).map((part) => (
        <section key={part}>
          <h3>{words[part]}</h3>
          <ul className="lines">
            {words[`${part}Lines`].map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </section>
      ))}
      <p className="quiet">{words.busy}</p>
      <ReasonForm action={words.eraseNow} onSend={erase} isGrave>
        <label>
          {words.again}
          <input name="again" required maxLength={64} autoComplete="off" onChange={compare} />
        </label>
      </ReasonForm>
    </>
  );
}

/** Ends a relation for good: told what happens, the consignee's id typed, and with a reason. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components';
import { api, told } from '../../api.ts';
import { ActionDialog } from '../../dialog.tsx';
import { useLanguage, useWords } from '../../language.tsx';
import { Card, Failure } from '../../pieces.tsx';
import type { Version } from './data.ts';
import { endingWords } from './ending-words.ts';

interface EndProps {
  of: Version;
  name: string;
  /** Transfers that have not settled; undefined: it is not known. */
  waiting: number | undefined;
}

export function EndCard({ of, name, waiting }: EndProps) {
  const words = useWords(endingWords).end;
  return (
    <Card title={words.title}>
      <p>{words.note}</p>
      <ActionDialog isGrave opens={words.open} title={words.ask(name)}>
        {(close) => <Confirmation consignee={of.consignee} waiting={waiting} close={close} />}
      </ActionDialog>
    </Card>
  );
}

interface ConfirmationProps {
  consignee: string;
  waiting: number | undefined;
  close: () => void;
}

function Confirmation({ consignee, waiting, close }: ConfirmationProps) {
  const { say, number } = useLanguage();
  const words = useWords(endingWords).end;
  const [typed, setTyped] = useState('');
  const queries = useQueryClient();
  const ending = useMutation({
    mutationFn: (reason: string) => {
      const params = { path: { consignee } };
      return told(api.POST('/v1/contracts/{consignee}/end', { params, body: { reason } }));
    },
    onSuccess: async () => {
      close();
      // Whatever a page knows may be different now.
      await queries.invalidateQueries();
      // The button that opened the window is gone.
      document.getElementById('content')?.focus();
    },
  });
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    ending.mutate(new FormData(event.currentTarget).get('reason') as string);
  };
  return (
    <form className="end" onSubmit={send}>
      <p className="bad">{words.forGood}</p>
      <p>{words.happens}</p>
      <ul className="lines">
        <li>{words.refused}</li>
        <li>
          {waiting === 0 ? words.noneWaits : words.withdrawn}
          {!!waiting && ` ${words.waiting(number(waiting))}`}
        </li>
        <li>{words.order}</li>
      </ul>
      <label>
        {say.reasonWhy}
        <input name="reason" required maxLength={500} autoComplete="off" />
      </label>
      <label>
        {words.type(consignee)}
        <input
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
      </label>
      {ending.error && <Failure error={ending.error} />}
      <Button
        type="submit"
        className="grave"
        isDisabled={typed.trim() !== consignee || ending.isPending}
      >
        {words.confirm}
      </Button>
    </form>
  );
}

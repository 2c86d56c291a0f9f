/** What a person may do only for a reason: what they write goes into the ledger, sealed. */
import { useMutation } from '@tanstack/react-query';
import type { FormEvent, ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useLanguage } from './language.tsx';
import { Failure } from './pieces.tsx';

interface ReasonFormProps {
  /** What the button does. */
  action: string;
  /** Said once it is done; left out where the page shows it. */
  done?: string | undefined;
  onSend: (reason: string, fields: FormData) => Promise<unknown>;
  /** Other fields, which stand before the reason. */
  children?: ReactNode;
  /** It cannot be undone. */
  isGrave?: boolean;
  /** In a window of its own, where nothing else is to be done. */
  takesFocus?: boolean;
}

export function ReasonForm({
  action,
  done,
  onSend,
  children,
  isGrave = false,
  takesFocus = false,
}: ReasonFormProps) {
  const { say } = useLanguage();
  const sending = useMutation({
    mutationFn: (form: HTMLFormElement) => {
      const fields = new FormData(form);
      return onSend(fields.get('reason') as string, fields).then(() => form.reset());
    },
    // What was typed is not kept longer than the form.
    gcTime: 0,
  });
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    sending.mutate(event.currentTarget);
  };
  return (
    <>
      <form className="row" onSubmit={send}>
        {children}
        <label>
          {say.reasonWhy}
          <input
            {...{ name: 'reason', required: true, maxLength: 500, autoComplete: 'off' }}
            pattern=".*\S.*"
            title={say.noReason}
            autoFocus={takesFocus}
          />
        </label>
        <Button type="submit" isDisabled={sending.isPending} className={isGrave ? 'grave' : ''}>
          {action}
        </Button>
      </form>
      {sending.error && <Failure error={sending.error} />}
      {sending.isSuccess && done && (
        <p className="good" role="status">
          {done}
        </p>
      )}
    </>
  );
}

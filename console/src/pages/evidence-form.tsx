/** Saves a transfer's evidence file: for a reason, which is in the entry that it leaves. */
import { useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components';
import { api, told } from '../api.ts';
import { useLanguage } from '../language.tsx';
import { Failure } from '../pieces.tsx';

export function EvidenceForm({ id }: { id: string }) {
  const { say } = useLanguage();
  const words = say.transfer;
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { reason } = Object.fromEntries(new FormData(event.currentTarget));
    setBusy(true);
    setError(null);
    try {
      const params = { path: { id } };
      const file = await told(
        api.POST('/v1/audit/transfers/{id}/evidence', {
          params,
          body: { reason: reason as string },
        }),
      );
      offer(JSON.stringify(file), `waybill-evidence-${id}.json`);
    } catch (problem) {
      setError(problem as Error);
    }
    setBusy(false);
  };
  return (
    <>
      <form className="row" onSubmit={(event) => void save(event)}>
        <label>
          {words.reason}
          <input name="reason" required maxLength={500} autoComplete="off" />
        </label>
        <Button type="submit" isDisabled={isBusy}>
          {words.evidence}
        </Button>
      </form>
      <p className="quiet">{words.evidenceNote}</p>
      {error && <Failure error={error} />}
    </>
  );
}

function offer(text: string, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** The proof of a transfer, checked in this browser, and what that does and does not prove. */
import { useQuery } from '@tanstack/react-query';
import { api, told, type Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Card } from '../../pieces.tsx';
import { checkTrail, numberingMs } from './check.ts';
import { EvidenceForm } from './evidence-form.tsx';
import { transferWords } from './words.ts';

type Trail = Schemas['Trail'];

function useChecked(id: string, trail: Trail) {
  return useQuery({
    queryKey: ['proof', id],
    queryFn: async () => {
      const found = await checkTrail(trail);
      if (found.doubt !== 'state') return found;
      // What was let wait once more has its entry a moment after its row: looked at again.
      await new Promise((resolve) => setTimeout(resolve, numberingMs));
      const params = { path: { id } };
      return checkTrail(await told(api.GET('/v1/audit/transfers/{id}', { params })));
    },
    retry: false,
    staleTime: Infinity,
  });
}

export function Proof({ id, trail }: { id: string; trail: Trail }) {
  const { say, number } = useLanguage();
  const words = useWords(transferWords);
  const checked = useChecked(id, trail);
  // Entry 0 can be wrong, too.
  const wrong = checked.data?.wrong ?? null;
  const doubt = checked.data?.doubt ?? null;
  const isGood = wrong === null && doubt === null && checked.data?.isWhole === true;
  return (
    <Card title={words.proof}>
      {checked.isPending && (
        <p className="quiet waiting" role="status">
          {words.checking}
        </p>
      )}
      {checked.error && (
        <p className="bad" role="alert">
          {words.bad}: {checked.error.message}
        </p>
      )}
      {wrong !== null && (
        <p className="bad" role="alert">
          {words.bad}: {words.entry(number(wrong))}
        </p>
      )}
      {wrong === null && doubt !== null && (
        <p className="bad" role="alert">
          {words.doubt(words.doubts[doubt])}
        </p>
      )}
      {checked.data && !checked.data.ledger.continues && (
        <p className="bad" role="alert">
          {say.shrank}
        </p>
      )}
      {checked.data && wrong === null && doubt === null && !isGood && (
        <p role="status">{words.uncovered}</p>
      )}
      {checked.data && isGood && (
        <p className="good" role="status">
          {words.good(number(checked.data.count), number(checked.data.ledger.checkpoint.size))}
        </p>
      )}
      <p>{words.proves}</p>
      <p className="quiet">{words.provesNot}</p>
      <EvidenceForm id={id} />
      {checked.data && (
        <p className="quiet">
          {words.key} <code>{checked.data.ledger.vkey}</code>
        </p>
      )}
    </Card>
  );
}

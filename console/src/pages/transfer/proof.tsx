/** The proof of a transfer, checked in this browser, and what that does and does not prove. */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { readLedger, verifyEntries } from '../../ledger.ts';
import { Card } from '../../pieces.tsx';
import { doubtOf } from './agree.ts';
import { EvidenceForm } from './evidence-form.tsx';
import { transferWords } from './words.ts';

type Trail = Schemas['Trail'];

export function Proof({ id, trail }: { id: string; trail: Trail }) {
  const { say, number } = useLanguage();
  const words = useWords(transferWords);
  const checked = useQuery({
    queryKey: ['proof', id],
    queryFn: async () => {
      const ledger = await readLedger();
      const covered = trail.entries.filter(({ index }) => index < ledger.checkpoint.size);
      const wrong = await verifyEntries(covered, ledger);
      // While nothing is covered there is nothing yet that the page could differ from.
      const doubt = covered.length > 0 ? doubtOf(trail) : null;
      return { ledger, count: covered.length, wrong, doubt };
    },
    retry: false,
    staleTime: Infinity,
  });
  // Entry 0 can be wrong, too.
  const wrong = checked.data?.wrong ?? null;
  const doubt = checked.data?.doubt ?? null;
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
      {checked.data && wrong === null && doubt === null && (
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

/** The inspection of one period: what happened, what is unusual, and what its reviewer says. */
import './review.css';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from 'react-aria-components';
import { Link } from 'wouter';
import { api, told, type Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer, Card } from '../../pieces.tsx';
import type { PageProps } from '../../routes.tsx';
import { periodName } from '../reviews/period.ts';
import { ReviewState } from '../reviews/reviews.tsx';
import { Anomalies } from './anomalies.tsx';
import { useDraft } from './draft.ts';
import { Figures } from './figures.tsx';
import { composed, isEmpty, keyOf, type Draft } from './findings.ts';
import { SignForm } from './sign-form.tsx';
import { Signed } from './signed.tsx';
import { Tables } from './tables.tsx';
import { reviewWords } from './words.ts';

type Review = Schemas['Review'];

export function Review({ scopes, params: { period = '' } }: PageProps) {
  const { language } = useLanguage();
  const words = useWords(reviewWords);
  const review = useQuery({
    queryKey: ['review', period],
    queryFn: () => told(api.GET('/v1/audit/reviews/{period}', { params: { path: { period } } })),
    // Opening it is an entry: it is asked for once a visit, and again only by hand.
    ...{ staleTime: Infinity, gcTime: 0, refetchOnReconnect: false },
  });
  return (
    <>
      <p className="back">
        <Link href="/reviews">← {words.back}</Link>
      </p>
      <h1>{words.title(periodName(period, language))}</h1>
      <Answer of={{ ...review, error: review.data ? null : review.error }}>
        {(shown) => (
          <Inspection
            key={period}
            of={shown}
            maySign={scopes.has('audit:review')}
            onAgain={() => review.refetch()}
          />
        )}
      </Answer>
    </>
  );
}

interface InspectionProps {
  of: Review;
  maySign: boolean;
  onAgain: () => Promise<unknown>;
}

function Inspection({ of, maySign, onAgain }: InspectionProps) {
  const words = useWords(reviewWords);
  const { draft, change, drop } = useDraft(of.period);
  /** What was known when it was counted anew; null: it never was. */
  const [known, setKnown] = useState<ReadonlySet<string> | null>(null);
  const again = async () => {
    setKnown(new Set(of.anomalies.map(keyOf)));
    await onAgain();
  };
  const isSignable = maySign && of.summary !== null && of.state !== 'signed';
  const writing = isSignable ? { draft, change } : null;
  return (
    <>
      <Standing of={of} />
      <Figures of={of} />
      <Card title={words.anomalies}>
        <Anomalies of={of} writing={writing} known={isSignable ? known : null} />
      </Card>
      {isSignable ? (
        <SignForm {...{ of, draft, change, drop }} isRenewed={known !== null} onAgain={again} />
      ) : (
        <Signed of={of} maySign={maySign} />
      )}
      {!isSignable && !isEmpty(draft) && <Unsigned {...{ of, draft }} onDrop={drop} />}
      <Tables of={of} />
      <ByHand />
    </>
  );
}

function Standing({ of: { from, to, state, dueOn } }: { of: Review }) {
  const { day } = useLanguage();
  const words = useWords(reviewWords);
  return (
    <div className="standing">
      <p>
        {day(from)} – {day(to)} <ReviewState of={state} />{' '}
        {state !== 'signed' && <span className="quiet">{words.due(day(dueOn))}</span>}
      </p>
      <p className="quiet">{words.opened}</p>
      <Button onPress={() => print()}>{words.print}</Button>
    </div>
  );
}

/** Somebody else signed while this was being written: it is shown until its writer lets it go. */
function Unsigned({ of, draft, onDrop }: { of: Review; draft: Draft; onDrop: () => void }) {
  const words = useWords(reviewWords);
  return (
    <Card title={words.yours}>
      <p className="said">{composed(of.anomalies, draft, words)}</p>
      <h3>{words.measures}</h3>
      <p className="said">{draft.measures}</p>
      <Button onPress={onDrop}>{words.discard}</Button>
    </Card>
  );
}

/** On paper it is signed by hand, too. */
function ByHand() {
  const { hand } = useWords(reviewWords);
  return (
    <div className="by-hand" aria-hidden>
      {hand.map((who) => (
        <p key={who}>{who}</p>
      ))}
    </div>
  );
}

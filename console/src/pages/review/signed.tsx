/** A review as it was signed; of one that is not to be signed here, why. */
import type { Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Card, Facts } from '../../pieces.tsx';
import { whoOf } from '../reviews/reviews.tsx';
import { reviewWords } from './words.ts';

export function Signed({ of, maySign }: { of: Schemas['Review']; maySign: boolean }) {
  const { time } = useLanguage();
  const words = useWords(reviewWords);
  const { signed, state, summary, findings, measures, signer, signature } = of;
  if (signed === null) {
    const why =
      state === 'signed'
        ? words.covered
        : state === 'open'
          ? words.still
          : maySign
            ? words.counting
            : words.readOnly;
    return (
      <Card title={words.conclude}>
        <p>{why}</p>
      </Card>
    );
  }
  return (
    <Card title={words.signed}>
      <h3>{words.findings}</h3>
      <p className="said">{findings}</p>
      <h3>{words.measures}</h3>
      <p className="said">{measures}</p>
      <Facts
        of={[
          [words.by, whoOf(signed)],
          [words.at, time(signed.at)],
          [words.digest, <code key="digest">{summary}</code>],
          [words.signer, signer === null ? words.session : <code key="signer">{signer}</code>],
          ...(signature === null ? [] : [[words.jws, <code key="jws">{signature}</code>] as const]),
        ]}
      />
    </Card>
  );
}

/** Where a version stands: who signed it, since when the notice shows it, from when it decides. */
import type { ReactNode } from 'react';
import { useLanguage, useWords } from '../../language.tsx';
import { Card, Facts } from '../../pieces.tsx';
import { useOrders, type Version } from './data.ts';
import { contractWords } from './words.ts';

const tones: Partial<Record<Version['life']['status'], string>> = {
  inForce: ' good',
  unsigned: ' bad',
  ended: ' withheld',
  superseded: ' withheld',
};

export function Standing({ of, versions }: { of: Version; versions: readonly Version[] }) {
  const { day, language } = useLanguage();
  const all = useWords(contractWords);
  const words = all.standing;
  const { life, validUntil, digest } = of;
  const { signature, noticedOn, decidesFrom, status } = life;
  return (
    <Card title={words.title}>
      {signature.why && <p className="bad">{signature.why[language]}</p>}
      {signature.demo && <p className="bad">{words.demo}</p>}
      <Facts
        of={[
          [
            words.state,
            <span key="state" className={`chip${tones[status] ?? ''}`}>
              {all.status[status]}
            </span>,
          ],
          [words.clinic, <SignedBy key="clinic" of={signature.clinic} />],
          [words.consignee, <SignedBy key="consignee" of={signature.consignee} />],
          [words.noticed, noticedOn ? day(noticedOn) : words.notNoticed],
          [words.decides, decidesFrom ? day(decidesFrom) : words.noDay],
          ...useEnd(of, versions),
          ...(status === 'ended' || status === 'superseded'
            ? []
            : ([[words.lastDay, validUntil ? day(validUntil) : words.open]] as const)),
          [words.digest, <code key="digest">{digest}</code>],
        ]}
      />
      <p className="quiet">{words.digestNote}</p>
    </Card>
  );
}

function SignedBy({ of }: { of: Version['life']['signature']['clinic'] }) {
  const { time } = useLanguage();
  const words = useWords(contractWords).standing;
  if (of === null) return <span className="chip bad">{words.notSigned}</span>;
  return (
    <>
      {of.signedAt ? time(of.signedAt) : words.noDate}
      <br />
      <code className="quiet">{of.kid}</code>
    </>
  );
}

/** The day on which a version that is over was replaced, or ended with its relation. */
function useEnd(of: Version, versions: readonly Version[]): (readonly [string, ReactNode])[] {
  const { day } = useLanguage();
  const words = useWords(contractWords).standing;
  const orders = useOrders();
  const { status } = of.life;
  if (status === 'superseded') {
    const later = versions.findLast(
      ({ version, life }) => version > of.version && life.decidesFrom !== null,
    );
    return [[words.replaced, day(later?.life.decidesFrom)]];
  }
  if (status !== 'ended') return [];
  const order = orders.data?.find(({ contracts }) => contracts.includes(of.id));
  return [[words.ended, day(order?.endedOn ?? of.validUntil)]];
}

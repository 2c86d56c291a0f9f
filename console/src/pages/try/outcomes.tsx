/** What each consignee would receive, side by side; then its payload, or why it gets nothing. */
import { Chips } from '../../chips.tsx';
import { useItems } from '../../items.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { ConsigneeName, ContractLink } from '../../links.tsx';
import { Card } from '../../pieces.tsx';
import type { Outcome, Preview } from './asking.ts';
import { Comparison } from './comparison.tsx';
import { tryWords } from './words.ts';

export function Outcomes({ of }: { of: readonly Outcome[] }) {
  const { number } = useLanguage();
  const words = useWords(tryWords);
  const previews = of.flatMap(({ preview }) => preview ?? []);
  const refused = of.filter(({ refusal }) => refusal);
  return (
    <>
      <h2 className="outcome">{words.results}</h2>
      <p role="status">{words.summary(number(previews.length), number(refused.length))}</p>
      {refused.length > 0 && <Refused of={refused} />}
      {previews.length > 0 && (
        <>
          <Comparison of={previews} />
          <Card title={words.payloads}>
            <p className="quiet">{words.clear2}</p>
            {previews.map((one) => (
              <Payload key={one.consignee} of={one} />
            ))}
          </Card>
        </>
      )}
    </>
  );
}

function Refused({ of }: { of: readonly Outcome[] }) {
  const words = useWords(tryWords);
  return (
    <Card title={words.refused}>
      <p className="quiet">{words.refusedNote}</p>
      {of.map(({ consignee, refusal }) => (
        <div key={consignee} className="refused">
          <h3>
            <ConsigneeName of={consignee} />
          </h3>
          <p>
            <span className="chip bad">{words.refused}</span> {refusal?.error.message}
          </p>
          <p className="quiet">{refusal?.error.detail}</p>
          {refusal && refusal.places.length > 0 && (
            <ul className="lines" aria-label={words.places}>
              {refusal.places.map(({ pointer, detail }) => (
                <li key={`${pointer} ${detail}`}>
                  {pointer === '' ? words.whole : <code>{pointer}</code>}: {detail}
                </li>
              ))}
            </ul>
          )}
        </div>
      ))}
    </Card>
  );
}

function Payload({ of }: { of: Preview }) {
  const { number } = useLanguage();
  const words = useWords(tryWords);
  const { nameOf } = useItems();
  const { consignee, contract, payload, masked = [], released, derived } = of;
  const bytes = new TextEncoder().encode(payload).length;
  return (
    <section className="payload">
      <h3>
        <ConsigneeName of={consignee} /> · <ContractLink of={contract} /> ·{' '}
        {words.would(number(released.length + derived.length))}
      </h3>
      <Chips of={of} />
      {masked.length > 0 && <p className="bad">{words.masked(masked.map(nameOf).join(', '))}</p>}
      <details>
        <summary>{words.payload(number(bytes))}</summary>
        <pre>{JSON.stringify(JSON.parse(payload), null, 2)}</pre>
      </details>
    </section>
  );
}

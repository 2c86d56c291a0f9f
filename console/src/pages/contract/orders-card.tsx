/** What a consignee has to destroy after the end, and its certificate once it is here. */
import { useItems } from '../../items.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer, Card, Facts } from '../../pieces.tsx';
import { CertifyForm } from './certify-form.tsx';
import { useOrders, type Order } from './data.ts';
import { endingWords } from './ending-words.ts';

export function OrdersCard(props: { consignee: string; scopes: ReadonlySet<string> }) {
  const words = useWords(endingWords).orders;
  const orders = useOrders();
  const { consignee, scopes } = props;
  return (
    <Card title={words.title}>
      <Answer of={orders}>
        {(all) => {
          const own = all.filter((one) => one.consignee === consignee);
          if (own.length === 0) return <p className="quiet">{words.none}</p>;
          return own.map((one) => (
            <OneOrder key={one.id} of={one} mayCertify={scopes.has('contracts:end')} />
          ));
        }}
      </Answer>
    </Card>
  );
}

/** Of an order: overdue, open or certified. */
function OrderState({ of }: { of: Order }) {
  const words = useWords(endingWords).orders;
  if (of.certificate) return <span className="chip good">{words.certified}</span>;
  if (of.overdue) return <span className="chip bad">{words.overdue}</span>;
  return <span className="chip">{words.open}</span>;
}

function OneOrder({ of, mayCertify }: { of: Order; mayCertify: boolean }) {
  const { day, number, time } = useLanguage();
  const { nameOf } = useItems();
  const words = useWords(endingWords).orders;
  const { received, certificate } = of;
  const { delivered, mayHaveArrived } = received.transfers;
  return (
    <div className="order">
      <p>
        <OrderState of={of} /> {words.due} <strong>{day(of.dueOn)}</strong>
      </p>
      <Facts
        of={[
          [words.ended, day(of.endedOn)],
          [words.contracts, of.contracts.join(', ')],
          [
            words.received,
            [
              words.transfers(number(delivered)),
              ...(mayHaveArrived > 0 ? [words.perhaps(number(mayHaveArrived))] : []),
            ].join('; '),
          ],
          ...(received.from
            ? ([[words.between, `${day(received.from)} – ${day(received.until)}`]] as const)
            : []),
          [
            words.items,
            received.items
              .map(
                ({ item, delivered: count, mayHaveArrived: perhaps }) =>
                  `${nameOf(item)} (${number(count + perhaps)})`,
              )
              .join(', ') || '–',
          ],
          ...(certificate
            ? ([
                [words.method, words.methods[certificate.method]],
                [words.destroyedOn, day(certificate.destroyedOn)],
                [words.certifiedOn, time(certificate.certifiedAt)],
                [words.sha256, <code key="sha256">{certificate.sha256}</code>],
                [words.signer, <code key="signer">{certificate.signer}</code>],
              ] as const)
            : []),
        ]}
      />
      {!certificate && mayCertify && <CertifyForm of={of} />}
    </div>
  );
}

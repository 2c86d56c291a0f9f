/** What became of each item, beside the clause of the contract that made it so. */
import type { ReactNode } from 'react';
import type { Schemas } from '../../api.ts';
import { useContractVersion, type ContractText } from '../../contract-version.ts';
import { useItems } from '../../items.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { ContractLink } from '../../links.tsx';
import { Answer, Card, Table } from '../../pieces.tsx';
import { transferWords } from './words.ts';

type Trail = Schemas['Trail'];
type Reason = Trail['transfer']['withheld'][number]['reason'];

export function Decision({ of: { transfer, minimisation } }: { of: Trail }) {
  const { language } = useLanguage();
  const words = useWords(transferWords);
  const contract = useContractVersion(transfer.contract);
  const rules = new Map(minimisation?.derived.map(({ item, rule }) => [item, rule]));
  return (
    <Card title={words.decision}>
      {minimisation === null && <p>{words.uncovered}</p>}
      <Answer of={contract}>
        {({ text }) => (
          <>
            <p>
              <ContractLink of={transfer.contract} /> · {text.work[language]}:{' '}
              {text.purpose[language]}
            </p>
            <Table
              stacks
              caption={words.decision}
              head={[words.item, words.became, words.clause(transfer.contract)]}
            >
              {transfer.released.map((item) => (
                <Row key={item} item={item} kind="released">
                  <Clause item={item} text={text} />
                </Row>
              ))}
              {transfer.derived.map((item) => (
                <Row key={item} item={item} kind="derived">
                  <Clause item={item} text={text} />
                  <p className="quiet">{words.rule(rules.get(item) ?? '–')}</p>
                </Row>
              ))}
              {transfer.withheld.map(({ item, reason, count }) => (
                <Row
                  key={`${item} ${reason}`}
                  item={item}
                  kind="withheld"
                  why={reason}
                  count={count}
                >
                  <Clause item={item} text={text} reason={reason} />
                </Row>
              ))}
            </Table>
          </>
        )}
      </Answer>
    </Card>
  );
}

interface RowProps {
  item: string;
  kind: 'released' | 'derived' | 'withheld';
  why?: Reason;
  /** How many unknown items were alike. */
  count?: number | undefined;
  children: ReactNode;
}

const tones = { released: 'good', derived: 'derived', withheld: 'withheld' };

function Row({ item, kind, why, count, children }: RowProps) {
  const { say, number } = useLanguage();
  const { nameOf } = useItems();
  const name = nameOf(item);
  return (
    <tr>
      <th scope="row">
        {name}
        {count !== undefined && ` × ${number(count)}`}
        {name !== item && (
          <>
            {' '}
            <code className="quiet">{item}</code>
          </>
        )}
      </th>
      <td>
        <span className={`chip ${tones[kind]}`}>{say.kind[kind]}</span>
        {why && <> {say.reason[why]}</>}
      </td>
      <td>{children}</td>
    </tr>
  );
}

function Clause({ item, text, reason }: { item: string; text: ContractText; reason?: Reason }) {
  const { language } = useLanguage();
  const words = useWords(transferWords);
  if (reason === 'NEVER_SHARED' || reason === 'UNKNOWN_ITEM') return words.noClause[reason];
  const place = text.items.findIndex((one) => one.item === item);
  const listed = text.items[place];
  if (!listed) return words.notListed(text.items.length);
  const meaning = text.pins?.[item];
  const basis = text.legalBasis?.find((one) => one.item === item);
  return (
    <>
      <p>{words.listed(place + 1, text.items.length, listed.required)}</p>
      {meaning && <p className="quiet">{meaning[language]}</p>}
      {basis && <p className="quiet">{words.basis(basis.basis[language])}</p>}
    </>
  );
}

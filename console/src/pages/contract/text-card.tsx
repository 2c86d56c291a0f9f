/** What a version says, in the language that is chosen: its text is text, whatever stands in it. */
import { useItems } from '../../items.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer, Card, Facts } from '../../pieces.tsx';
import { useContractVersion } from '../../contract-version.ts';
import type { Version, WholeText } from './data.ts';
import { ItemTable, Stayed } from './item-table.tsx';
import { contractWords } from './words.ts';

/** `mayAudit`: counts lead to the transfers that they count. */
export function TextCard({ of, mayAudit }: { of: Version; mayAudit: boolean }) {
  const words = useWords(contractWords).text;
  const found = useContractVersion(of.id);
  return (
    <Card title={words.title}>
      <Answer of={found}>
        {({ text }) => <Text of={text as WholeText} consignee={of.consignee} mayAudit={mayAudit} />}
      </Answer>
    </Card>
  );
}

function Text(props: { of: WholeText; consignee: string; mayAudit: boolean }) {
  const { of, consignee, mayAudit } = props;
  const { language } = useLanguage();
  const words = useWords(contractWords).text;
  const clauseNames: Readonly<Record<string, string>> = words.clause;
  return (
    <>
      <Facts
        of={[
          ...(of.reason ? ([[words.reason, of.reason[language]]] as const) : []),
          [words.work, of.work[language]],
          [words.purpose, of.purpose[language]],
          [words.subject, words.subjects[of.subject]],
        ]}
      />
      <h3>{words.items}</h3>
      <ItemTable of={of} consignee={consignee} mayAudit={mayAudit} />
      <Stayed consignee={consignee} mayAudit={mayAudit} />
      <h3>{words.returns}</h3>
      <Returns of={of.returns} />
      <h3>{words.retention}</h3>
      <Retention of={of} />
      <h3>{words.clauses}</h3>
      <ol className="clauses">
        {Object.entries(of.clauses).map(([clause, said]) => (
          <li key={clause}>
            <strong>{clauseNames[clause] ?? clause}.</strong> {said[language]}
          </li>
        ))}
      </ol>
      <SubConsignees of={of.subConsignees ?? []} />
      <Facts
        of={[
          [words.document, of.document.file],
          [words.sha256, <code key="sha256">{of.document.sha256}</code>],
        ]}
      />
    </>
  );
}

function Returns({ of }: { of: WholeText['returns'] }) {
  const { nameOf } = useItems();
  const words = useWords(contractWords).text;
  if (of.length === 0) return <p>{words.returnsNothing}</p>;
  return (
    <ul className="lines">
      {of.map(({ item, required }) => (
        <li key={item}>
          {nameOf(item)}{' '}
          <span className="quiet">({required ? words.required : words.optional})</span>
        </li>
      ))}
    </ul>
  );
}

function Retention({ of: { retention, onTextMatch, receipts } }: { of: WholeText }) {
  const { language, number } = useLanguage();
  const words = useWords(contractWords).text;
  const { text, purgeAfterDays, expireAfterDays, destroyWithinDays } = retention;
  const lines: (string | false)[] = [
    text[language],
    purgeAfterDays !== undefined && words.purge(number(purgeAfterDays)),
    expireAfterDays !== undefined && words.expire(number(expireAfterDays)),
    destroyWithinDays !== undefined && words.destroy(number(destroyWithinDays)),
    onTextMatch === 'mask' && words.mask,
    receipts === 'required' && words.receipts,
  ];
  return <ul className="lines">{lines.map((line) => line && <li key={line}>{line}</li>)}</ul>;
}

function SubConsignees({ of }: { of: NonNullable<WholeText['subConsignees']> }) {
  const { language, day } = useLanguage();
  const { nameOf } = useItems();
  const words = useWords(contractWords).text;
  if (of.length === 0) return null;
  return (
    <>
      <h3>{words.subConsignees}</h3>
      <ul className="lines">
        {of.map(({ name, work, items, consentedOn }) => (
          <li key={name[language]}>
            {name[language]}: {work[language]} ({items.map(nameOf).join(', ')};{' '}
            {words.consented(day(consentedOn))})
          </li>
        ))}
      </ul>
    </>
  );
}

/** Names that lead to the page of what they name. */
import { Link } from 'wouter';
import { useConsignees } from './consignees.ts';
import { useLanguage } from './language.tsx';

/** A consignee by its name, with how its deliveries are behind it. */
export function ConsigneeName({ of }: { of: string }) {
  const { language } = useLanguage();
  const consignees = useConsignees();
  const known = consignees.data?.items.find(({ id }) => id === of);
  return <Link href={`/deliveries/${of}`}>{known?.name[language] ?? of}</Link>;
}

/** A contract version by its id (`samkwang.v1`), with its text behind it. */
export function ContractLink({ of }: { of: string }) {
  const [consignee = '', version = ''] = of.split('.v');
  return (
    <Link className="id" href={`/contracts/${consignee}?version=${version}`}>
      {of}
    </Link>
  );
}

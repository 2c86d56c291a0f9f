/** Transfers in rows: when, to whom, how they stand, and what became of each item. */
import type { ReactNode } from 'react';
import type { Schemas } from './api.ts';
import { Chips, Status } from './chips.tsx';
import { useLanguage } from './language.tsx';
import { ConsigneeName } from './links.tsx';
import { Table } from './pieces.tsx';

type Transfer = Schemas['AuditTransfer'];

interface TransferTableProps {
  of: readonly Transfer[];
  caption: string;
  /** The way to one, under the time of its acceptance. */
  link: (id: string, when: string) => ReactNode;
}

export function TransferTable({ of, caption, link }: TransferTableProps) {
  const { say, time } = useLanguage();
  const head = [say.accepted, say.consignees.name, say.state, say.items];
  return (
    <Table stacks caption={caption} head={head}>
      {of.map((one) => (
        <tr key={one.id}>
          <th scope="row">{link(one.id, time(one.createdAt))}</th>
          <td>
            <ConsigneeName of={one.consignee} />
          </td>
          <td>
            <Status of={one.status} />
          </td>
          <td>
            <Chips of={one} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

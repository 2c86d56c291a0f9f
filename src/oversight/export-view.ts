/** What exports know of a transfer beside its row: how it goes, and who the consignee is. */
import type { Agreements } from '#src/agreements/load.ts';
import type { Channel, Consignee, Contract } from '#src/base/words.ts';
import type { TransferRow } from '#src/transfers/rows.ts';
import { auditView, type SearchDeps } from './search.ts';

export interface ExportDeps extends SearchDeps {
  agreements: Agreements;
  /** Milliseconds on a clock that nobody sets. */
  steadyNow: () => number;
  /** The public origin of the gateway. */
  issuer: string;
}

/** A transfer as the audit search tells it, and what its ids stand for. */
export interface ExportView {
  transfer: ReturnType<typeof auditView> & { channel: Channel };
  consignee: Consignee | undefined;
  contract: Contract | undefined;
}

/** Makes views of rows. */
export function viewOf({
  agreements,
}: Pick<ExportDeps, 'agreements'>): (row: TransferRow) => ExportView {
  const contracts = new Map(agreements.contracts.map((one) => [one.id, one]));
  return (row) => {
    const consignee = agreements.consignees.get(row.consignee);
    const transfer = { ...auditView(row), channel: consignee?.channel ?? ('push' as const) };
    return { transfer, consignee, contract: contracts.get(row.contract) };
  };
}

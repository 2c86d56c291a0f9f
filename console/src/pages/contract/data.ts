/** What the page of a contract asks the gateway for. */
import { useQuery } from '@tanstack/react-query';
import { api, told, type Schemas } from '../../api.ts';
import type { ContractText } from '../../contract-version.ts';
import type { InBoth } from '../../words/both.ts';

export type Version = Schemas['ContractSummary'];
export type Order = Schemas['DestructionOrder'];
type Said = InBoth<string>;

/** The whole text, as `contracts/contract.schema.json` has it; the API says only: an object. */
export interface WholeText extends ContractText {
  reason?: Said;
  subject: Schemas['SubjectKind'];
  returns: readonly { item: string; required: boolean }[];
  onTextMatch?: 'refuse' | 'mask';
  receipts?: 'required' | 'optional';
  retention: {
    text: Said;
    purgeAfterDays?: number;
    expireAfterDays?: number;
    destroyWithinDays?: number;
  };
  clauses: Readonly<Record<string, Said>>;
  subConsignees?: readonly { name: Said; work: Said; items: string[]; consentedOn: string }[];
  document: { file: string; sha256: string };
}

/** How many days back this page and the matrix count. */
export const daysBack = 90;

export const useContracts = () =>
  useQuery({ queryKey: ['contracts'], queryFn: () => told(api.GET('/v1/contracts')) });

export const useCounts = (consignee: string) =>
  useQuery({
    queryKey: ['counts', consignee],
    queryFn: () => {
      const params = { path: { consignee }, query: { days: daysBack } };
      return told(api.GET('/v1/contracts/{consignee}/counts', { params }));
    },
  });

/** More orders than any clinic ever has: relations that ended. */
const pagesMax = 20;

/** Everybody's destruction orders: overdue ones first, then open ones, then certified ones. */
export const useOrders = () =>
  useQuery({
    queryKey: ['destruction-orders'],
    queryFn: async () => {
      const found: Order[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < pagesMax; page += 1) {
        const query = { limit: 200, ...(cursor !== null && { cursor }) };
        const answer: Schemas['DestructionOrderList'] = await told(
          api.GET('/v1/destruction-orders', { params: { query } }),
        );
        found.push(...answer.items);
        cursor = answer.next;
        if (cursor === null) break;
      }
      const rank = (one: Order) => (one.overdue ? 0 : one.certificate === null ? 1 : 2);
      return found.toSorted((one, other) => rank(one) - rank(other));
    },
  });

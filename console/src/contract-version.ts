/** A contract version with its text, as it was written and digested; it never changes. */
import { useQuery } from '@tanstack/react-query';
import { api, told } from './api.ts';
import type { InBoth } from './words/both.ts';

type Said = InBoth<string>;

/** What pages read of the text (contracts/contract.schema.json in the gateway's own files). */
export interface ContractText {
  work: Said;
  purpose: Said;
  items: readonly { item: string; required: boolean }[];
  /** What an item means here, where the dictionary leaves it open. */
  pins?: Readonly<Record<string, Said>>;
  /** Which law allows a unique identifier. */
  legalBasis?: readonly { item: string; basis: Said; confirmed?: boolean }[];
}

/** @param id `<consignee>.v<version>` */
export function useContractVersion(id: string) {
  const [consignee = '', version = ''] = id.split('.v');
  return useQuery({
    queryKey: ['contract', id],
    queryFn: () =>
      told(
        api.GET('/v1/contracts/{consignee}/versions/{version}', {
          params: { path: { consignee, version: Number(version) } },
        }),
      ),
    staleTime: 60_000,
    select: (found) => ({ ...found, text: found.text as unknown as ContractText }),
  });
}

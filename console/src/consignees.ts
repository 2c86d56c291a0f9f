/** The consignees and how they are, asked for once for every page that names them. */
import { useQuery } from '@tanstack/react-query';
import { api, told } from './api.ts';

export const useConsignees = (refetchInterval: number | false = false) =>
  useQuery({
    queryKey: ['consignees'],
    queryFn: () => told(api.GET('/v1/consignees')),
    refetchInterval,
  });

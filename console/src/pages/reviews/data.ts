/** How the review of each period stands. */
import { useQuery } from '@tanstack/react-query';
import { api, told } from '../../api.ts';

/** @param enabled false: it is not asked, for who may not */
export const useReviews = (enabled = true) =>
  useQuery({
    queryKey: ['reviews'],
    enabled,
    queryFn: () => told(api.GET('/v1/audit/reviews')),
  });

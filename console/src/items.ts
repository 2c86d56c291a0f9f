/** The data dictionary, asked for once: what each item is called, and how it is classed. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, told } from './api.ts';
import { useLanguage } from './language.tsx';

export function useItems() {
  const { language } = useLanguage();
  const asked = useQuery({
    queryKey: ['items'],
    queryFn: () => told(api.GET('/v1/items')),
    staleTime: Infinity,
  });
  const list = asked.data?.items ?? none;
  return useMemo(() => {
    const known = new Map(list.map((one) => [one.item, one]));
    return {
      list,
      /** The item's name; its code where the dictionary has none. */
      nameOf: (item: string) => known.get(item)?.label[language] ?? item,
    };
  }, [list, language]);
}

const none: never[] = [];

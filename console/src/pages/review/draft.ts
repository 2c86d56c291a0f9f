/**
 * What a reviewer has typed: in this tab's memory alone, until it is signed. No refetch, renewed
 * token or way to another page loses it, and whoever closes the tab is asked first.
 */
import { useEffect, useState } from 'react';
import { emptyDraft, isEmpty, type Draft } from './findings.ts';

const drafts = new Map<string, Draft>();

const ask = (event: BeforeUnloadEvent) => {
  if ([...drafts.values()].some((draft) => !isEmpty(draft))) event.preventDefault();
};

export function useDraft(period: string) {
  const [draft, show] = useState(drafts.get(period) ?? emptyDraft);
  useEffect(() => {
    // Stays where the page is left: the draft does, too. The same function counts once.
    addEventListener('beforeunload', ask);
  }, []);
  const change = (part: Partial<Draft>) => {
    const next = { ...(drafts.get(period) ?? emptyDraft), ...part };
    drafts.set(period, next);
    show(next);
  };
  const drop = () => {
    drafts.delete(period);
    show(emptyDraft);
  };
  return { draft, change, drop };
}

/** Whether a consignee takes what is delivered to it, in one word. */
import type { Schemas } from './api.ts';
import { useLanguage } from './language.tsx';

type Consignee = Schemas['Consignee'];

export function DeliveryState({ of }: { of: Consignee }) {
  const { say } = useLanguage();
  const state = deliveryState(of);
  return <span className={`chip ${state === 'well' ? 'good' : 'bad'}`}>{say.delivery[state]}</span>;
}

/** Nothing goes there before somebody resumes it, or its endpoint is tried again. */
export const isStopped = ({ paused, delivery }: Consignee) =>
  paused || (delivery !== null && delivery.state !== 'closed');

/** `absent`: one that collects, and has not asked in its time. Of several, the gravest. */
export function deliveryState({ paused, delivery, checkIn }: Consignee) {
  if (paused) return 'paused';
  if (delivery && delivery.state !== 'closed') return delivery.state;
  return checkIn?.overdue ? 'absent' : 'well';
}

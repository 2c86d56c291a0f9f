/** What subscribers can be told of: a closed list, in the style of Standard Webhooks. */

export const eventTypes = [
  'transfer.delivered',
  'transfer.rejected',
  'transfer.failed',
  'transfer.expired',
  'transfer.withdrawn',
  'transfer.redelivered',
  'result.received',
  'result.retracted',
  'alert.raised',
  'alert.cleared',
] as const;

export type EventType = (typeof eventTypes)[number];

/** Who wants to be told of what. */
export interface Subscription {
  /** The client whose transfers, results and alerts these are. */
  client: string;
  types: ReadonlySet<EventType>;
  /** Told at its URL; else the events are kept for it to ask for. */
  isPushed: boolean;
}

/** The types that a file names: each one, or a family such as `transfer.*`. */
export function typesOf(patterns: readonly string[]): ReadonlySet<EventType> {
  const named = (type: EventType) =>
    patterns.some((pattern) => pattern === type || pattern === `${type.split('.')[0]}.*`);
  return new Set(eventTypes.filter(named));
}

/**
 * The steps between commit, reply, claim, send and settle at which a trial can interrupt a gateway.
 * Nothing listens in the product: whoever is passed none goes on as if there were none.
 */

/**
 * Every one of them, in the order of an order's life. `before` something durable it fails and is
 * not there; `after`, it fails for its caller and persists all the same.
 */
export const failpointNames = [
  'accept:before-commit',
  'accept:after-commit',
  'reply:before',
  'sequence:taken',
  'sequence:moved',
  'sequence:entered',
  'sequence:signed',
  'sequence:covered',
  'sequence:committed',
  'sequence:noted',
  'claim:before-commit',
  'claim:after-commit',
  'send:before',
  'send:after',
  'pulled:before',
  'pulled:after',
  'settle:before-commit',
  'settle:after-commit',
  'result:before',
  'result:after',
] as const;

export type FailpointName = (typeof failpointNames)[number];

/** Called on the way: it may throw, wait, or never come back. */
export type Failpoint = (name: FailpointName) => void | Promise<void>;

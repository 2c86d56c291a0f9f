/**
 * Whether a ledger makes sense as a whole: each transfer's life as its entries tell it. Imports
 * nothing but the versions' part of the same check, so that a browser runs it too.
 */
import type { LeafFacts } from './leaf.ts';
import { contractText, createVersionCheck } from './versions.ts';
import type { LifeFault, VersionCheck } from './versions.ts';

/** `waiting`: it was released, or goes once more. Nothing leads out of the last two. */
type State = 'waiting' | 'delivered' | 'ended' | 'cancelled' | 'withdrawn';

interface Rule {
  /** The states in which it may happen. */
  from: readonly State[];
  /** The state after it; left out: the same. */
  to?: State;
}

const waiting = ['waiting'] as const;
const any = ['waiting', 'delivered', 'ended', 'cancelled', 'withdrawn'] as const;

/**
 * The law of a transfer's steps, all of them after `released`, which comes once. So a transfer is
 * settled once, and once more only after `redelivered`. What a table cannot say is in `moreOf`.
 */
const rules: Readonly<Record<string, Rule>> = {
  pulled: { from: waiting },
  delivered: { from: waiting, to: 'delivered' },
  receipt: { from: ['delivered'] },
  rejected: { from: waiting, to: 'ended' },
  failed: { from: waiting, to: 'ended' },
  expired: { from: waiting, to: 'ended' },
  cancelled: { from: waiting, to: 'cancelled' },
  withdrawn: { from: waiting, to: 'withdrawn' },
  redelivered: { from: ['delivered', 'ended'], to: 'waiting' },
  'result-received': { from: ['waiting', 'delivered', 'ended', 'withdrawn'] },
  'result-refused': { from: any },
  'result-collected': { from: any },
  'result-matched': { from: any },
  'result-unmatched': { from: any },
  purged: { from: any },
};

/** Kinds of which the check looks into the detail, where it is known. */
const detailed: ReadonlySet<string> = new Set([
  ...['purged', 'subject-erased', 'access-granted', 'access-changed', 'access-revoked'],
  ...['staff-granted', 'staff-changed', 'staff-revoked'],
]);

/** One small record a transfer, however many steps it takes. */
interface Life {
  state: State;
  /** Id and digest of the contract that it was released under. */
  contract: string;
  consignee: string;
  /** It was claimed, or a push of it came to an end. */
  left: boolean;
  /** Its payload is destroyed. */
  purged: boolean;
  received: number;
  collected: number;
}

/** What of a detail is looked at. */
export interface DetailSays {
  /** It was destroyed with its person: nothing of it is known. */
  erased?: true;
  /** How many were, as an entry says. */
  entries?: unknown;
  result?: unknown;
  quarantined?: unknown;
  client?: unknown;
  staff?: unknown;
}

export interface LifeCheck {
  /**
   * The next entry, in order, from the first one on.
   *
   * @param detail for the kinds that `needsDetail` names; without it less can be told
   * @returns what is wrong with it, in plain words
   */
  step(index: number, leaf: LeafFacts, detail?: DetailSays): string | undefined;
  /** What only shows at the end. */
  finish(): LifeFault[];
}

/** Whether the check looks into the detail of such an entry. */
export function needsDetail(kind: string): boolean {
  return detailed.has(kind);
}

/** Starts checking. Keeps one record a transfer, a contract version and a revoked account. */
export function createLifeCheck(): LifeCheck {
  const lives = new Map<string, Life>();
  const versions = createVersionCheck();
  const revoked = new Set<string>();
  /** Each name once: a piece of what was read would keep all of it. */
  const names = new Map<string, string>();
  const nameOf = (name: string): string => names.get(name) ?? (names.set(name, name), name);
  let [erased, erasedAsSaid] = [0, 0];
  return {
    step(index, leaf, detail) {
      if (detail?.erased) erased += 1;
      if (leaf.kind === 'subject-erased') erasedAsSaid += Number(detail?.entries ?? 0);
      const misnamed = versions.hear(leaf);
      if (misnamed !== undefined) return misnamed;
      if (leaf.kind === 'released') {
        const consignee = nameOf(leaf.consignee ?? '');
        return release(lives, versions, index, { ...leaf, consignee });
      }
      if (leaf.transfer !== null && leaf.kind in rules) return follow(lives, leaf, detail);
      return detail && accessFault(revoked, leaf.kind, detail);
    },
    finish() {
      // Fewer is no fault: whoever kept a copy has what was destroyed since.
      if (erased <= erasedAsSaid) return versions.finish();
      const problem = 'more details are destroyed than entries say so';
      return [...versions.finish(), { index: null, problem }];
    },
  };
}

function release(
  lives: Map<string, Life>,
  versions: VersionCheck,
  index: number,
  leaf: LeafFacts & { consignee: string },
): string | undefined {
  const { transfer, contract, consignee } = leaf;
  if (transfer === null || contract === null) return 'a release of no transfer or no contract';
  const key = shortKey(transfer);
  if (lives.has(key)) return 'the transfer was released twice';
  const { text, problem } = versions.release(index, leaf);
  const life = { state: 'waiting', contract: text, consignee, left: false, purged: false } as const;
  lives.set(key, { ...life, received: 0, collected: 0 });
  return problem;
}

function follow(
  lives: Map<string, Life>,
  { kind, transfer, contract, consignee }: LeafFacts,
  detail: DetailSays | undefined,
): string | undefined {
  const life = lives.get(shortKey(transfer!));
  if (!life) return `the transfer was ${kind} before it was released`;
  if ((consignee ?? '') !== life.consignee)
    return 'the step names another consignee than the release';
  if (contract && contractText(contract) !== life.contract) {
    return 'the step names another contract, or another digest of it, than the release';
  }
  const { from, to } = rules[kind]!;
  if (!from.includes(life.state)) return `the transfer was ${kind} while it was ${life.state}`;
  const problem = moreOf(life, kind, detail);
  if (to) life.state = to;
  return problem;
}

/** The rules that a table of states cannot say, and what the record learns of the step. */
function moreOf(life: Life, kind: string, detail: DetailSays | undefined): string | undefined {
  switch (kind) {
    case 'pulled':
    case 'delivered':
    case 'rejected':
    case 'failed':
      life.left = true;
      return undefined;
    case 'cancelled':
      return life.left ? 'the transfer was cancelled after it may have left' : undefined;
    case 'redelivered':
      return life.purged ? 'the transfer was redelivered after it was purged' : undefined;
    case 'result-received':
      life.received += 1;
      return undefined;
    case 'result-collected':
      life.collected += 1;
      return life.collected > life.received ? 'a result was collected that never came' : undefined;
    case 'result-matched':
    case 'result-unmatched':
      return life.received === 0 ? `a ${kind} without a result of the transfer` : undefined;
    case 'purged':
      return purge(life, detail);
    default:
      return undefined;
  }
}

/** A payload is destroyed once, when its transfer is not waiting; a result's content is another. */
function purge(life: Life, detail: DetailSays | undefined): string | undefined {
  const isKnown = detail && !detail.erased;
  const isOfResult = isKnown && (detail.result ?? detail.quarantined) !== undefined;
  // Of a transfer with a result and a detail that is not known, it may have been the one or other.
  if (isKnown ? isOfResult : life.received > 0) {
    return life.received === 0 ? 'a result was purged that never came' : undefined;
  }
  if (life.state === 'waiting') return 'the transfer was purged while it was waiting';
  if (life.purged) return 'the transfer was purged twice';
  life.purged = true;
  return undefined;
}

/** What was revoked is neither changed nor revoked before it is granted again. */
function accessFault(revoked: Set<string>, kind: string, detail: DetailSays): string | undefined {
  const [whose, step] = kind.split('-') as [string, string];
  const account = whose === 'staff' ? detail.staff : detail.client;
  if (!detailed.has(kind) || typeof account !== 'string') return undefined;
  const key = `${whose} ${account}`;
  if (step === 'granted') revoked.delete(key);
  else if (revoked.has(key)) return `access was ${step} that had been revoked`;
  if (step === 'revoked') revoked.add(key);
  return undefined;
}

/** 16 bytes for a UUID, in a string of its own: a piece of a leaf would keep the whole leaf. */
function shortKey(uuid: string): string {
  const units = [0, 0, 0, 0, 0, 0, 0, 0];
  let digits = 0;
  for (let at = 0; at < uuid.length; at += 1) {
    const code = uuid.charCodeAt(at);
    if (code === dash) continue;
    const unit = digits >> 2;
    units[unit] = units[unit]! * 16 + (code < letterA ? code - zero : code - letterA + 10);
    digits += 1;
  }
  return String.fromCharCode(...units);
}

const dash = '-'.charCodeAt(0);
const zero = '0'.charCodeAt(0);
const letterA = 'a'.charCodeAt(0);

/**
 * Who is worked for next: alone, a client gets all that there is; beside others no more than its
 * share at a time, and what it asks for beyond waits in a queue of its own. What does not fit there
 * is refused.
 */
import { GatewayError } from './errors.ts';

export interface FairLimits {
  /** Requests under way at a time while several clients ask much: shared evenly among them. */
  atOnceMax: number;
  /** Requests of one client that may wait for their turn. */
  waitingMax: number;
  /** How long one may wait for it. */
  waitMsMax: number;
  /** A refusal comes so late: who asks again at once, for all that, costs little. */
  refuseMs: number;
  /** So long after its last request a client counts as one of several. */
  presentMs: number;
}

export interface FairTurns {
  /**
   * Calls `go` when it is this client's turn: at once, or later out of its queue.
   * @returns gives the turn back, or the place in the queue; a second call does nothing
   */
  take(client: string, turn: Turn): () => void;
}

export interface Turn {
  /** @param leave gives the turn back, as what `take` returns */
  go: (leave: () => void) => void;
  /** Called instead, with `TOO_MANY_REQUESTS`: nothing was done. */
  refuse: (error: GatewayError) => void;
}

/** However many there are, each has so many. */
const shareMin = 4;
const retryAfterSeconds = 1;

/**
 * One event loop does one thing after the other: behind a client with 64 requests under way every
 * other one's would wait for all of these. So nobody has more than a share under way while others
 * are about; and while a request of another is under way, no more than that other one has, or would
 * like to have: who asks for little stands behind little.
 * @param deps.now milliseconds on a clock that nobody sets
 */
export function createFairTurns(deps: { now: () => number }, limits: FairLimits): FairTurns {
  const isPresent = createPresence(deps.now, limits.presentMs);
  const lines = createLines(limits, isPresent);
  return {
    take(client, turn) {
      isPresent.note(client);
      const line = lines.of(client);
      if (line.waiting.size === 0 && lines.hasRoom(line)) return enter(lines, line, turn);
      if (line.waiting.size < limits.waitingMax) {
        return queue(lines, line, { ...turn, waitMsMax: limits.waitMsMax });
      }
      const late = setTimeout(() => turn.refuse(tooMany()), limits.refuseMs);
      return () => clearTimeout(late);
    },
  };
}

/** What one client has under way, and its queue in the order in which it asked. */
interface Line {
  client: string;
  underWay: number;
  waiting: Set<() => void>;
}

type Lines = ReturnType<typeof createLines>;

/** The clients that have something under way, or waiting, and no others. */
function createLines({ atOnceMax }: FairLimits, isPresent: (client: string) => boolean) {
  const lines = new Map<string, Line>();
  const hasRoom = ({ client, underWay }: Line): boolean => {
    const others = lines.size - (lines.has(client) ? 1 : 0);
    if (others === 0 && !isPresent(client)) return true;
    return underWay < Math.max(shareMin, Math.floor(atOnceMax / Math.max(2, others + 1)));
  };
  return {
    hasRoom,
    of: (client: string): Line =>
      lines.get(client) ?? { client, underWay: 0, waiting: new Set<() => void>() },
    keep: (line: Line) => void lines.set(line.client, line),
    /** Something of this client ended: whoever has room by now is called, one of each in turn. */
    settle(ended: Line) {
      if (ended.underWay === 0 && ended.waiting.size === 0) lines.delete(ended.client);
      for (let called = true; called;) {
        called = false;
        for (const line of lines.values()) {
          const [next] = line.waiting;
          if (next === undefined || !hasRoom(line)) continue;
          next();
          called = true;
        }
      }
    },
  };
}

function enter(lines: Lines, line: Line, { go }: Pick<Turn, 'go'>): () => void {
  lines.keep(line);
  line.underWay += 1;
  let left = false;
  const leave = () => {
    if (left) return;
    left = true;
    line.underWay -= 1;
    lines.settle(line);
  };
  go(leave);
  return leave;
}

/** Puts it into the queue; what it returns takes it out, or ends what has begun since. */
function queue(lines: Lines, line: Line, turn: Turn & { waitMsMax: number }): () => void {
  let leave: () => void = () => {
    if (!line.waiting.delete(call)) return;
    clearTimeout(late);
    lines.settle(line);
  };
  const call = () => {
    clearTimeout(late);
    line.waiting.delete(call);
    leave = enter(lines, line, turn);
  };
  const late = setTimeout(() => {
    leave();
    turn.refuse(tooMany());
  }, turn.waitMsMax);
  line.waiting.add(call);
  lines.keep(line);
  return () => leave();
}

const tooMany = () => new GatewayError('TOO_MANY_REQUESTS', { retryAfterSeconds });

/** Whether anyone but this client has asked of late: of all of them the last two are enough. */
function createPresence(now: () => number, presentMs: number) {
  let newest = { client: '', at: -Infinity };
  let other = newest;
  const isOtherPresent = (client: string) =>
    now() - (client === newest.client ? other : newest).at < presentMs;
  const note = (client: string) => {
    if (client !== newest.client) other = newest;
    newest = { client, at: now() };
  };
  return Object.assign(isOtherPresent, { note });
}

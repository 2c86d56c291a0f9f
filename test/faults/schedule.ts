/** What will go wrong, in which order and for how long: all of it follows from seed and round. */
import { failpointNames, type FailpointName } from '#src/base/failpoint.ts';
import { between, chance, pick, randomOf, type Random } from '#test/fuzz/random.ts';
import type { Harm } from './arms.ts';
import { pushed } from './parties.ts';
import type { Line } from './proxy.ts';

/** What befalls one gateway. `afterMs`: since it was ready; null: whatever it is doing. */
export type GatewayFault =
  | { kind: 'gateway kill -9'; afterMs: number | null }
  | { kind: 'gateway kill -9 at a failpoint'; at: FailpointName; afterMs: number }
  | { kind: 'failpoint'; at: FailpointName; harm: Exclude<Harm, 'kill'>; ms: number }
  | { kind: 'gateway SIGSTOP past its leases'; ms: number }
  | { kind: 'gateway SIGTERM'; afterMs: number };

/** What befalls everything around them. */
export type GroundFault =
  | { kind: 'postgres immediate stop'; ms: number }
  | { kind: 'postgres kill -9 of a backend' }
  | { kind: 'postgres restart' }
  | { kind: 'postgres hang'; ms: number }
  | { kind: 'disk full'; ms: number }
  | { kind: 'line to postgres'; slot: number; line: Line; ms: number }
  | { kind: 'line to a consignee'; consignee: string; line: Line; ms: number }
  | { kind: 'line to the gateways'; line: Line; ms: number };

export type Fault = GatewayFault | GroundFault;

export interface Round {
  /** For each gateway its own, one after the other. */
  gateways: GatewayFault[][];
  /** With the rest before each. */
  ground: { restMs: number; fault: GroundFault }[];
}

/** What `--kills` counts: a process dies without a word. */
export function isKill({ kind }: Fault): boolean {
  return kind.includes('kill -9') || kind === 'postgres immediate stop';
}

/** @param input.kills how many of this round's faults are kills */
export function planRound(input: {
  seed: number;
  round: number;
  kills: number;
  slots: number;
  withDisk: boolean;
}): Round {
  const { kills, slots } = input;
  const random = randomOf(input.seed, input.round);
  // A gateway takes a second or two to start: a short round spares most of these.
  const ofGround = Math.floor(kills < 10 ? (kills * 2) / 3 : kills / 6);
  const gateways: GatewayFault[][] = Array.from({ length: slots }, () => []);
  for (let at = ofGround; at < kills; at += 1) gateways[at % slots]?.push(gatewayKill(random));
  for (const faults of gateways) {
    const others = Math.ceil(faults.length / 2);
    for (let at = 0; at < others; at += 1) {
      faults.splice(between(random, 0, faults.length), 0, gatewayTrouble(random));
    }
  }
  const ground = Array.from({ length: ofGround }, () => groundKill(random));
  for (let at = 0; at < Math.ceil(kills / 3); at += 1) {
    ground.splice(between(random, 0, ground.length), 0, groundTrouble(random, input));
  }
  return {
    gateways,
    ground: ground.map((fault) => ({ restMs: between(random, 100, 1_500), fault })),
  };
}

function gatewayKill(random: Random): GatewayFault {
  if (chance(random, 0.35)) {
    const at = pick(random, failpointNames);
    return { kind: 'gateway kill -9 at a failpoint', at, afterMs: between(random, 0, 500) };
  }
  const afterMs = chance(random, 0.15) ? null : between(random, 0, 1_200);
  return { kind: 'gateway kill -9', afterMs };
}

function gatewayTrouble(random: Random): GatewayFault {
  const ms = between(random, 300, 2_500);
  const roll = between(random, 0, 9);
  if (roll < 3) return { kind: 'gateway SIGSTOP past its leases', ms };
  if (roll < 4) return { kind: 'gateway SIGTERM', afterMs: between(random, 0, 800) };
  const harm = pick(random, ['error', 'unavailable', 'hang'] as const);
  return { kind: 'failpoint', at: pick(random, failpointNames), harm, ms };
}

function groundKill(random: Random): GroundFault {
  if (chance(random, 0.4)) return { kind: 'postgres kill -9 of a backend' };
  return { kind: 'postgres immediate stop', ms: between(random, 0, 1_500) };
}

function groundTrouble(
  random: Random,
  { slots, withDisk }: { slots: number; withDisk: boolean },
): GroundFault {
  const ms = between(random, 300, 2_500);
  const roll = between(random, 0, 19);
  if (roll < 1) return { kind: 'postgres restart' };
  if (roll < 2) return { kind: 'postgres hang', ms };
  if (roll < 3) {
    return withDisk
      ? { kind: 'disk full', ms: between(random, 500, 3_000) }
      : { kind: 'postgres restart' };
  }
  const line = badLine(random);
  if (roll < 9) return { kind: 'line to postgres', slot: between(random, 0, slots - 1), line, ms };
  if (roll < 15) return { kind: 'line to a consignee', consignee: pick(random, pushed), line, ms };
  return { kind: 'line to the gateways', line, ms };
}

function badLine(random: Random): Line {
  const afterBytes = between(random, 0, 4_000);
  return pick(random, [
    { kind: 'refuse' },
    { kind: 'delay', ms: between(random, 20, 600) },
    { kind: 'freeze' },
    { kind: 'reset', afterBytes },
    { kind: 'truncate', afterBytes },
  ] satisfies Line[]);
}

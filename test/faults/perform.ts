/** Does to the system what the plan says, and undoes it. */
import { came, pause } from './pace.ts';
import { isKill, type GatewayFault, type GroundFault } from './schedule.ts';
import type { Slot } from './gateways.ts';
import type { System } from './system.ts';
import type { FaultProxy, Line } from './proxy.ts';

/** What did not happen, and is not counted. */
export const missed = 'it did not happen';
const readyMsMax = 30_000;
/** As long as traffic may take to come by an armed failpoint. */
const reachMsMax = 2_500;

/** Resolves with what came of it, once this gateway is left alone again. */
export async function troubleGateway(
  system: System,
  slot: Slot,
  fault: GatewayFault,
): Promise<string> {
  const isAnyTime = fault.kind === 'gateway kill -9' && fault.afterMs === null;
  if (!isAnyTime && !(await slot.ready(readyMsMax)) && !isKill(fault)) return missed;
  if ('afterMs' in fault) await pause(fault.afterMs ?? 0);
  switch (fault.kind) {
    case 'gateway kill -9':
      await came(() => slot.kill(), readyMsMax);
      return 'killed';
    case 'gateway kill -9 at a failpoint': {
      if (await slot.arm(fault.at, 'kill', reachMsMax)) return 'killed there';
      await came(() => slot.kill(), readyMsMax);
      return 'killed elsewhere';
    }
    case 'failpoint': {
      const isReached = await slot.arm(fault.at, fault.harm, reachMsMax);
      if (isReached && fault.harm === 'hang') await pause(fault.ms);
      slot.disarm();
      return isReached ? 'reached' : missed;
    }
    case 'gateway SIGSTOP past its leases': {
      slot.signal('SIGSTOP');
      await pause(100);
      await endLeases(system).catch(() => undefined);
      await pause(fault.ms);
      slot.signal('SIGCONT');
      return 'it went on';
    }
    case 'gateway SIGTERM':
      slot.signal('SIGTERM');
      return 'told to end';
  }
}

/** Ends the leases of pushes now, in the database whose time decides, instead of waiting for it. */
export async function endLeases({ world }: System): Promise<void> {
  await world.db.query("UPDATE transfers SET due_at = now() WHERE status = 'sending'");
}

export async function troubleGround(system: System, fault: GroundFault): Promise<string> {
  const { postgres, slots, pushServers, front } = system;
  switch (fault.kind) {
    case 'postgres immediate stop':
      await postgres.stop('immediate');
      await pause(fault.ms);
      await postgres.start();
      return 'started again';
    case 'postgres kill -9 of a backend':
      return (await came(postgres.crash, readyMsMax)) ? 'it recovers by itself' : missed;
    case 'postgres restart':
      await postgres.stop('fast');
      await postgres.start();
      return 'started again';
    case 'postgres hang': {
      const goOn = await postgres.hang();
      await pause(fault.ms);
      goOn();
      return 'it went on';
    }
    case 'disk full': {
      const free = await postgres.fillDisk();
      await pause(fault.ms);
      await free();
      await postgres.start();
      return 'there is room again';
    }
    case 'line to postgres':
      return disturb(slots[fault.slot]?.database, fault);
    case 'line to a consignee': {
      const server = pushServers.find(({ consignee }) => consignee === fault.consignee);
      return disturb(server?.line, fault);
    }
    case 'line to the gateways':
      return disturb(front, fault);
  }
}

async function disturb(
  proxy: FaultProxy | undefined,
  { line, ms }: { line: Line; ms: number },
): Promise<string> {
  proxy?.behave(line);
  await pause(ms);
  proxy?.behave({ kind: 'pass' });
  return 'it passes again';
}

/** Everything that was wrong is right again. */
export async function mend({ postgres, slots, pushServers, front }: System): Promise<void> {
  await postgres.start();
  const lines = [
    front,
    ...slots.map(({ database }) => database),
    ...pushServers.map((s) => s.line),
  ];
  for (const line of lines) line.behave({ kind: 'pass' });
  for (const slot of slots) {
    slot.disarm();
    slot.signal('SIGCONT');
  }
}

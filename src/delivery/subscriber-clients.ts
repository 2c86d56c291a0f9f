/** Holds the subscribers against the clients that there are: who may be told of what. */
import type { ClientRegistry } from '#src/access/clients.ts';
import type { Subscriber } from '#src/agreements/subscriber-file.ts';
import { StartupError } from '#src/base/errors.ts';
import type { Log } from '#src/base/log.ts';

/**
 * A client that is not there yet is a warning: it may be added while the gateway runs. One that is
 * neither an EMR nor an operator has no events; a consignee would learn of the others' troubles.
 * @throws StartupError
 */
export async function checkSubscribers(
  deps: { clients: Pick<ClientRegistry, 'find'>; log: Log },
  subscribers: readonly Pick<Subscriber, 'client'>[],
): Promise<void> {
  const faults: string[] = [];
  for (const { client } of subscribers) {
    const account = await deps.clients.find(client);
    if (!account || account.revokedAt !== null) {
      deps.log.warn('a subscriber is no client of this gateway', { client });
    } else if (account.role !== 'emr' && account.role !== 'operator') {
      faults.push(`WAYBILL_WEBHOOKS: "${client}" is neither an EMR nor an operator`);
    }
  }
  if (faults.length > 0) throw new StartupError(faults);
}

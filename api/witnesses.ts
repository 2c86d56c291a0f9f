/** Operations of witnesses: what they cosigned, for everyone who checks the ledger. */
import type { Gateway } from '#src/gateway.ts';
import { takeCosignature, witnessStates } from '#src/ledger/witness-store.ts';
import type { Handlers } from './handler.ts';

type WitnessOperation = 'addCosignature' | 'listWitnesses';

export function witnessHandlers(gateway: Gateway): Pick<Handlers, WitnessOperation> {
  const { db, clock, log, witnesses, readOwn } = gateway;
  const deps = { db, witnesses, readOwn, now: () => clock.now() };
  return {
    async addCosignature({ body, caller }) {
      const brought = { client: caller.client, note: body.note };
      const { size, signedAt } = await takeCosignature(deps, brought).finally(() =>
        // At once here; the other processes look for it each second.
        gateway.noted.follow().catch(() => log.warn('the ledger was not held against its file')),
      );
      return { status: 201, body: { size, signedAt: signedAt.toISOString() } };
    },
    async listWitnesses() {
      const nowMs = clock.now().getTime();
      const items = (await witnessStates(deps)).map(({ name, vkey, last }) => ({
        ...{ name, vkey, last: null, ageSeconds: null },
        ...(last && {
          last: { size: last.size, signedAt: last.signedAt.toISOString() },
          ageSeconds: Math.max(0, Math.round((nowMs - last.signedAt.getTime()) / 1000)),
        }),
      }));
      return { status: 200, body: { items } };
    },
  };
}

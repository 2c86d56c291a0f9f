/** The embedded default: an engine under the home, migrated, with demo clients for every role. */
import { join } from 'node:path';
import type { JWK } from 'jose';
import { generateClientKey, publicPart } from '#src/access/keys.ts';
import { scopesOf } from '#src/access/roles.ts';
import type { Log } from '#src/base/log.ts';
import { keepSecret, readSecret, writeSecret } from '#src/base/secrets.ts';
import { gatewayActor, type Role } from '#src/base/words.ts';
import type { Gateway } from '#src/gateway.ts';
import { grantAccess } from '#src/lifecycle/access.ts';
import { startEngine, type Engine } from '#src/store/engine.ts';
import { migrate } from '#src/store/migrate.ts';

/** Who the embedded default has a client for, beside every consignee. */
const staff = ['emr', 'auditor', 'privacy-officer', 'operator'] as const;
/** The role of the embedded engine that the gateway connects with. */
const gatewayRole = 'waybill_gateway';

/** Starts or joins the engine of a home and brings its schema to this version. */
export async function openEmbedded(home: string, log: Log): Promise<Engine> {
  const engine = await startEngine({ home, log: (line) => log.info(line) });
  await migrate({ ownerUrl: engine.ownerUrl, gatewayRole });
  return engine;
}

/** Makes a client for every role and consignee that has none, its key under `home/clients/`. */
export async function makeDemoClients(gateway: Gateway, home: string, log: Log): Promise<void> {
  const wanted: { id: string; role: Role }[] = [
    ...staff.map((role) => ({ id: role, role })),
    ...[...gateway.agreements.consignees.keys()].map((id) => ({ id, role: 'consignee' as const })),
  ];
  // one from before accounts were sealed lets nobody in: it is made anew, with the key that is kept
  const known = new Set(
    (await gateway.clients.list()).flatMap(({ id, sealed }) => (sealed === 'none' ? [] : [id])),
  );
  for (const { id, role } of wanted) {
    const path = join(home, 'clients', `${id}.jwk.json`);
    if (known.has(id)) {
      if (readSecret(path) === null) log.warn('the key of a demo client is gone', { client: id });
      continue;
    }
    const made = await generateClientKey();
    const kept = keepSecret(path, () => JSON.stringify(made.privateJwk));
    await grantAccess(gateway, {
      actor: gatewayActor,
      reason: 'made by the embedded default',
      client: {
        ...{ id, role, scopes: scopesOf(role), consignee: role === 'consignee' ? id : null },
        jwks: { keys: [publicPart(JSON.parse(kept) as JWK)] },
      },
    });
  }
}

/** Writes the ledger's public key where an auditor of the embedded default looks for it. */
export function writeVkey(home: string, vkey: string): void {
  const path = join(home, 'ledger.vkey');
  if (readSecret(path) === null) writeSecret(path, `${vkey}\n`);
}

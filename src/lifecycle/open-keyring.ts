/** The keyring of a gateway: what each room calls its keys by. */
import { randomUUID } from 'node:crypto';
import { publicJwkOf } from '#src/base/ed25519.ts';
import type { KeyName, KeySources } from '#src/base/key-sources.ts';
import { encodeVkey, keyIdOf, ledgerKeyFromSeed } from '#src/ledger/note.ts';
import { createKeyring, type Keyring } from '#src/sealing/keyring.ts';
import { hmacKeyId, sealingKeyId } from '#src/sealing/ring.ts';
import type { Queryable } from '#src/store/pool.ts';

/** Of the tokens' key: the beginning of its RFC 7638 thumbprint, in a form that a shell takes. */
function tokenKeyId(seed: Uint8Array): string {
  return publicJwkOf(seed).thumbprint.toString('hex').slice(0, 16);
}

/**
 * @param deps.ledgerOrigin is part of the ledger key's id (C2SP signed-note)
 * @param deps.isGateway a rotation waits until this process holds the new key
 */
export function openKeyring(deps: {
  db: Queryable;
  sources: KeySources;
  ledgerOrigin: string;
  isGateway: boolean;
}): Keyring {
  const { db, sources, ledgerOrigin, isGateway } = deps;
  const ledgerKey = (seed: Buffer) => ledgerKeyFromSeed(ledgerOrigin, seed);
  const made = new Map<string, string>();
  // Asked again each second for the same few keys.
  const remembered = (name: KeyName, make: (key: Buffer) => string) => (key: Buffer) => {
    const label = `${name}:${key.toString('base64')}`;
    const id = made.get(label) ?? make(key);
    made.set(label, id);
    return id;
  };
  return createKeyring({
    ...{ db, sources, process: isGateway ? randomUUID() : null },
    steadyNow: () => performance.now(),
    idOf: {
      sealing: remembered('sealing', sealingKeyId),
      hmac: remembered('hmac', hmacKeyId),
      ledger: remembered('ledger', (seed) =>
        keyIdOf(ledgerOrigin, ledgerKey(seed).publicKey).toString('hex'),
      ),
      token: remembered('token', tokenKeyId),
    },
    publicOf: (name, key) => (name === 'ledger' ? encodeVkey(ledgerKey(key)) : null),
  });
}

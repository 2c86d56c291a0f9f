/** What makes a client account sound: an offered one is told all its faults. */
import type { JWK } from 'jose';
import { GatewayError } from '#src/base/errors.ts';
import type { FieldRule } from '#src/base/words.ts';
import { keyFault } from './keys.ts';
import type { KeyFault } from './keys.ts';
import { isRole, scopesOf } from './roles.ts';
import type { Role } from './roles.ts';

/** A client to register. */
export interface NewClient {
  id: string;
  role: Role;
  /** The consignee that it acts for; null unless the role is `consignee`. */
  consignee: string | null;
  /** A part of its role's scopes, at least one. */
  scopes: readonly string[];
  /** Public keys only, each with `kid` and `alg`. */
  jwks: { keys: readonly JWK[] };
}

/** One fault of an offered client. `why` is for whoever registers it, and quotes no key. */
export interface ClientFault {
  pointer: string;
  rule: FieldRule;
  why: string;
}

/** Ids of clients and of consignees: lower case, 2 to 40 characters. */
const ID = /^[a-z][a-z0-9-]{1,39}$/;
const KEYS_MAX = 8;
/** The name of the page that people sign in through, which has no key. */
export const CONSOLE_CLIENT = 'console';
/** Names that nobody may have: they stand for the gateway itself and its page. */
const RESERVED = [CONSOLE_CLIENT, 'waybill', 'anonymous'];

const KEY_FAULTS: Readonly<Record<KeyFault, string>> = {
  NOT_A_KEY: 'is not a usable public JWK',
  PRIVATE_OR_SYMMETRIC: 'holds private or symmetric key material; register the public half only',
  UNSUPPORTED_KEY: 'must be EC P-256 or P-384, OKP Ed25519, or RSA',
  ALGORITHM_NOT_ALLOWED: 'needs an "alg" that fits it: ES256, ES384, RS384, PS384, EdDSA, Ed25519',
  NOT_FOR_SIGNATURES: 'must have "use": "sig" or none',
  KEY_ID_MISSING: 'needs a "kid" of 1 to 128 visible ASCII characters',
  WEAK_KEY: 'must be RSA of 2048 to 8192 bits with an exponent of 65537 or more',
};

/** Every fault of a client that someone wants to register; empty when it is sound. */
export function clientFaults(client: NewClient): ClientFault[] {
  return [...identityFaults(client), ...scopeFaults(client), ...keyFaults(client)];
}

/** Throws `INVALID_REQUEST` with every fault of a client; its `cause` says each in words. */
export function assertSound(client: NewClient): void {
  const faults = clientFaults(client);
  if (faults.length > 0) {
    throw new GatewayError('INVALID_REQUEST', {
      problems: faults.map(({ pointer, rule }) => ({ pointer, rule })),
      cause: new Error(faults.map(({ pointer, why }) => `${pointer}: ${why}`).join('; ')),
    });
  }
}

function identityFaults({ id, role, consignee }: NewClient): ClientFault[] {
  const faults: ClientFault[] = [];
  if (!ID.test(id)) faults.push(fault('/id', 'format', `must match ${ID.source}`));
  if (RESERVED.includes(id))
    faults.push(fault('/id', 'invalid', 'is a name of the gateway itself'));
  if (!isRole(role)) faults.push(fault('/role', 'invalid', 'is not a role'));
  if (role === 'consignee' && (consignee === null || !ID.test(consignee))) {
    faults.push(fault('/consignee', 'required', 'a client of this role names its consignee'));
  }
  if (role !== 'consignee' && consignee !== null) {
    faults.push(fault('/consignee', 'invalid', 'only a client of role consignee has one'));
  }
  return faults;
}

function scopeFaults({ role, scopes }: NewClient): ClientFault[] {
  if (scopes.length === 0) return [fault('/scopes', 'required', 'needs at least one scope')];
  const allowed: readonly string[] = isRole(role) ? scopesOf(role) : [];
  if (scopes.every((scope) => allowed.includes(scope))) return [];
  return [fault('/scopes', 'invalid', `must be among: ${allowed.join(' ')}`)];
}

function keyFaults({ jwks }: NewClient): ClientFault[] {
  const { keys } = jwks;
  if (keys.length === 0 || keys.length > KEYS_MAX) {
    return [fault('/jwks/keys', 'length', `needs 1 to ${KEYS_MAX} keys`)];
  }
  const faults = keys.flatMap((key, index) => {
    const found = keyFault(key);
    return found ? [fault(`/jwks/keys/${index}`, 'invalid', KEY_FAULTS[found])] : [];
  });
  if (new Set(keys.map((key) => key?.kid)).size !== keys.length) {
    faults.push(fault('/jwks/keys', 'invalid', 'two keys have the same "kid"'));
  }
  return faults;
}

function fault(pointer: string, rule: FieldRule, why: string): ClientFault {
  return { pointer, rule, why };
}

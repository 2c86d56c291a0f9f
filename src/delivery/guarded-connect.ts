/**
 * Connects to permitted addresses only: what is checked is what is connected to, so that a name
 * that answers otherwise a moment later gains nothing.
 */
import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { createAddressRule, literalAddress, type AddressRule } from '#src/base/addresses.ts';
import type { PushTls } from '#src/base/push-words.ts';

/** All addresses of a name; the system's resolver unless told otherwise. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

export interface ConnectSettings {
  allowedNetworks: readonly string[];
  /** For connections to `tlsHost` alone: nobody else sees our certificate or trusts their CA. */
  tls: PushTls | undefined;
  tlsHost: string;
  timeoutSeconds: number;
  resolve?: Resolve;
}

/** Before the next address of several is tried as well; far hosts take longer than Node's 500. */
const attemptMs = 2_000;

const resolveBySystem: Resolve = (hostname) => systemLookup(hostname, { all: true });

const refused = () => Object.assign(new Error('address refused'), { code: 'ADDRESS_REFUSED' });

/** A connector for undici's `Agent`. A refused address fails with code `ADDRESS_REFUSED`. */
export function createGuardedConnect(settings: ConnectSettings): buildConnector.connector {
  const isAllowed = createAddressRule(settings.allowedNetworks);
  const options = {
    allowH2: false,
    timeout: settings.timeoutSeconds * 1000,
    autoSelectFamilyAttemptTimeout: attemptMs,
    lookup: guardedLookup(settings.resolve ?? resolveBySystem, isAllowed),
  };
  const { certificate, key, ca } = settings.tls ?? {};
  const open = buildConnector(options);
  const openToOwner = buildConnector({
    ...options,
    ...(certificate && { cert: certificate }),
    ...(key && { key }),
    ...(ca && { ca }),
  });
  return (target, callback) => {
    const { hostname } = target;
    // No lookup is made for an address, so that it is checked here.
    const address = literalAddress(hostname);
    if (address !== null && !isAllowed(address, hostname)) return callback(refused(), null);
    const isOwner = hostname === settings.tlsHost;
    return (isOwner ? openToOwner : open)(target, callback);
  };
}

/**
 * One refused address among several refuses the connection: a name that mixes them is a mistake or
 * an attack. Lookups of one name share one: the system's resolver works in a few threads, which
 * names whose servers hang would otherwise keep from everybody.
 */
function guardedLookup(resolve: Resolve, isAllowed: AddressRule): LookupFunction {
  const underWay = new Map<string, Promise<LookupAddress[]>>();
  const ask = (hostname: string): Promise<LookupAddress[]> => {
    const asked =
      underWay.get(hostname) ?? resolve(hostname).finally(() => underWay.delete(hostname));
    underWay.set(hostname, asked);
    return asked;
  };
  return (hostname, options, callback) => {
    const fail = (error: Error) => callback(error, '');
    ask(hostname).then((addresses) => {
      const [first] = addresses;
      if (!first) return fail(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }));
      if (!addresses.every(({ address }) => isAllowed(address, hostname))) return fail(refused());
      if (options.all) return callback(null, addresses);
      return callback(null, first.address, first.family);
    }, fail);
  };
}

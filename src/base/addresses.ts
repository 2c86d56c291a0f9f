/**
 * Which network addresses the gateway may connect to: public ones, those that a consignee's file
 * lists, and loopback only where the URL itself says so. Whatever is in doubt is refused.
 */
import { BlockList, isIP } from 'node:net';

/** The hosts that name this machine, as `URL` writes them; http is for them alone. */
export const loopbackHosts: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

type Family = 4 | 6;
type Network = readonly [address: string, prefix: number];

const loopback: Readonly<Record<Family, readonly Network[]>> = {
  4: [['127.0.0.0', 8]],
  6: [['::1', 128]],
};

/**
 * What is not public: the IANA special-purpose registries (RFC 6890 and its updates), and what
 * clouds answer to machines inside them. Of IPv6 only 2000::/3 is given to the public at all, which
 * leaves out mapped (::ffff:0:0/96), translated (64:ff9b::/96), unique local, link-local and
 * multicast addresses.
 */
const reserved: Readonly<Record<Family, readonly Network[]>> = {
  4: [
    ['0.0.0.0', 8], // this network, unspecified
    ['10.0.0.0', 8],
    ['100.64.0.0', 10], // shared by carriers
    ['127.0.0.0', 8],
    ['168.63.129.16', 32], // the metadata of a cloud on an address that looks public
    ['169.254.0.0', 16], // link-local, and the metadata of most clouds
    ['172.16.0.0', 12],
    ['192.0.0.0', 24], // protocol assignments
    ['192.0.2.0', 24], // documentation
    ['192.88.99.0', 24], // relays of 6to4
    ['192.168.0.0', 16],
    ['198.18.0.0', 15], // benchmarks
    ['198.51.100.0', 24], // documentation
    ['203.0.113.0', 24], // documentation
    ['224.0.0.0', 4], // multicast
    ['240.0.0.0', 4], // reserved, broadcast
  ],
  6: [
    ['::', 3],
    ['4000::', 2],
    ['8000::', 1],
    ['2001::', 23], // protocol assignments: Teredo, benchmarks, ORCHID
    ['2001:db8::', 32], // documentation
    ['2002::', 16], // 6to4, which holds an IPv4 address
    ['3fff::', 20], // documentation
  ],
};

/** The shortest prefixes that are still a list and not everything. */
const prefixMin: Readonly<Record<Family, number>> = { 4: 8, 6: 7 };

const nameOf = (family: Family) => (family === 4 ? 'ipv4' : 'ipv6');

/** One list a family: a list of both takes ::ffff:0:0/96 for all of IPv4. */
function listOf(family: Family, networks: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of networks) list.addSubnet(address, prefix, nameOf(family));
  return list;
}

const listsOf = (networks: Readonly<Record<Family, readonly Network[]>>) => ({
  4: listOf(4, networks[4]),
  6: listOf(6, networks[6]),
});

const loopbackLists = listsOf(loopback);
const reservedLists = listsOf(reserved);
/** Loopback, and 0.0.0.0, which leads there as well. */
const thisMachine = listOf(4, [...loopback[4], ['0.0.0.0', 8]]);
/** ::1, ::, and the IPv4 addresses that are written as IPv6, or translated. */
const embedding = listOf(6, [
  ['::', 64],
  ['64:ff9b::', 32],
]);

/** The family of a plain address; one with a zone (`%eth0`) is none. */
function familyOf(address: string): Family | null {
  const family = isIP(address);
  return (family === 4 || family === 6) && !address.includes('%') ? family : null;
}

/** A network in CIDR notation, or null when it is none that may be listed. */
function parseNetwork(text: string): { family: Family; network: Network } | null {
  const [, address = '', digits = ''] = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = familyOf(address);
  const prefix = Number(digits);
  if (family === null || prefix < prefixMin[family] || prefix > (family === 4 ? 32 : 128)) {
    return null;
  }
  const local = family === 4 ? thisMachine : embedding;
  return local.check(address, nameOf(family)) ? null : { family, network: [address, prefix] };
}

/**
 * True for a network that a consignee's file may list, such as `10.20.0.0/16` or `fd12::/48`.
 * Loopback is not one: only a URL that names it leads there. Nor is a prefix shorter than /8 (IPv6:
 * /7), which would list nearly everything.
 */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== null;
}

/** True when a connection to `address` may be made for a URL with this `hostname`. */
export type AddressRule = (address: string, hostname: string) => boolean;

/** @param allowed networks in CIDR notation that are let through although they are not public */
export function createAddressRule(allowed: readonly string[]): AddressRule {
  const parsed = allowed.map(parseNetwork).filter((one) => one !== null);
  const networksOf = (family: Family) =>
    parsed.filter((one) => one.family === family).map((one) => one.network);
  const allowedLists = listsOf({ 4: networksOf(4), 6: networksOf(6) });
  return (address, hostname) => {
    const family = familyOf(address);
    if (family === null) return false;
    const isIn = (lists: Record<Family, BlockList>) => lists[family].check(address, nameOf(family));
    // A name of this machine that leads elsewhere is refused too: what is in clear stays here.
    if (isLoopbackHost(hostname)) return isIn(loopbackLists);
    if (isIn(loopbackLists)) return false;
    return isIn(allowedLists) || !isIn(reservedLists);
  };
}

/** @param hostname as `URL` writes it; the brackets of an IPv6 address may be missing */
export function isLoopbackHost(hostname: string): boolean {
  return loopbackHosts.includes(hostname) || hostname === '::1';
}

/** The address that a URL's host is, without brackets, or null for a name. */
export function literalAddress(hostname: string): string | null {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? null : bare;
}

/** Accepts a URL that may be pushed to: one that says plainly where it leads, and leads outside. */
import { createAddressRule, literalAddress, loopbackHosts } from '#src/base/addresses.ts';
import { wrong, type Wrong } from './faults.ts';

/** The host as it is written, before `URL` makes one form of many. */
function writtenHost(text: string): string | undefined {
  const authority = /^https?:\/\/([^/?#]*)/i.exec(text)?.[1];
  return authority?.replace(/^.*@/, '').replace(/:\d*$/, '').toLowerCase();
}

/**
 * What is wrong with a URL, or `undefined`: https (http to loopback alone), no user name, no
 * fragment, and a host in its one plain form: no octal, hexadecimal, short or decimal address, no
 * escapes, no trailing dot. A literal address is held against the rule for connections already now;
 * what a name leads to is seen at each connection.
 * @param name where it stands, such as `push.url`
 */
export function urlFault(
  name: string,
  text: string,
  allowedNetworks: readonly string[],
): Wrong | undefined {
  const written = writtenHost(text);
  if (written === undefined || !URL.canParse(text)) return wrong('push.no-url', name);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return wrong('push.credentials', name);
  if (text.includes('#')) return wrong('push.fragment', name);
  const { hostname } = url;
  if (written !== hostname || hostname.endsWith('.')) return wrong('push.host-form', name);
  if (url.protocol === 'http:' && !loopbackHosts.includes(hostname)) {
    return wrong('push.in-clear', name, loopbackHosts.join(', '));
  }
  const address = literalAddress(hostname);
  if (address !== null && !createAddressRule(allowedNetworks)(address, hostname)) {
    return wrong('push.address', name);
  }
  return undefined;
}

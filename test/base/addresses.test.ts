/** Which addresses may be connected to, by every kind of address that there is. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAddressRule, isNetwork, literalAddress } from '#src/base/addresses.ts';

const rule = createAddressRule([]);
const lab = 'lab.example';

describe('an address that is refused', () => {
  test.each([
    ['unspecified', ['0.0.0.0', '0.1.2.3', '::']],
    ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1']],
    ['unique local', ['fc00::1', 'fd12:3456::1']],
    ['shared by carriers', ['100.64.0.1', '100.127.255.255']],
    ['loopback', ['127.0.0.1', '127.255.255.254', '::1']],
    ['link-local', ['169.254.0.1', 'fe80::1', 'febf::1']],
    ['metadata', ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '168.63.129.16']],
    ['multicast and broadcast', ['224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1']],
    ['reserved', ['240.0.0.1', '192.0.0.192', '4000::1', 'fec0::1']],
    ['documentation', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1']],
    ['benchmarks', ['198.18.0.1', '198.19.255.255', '2001:2::1']],
    ['IPv4 in IPv6', ['::ffff:8.8.8.8', '::ffff:7f00:1', '::8.8.8.8', '64:ff9b::808:808']],
    ['IPv4 in a tunnel', ['2002:808:808::1', '2001:0:4136:e378::1', '192.88.99.1']],
    ['no plain address', ['fe80::1%eth0', '2606:4700::1%1', '0x8.8.8.8', '8.8', '', 'lab.example']],
  ])('is %s', (_, addresses) => {
    expect(addresses.filter((address) => rule(address, lab))).toEqual([]);
  });
});

test('public addresses are let through, also right beside those that are not', () => {
  const addresses = [
    ...['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255'],
    ...['128.0.0.0', '169.253.255.255', '172.15.255.255', '172.32.0.0', '192.167.255.255'],
    ...['223.255.255.255', '2606:4700::1111', '2a00::1', '2001:4860:4860::8888', '2003::1'],
  ];
  expect(addresses.filter((address) => !rule(address, lab))).toEqual([]);
});

describe('loopback', () => {
  test('is for URLs that name it, and they lead nowhere else', () => {
    for (const host of ['localhost', '127.0.0.1', '[::1]', '::1']) {
      expect([rule('127.0.0.1', host), rule('::1', host)]).toEqual([true, true]);
      expect([rule('8.8.8.8', host), rule('10.0.0.1', host)]).toEqual([false, false]);
    }
  });

  test('is not opened by what a file lists', () => {
    const wide = createAddressRule(['127.0.0.0/8', '::1/128', '::/7', '0.0.0.0/0']);
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1']) {
      expect(wide(address, lab)).toBe(false);
    }
  });
});

describe('a listed network', () => {
  const listing = createAddressRule(['10.20.0.0/16', 'fd12::/48', '169.254.169.254/32']);

  test('is let through to its last address, and nothing beside it', () => {
    for (const address of ['10.20.0.0', '10.20.255.255', 'fd12::1', '169.254.169.254', '1.1.1.1']) {
      expect([address, listing(address, lab)]).toEqual([address, true]);
    }
    for (const address of ['10.19.255.255', '10.21.0.0', 'fd12:0:1::1', '::ffff:10.20.0.1']) {
      expect([address, listing(address, lab)]).toEqual([address, false]);
    }
  });

  test.each(['10.0.0.0/8', '192.168.7.0/24', '10.1.2.3/32', 'fc00::/7', 'fd12::/48'])(
    'may be %s',
    (text) => expect(isNetwork(text)).toBe(true),
  );

  test.each([
    ...[
      '0.0.0.0/0',
      '0.0.0.0/8',
      '64:ff9b::/96',
      '64:ff9b:1::/48',
      '10.0.0.0/7',
      '::/0',
      'fc00::/6',
      '127.0.0.0/8',
      '127.0.0.1/32',
      '::1/128',
    ],
    ...['::ffff:10.0.0.0/104', '10.0.0.0', '10.0.0.0/33', 'fd12::/129', '10.0/16', '010.0.0.0/8'],
    ...['0x0a.0.0.0/8', 'fd12::%1/48', '10.0.0.0/-8', '10.0.0.0/8 ', 'lab.example/24', ''],
  ])('may not be %j', (text) => {
    expect(isNetwork(text)).toBe(false);
  });
});

test('an IPv4 address is refused in whatever IPv6 form it is written', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.constantFrom('::ffff:', '::', '64:ff9b::'), (address, prefix) => {
      expect(rule(`${prefix}${address}`, lab)).toBe(false);
    }),
  );
});

test('a rule answers whatever it is asked, and lets only addresses through', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4Extended(), fc.ipV6()), (text) => {
      if (rule(text, lab)) expect(literalAddress(text)).toBe(text);
    }),
  );
});

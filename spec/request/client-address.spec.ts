import { describe, expect, it } from 'vitest';
import { clientNetwork, type RequestOrigin, roughOrigin } from '../../lib/request/client-address.js';
import { from } from '../support/origin.js';

describe('the network of a client', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::1]:4711', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::1]', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['64:ff9b::c000:201', '192.0.2.1'],
    ['::1', '::/64'],
    ['unknown', 'unknown'],
    ['_hidden', 'unknown'],
    ['', 'unknown'],
    ['1.2.3.4, 5.6.7.8', 'unknown'],
    ['a name that somebody made up', 'unknown'],
  ])('of %j is %s', (ip, network) => {
    expect(clientNetwork(from(ip))).toBe(network);
  });

  it('is what Express takes for the address, and else the connection’s', () => {
    const socket = { remoteAddress: '192.0.2.9' };
    expect(clientNetwork({ headers: {}, ip: '192.0.2.1', socket })).toBe('192.0.2.1');
    expect(clientNetwork({ headers: {}, socket })).toBe('192.0.2.9');
    expect(clientNetwork({ headers: {}, socket: {} })).toBe('unknown');
    expect(clientNetwork({ headers: {} })).toBe('unknown');
  });

  it.each([undefined, null, '', 1, true, {}, ['192.0.2.1'], Symbol('ip')])(
    'is the connection’s where the app gives no text for the address: %o',
    (ip) => {
      const socket = { remoteAddress: '192.0.2.9' };
      expect(clientNetwork({ headers: {}, ip, socket } as RequestOrigin)).toBe('192.0.2.9');
    },
  );

  it('is not what a client says that has hung up, and has no address any more', () => {
    const app = { get: () => () => true };
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    expect(clientNetwork({ app, headers, socket: {} })).toBe('192.0.2.1');
    expect(clientNetwork({ app, headers, socket: { destroyed: true } })).toBe('unknown');
    expect(clientNetwork({ app, headers, socket: { localAddress: '192.0.2.9' } })).toBe('unknown');
    expect(clientNetwork({ app: { get: () => undefined }, headers, socket: {} })).toBe('unknown');
    expect(clientNetwork({ app: {}, headers, socket: {} })).toBe('unknown');
  });

  it('is the first address that is not trusted, counted from the connection, which is the first hop', () => {
    const trust = (address: string, hop: number) => (hop === 0 ? address === '127.0.0.1' : hop < 2);
    const headers = { 'x-forwarded-for': '192.0.2.1, 192.0.2.2, 198.51.100.1' };
    expect(clientNetwork({ app: { get: () => trust }, headers, socket: {} })).toBe('192.0.2.2');
  });
});

describe('the rough origin', () => {
  it.each<[RequestOrigin, string]>([
    [{ headers: {}, ip: '192.0.2.1', socket: { remoteAddress: '192.0.2.9' } }, '192.0.2.1'],
    [{ headers: {}, socket: { remoteAddress: '192.0.2.9' } }, '192.0.2.9'],
    [{ headers: {}, socket: {} }, ''],
    [{ headers: {} }, ''],
  ])('of %j is the address that the app knows: %j', (request, origin) => {
    expect(roughOrigin(request)).toBe(origin);
  });
});

import express from 'express';
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
  ])('at %j is %s', (ip, network) => {
    expect(clientNetwork(from(ip))).toBe(network);
  });

  it('comes from the address that Express determines, or from the connection', () => {
    const socket = { remoteAddress: '192.0.2.9' };
    expect(clientNetwork({ headers: {}, ip: '192.0.2.1', socket })).toBe('192.0.2.1');
    expect(clientNetwork({ headers: {}, socket })).toBe('192.0.2.9');
    expect(clientNetwork({ headers: {}, socket: {} })).toBe('unknown');
    expect(clientNetwork({ headers: {} })).toBe('unknown');
  });

  it.each([undefined, null, '', 1, true, {}, ['192.0.2.1'], Symbol('ip')])(
    'comes from the connection if the app sets no text as the address: %o',
    (ip) => {
      const socket = { remoteAddress: '192.0.2.9' };
      expect(clientNetwork({ headers: {}, ip, socket } as RequestOrigin)).toBe('192.0.2.9');
    },
  );

  it('cannot be chosen by a client whose connection is closed', () => {
    const app = { get: () => () => true };
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    expect(clientNetwork({ app, headers, socket: {} })).toBe('192.0.2.1');
    expect(clientNetwork({ app, headers, socket: { destroyed: true } })).toBe('unknown');
    expect(clientNetwork({ app, headers, socket: { localAddress: '192.0.2.9' } })).toBe('unknown');
    expect(clientNetwork({ app: { get: () => undefined }, headers, socket: {} })).toBe('unknown');
    expect(clientNetwork({ app: {}, headers, socket: {} })).toBe('unknown');
  });

  it('comes from the first untrusted address, counted from the connection as the first hop', () => {
    const trust = (address: string, hop: number) => (hop === 0 ? address === '127.0.0.1' : hop < 2);
    const headers = { 'x-forwarded-for': '192.0.2.1, 192.0.2.2, 198.51.100.1' };
    expect(clientNetwork({ app: { get: () => trust }, headers, socket: {} })).toBe('192.0.2.2');
  });
});

describe('the address of a request of Express', () => {
  const socket = { remoteAddress: '192.0.2.9' };
  const requestOf = (app: express.Express, properties: Partial<RequestOrigin> = {}): RequestOrigin =>
    Object.assign(Object.create(app.request), { headers: {}, socket, ...properties });

  it('is that of the connection, unless a proxy that the app trusts names a client', () => {
    const app = express();
    const forwarded = { headers: { 'x-forwarded-for': '192.0.2.1' } };
    expect(roughOrigin(requestOf(app))).toBe('192.0.2.9');
    expect(roughOrigin(requestOf(app, forwarded))).toBe('192.0.2.9');
    app.set('trust proxy', 1);
    expect(roughOrigin(requestOf(app))).toBe('192.0.2.9');
    expect(roughOrigin(requestOf(app, forwarded))).toBe('192.0.2.1');
  });

  it('is that of the app if the app defines it, for all requests or for one, before the first or later', () => {
    const app = express();
    const value = '192.0.2.1';
    expect(roughOrigin(requestOf(app))).toBe('192.0.2.9');
    expect(roughOrigin(Object.defineProperty(requestOf(app), 'ip', { value }))).toBe(value);
    expect(roughOrigin(Object.defineProperty(requestOf(app), 'ip', { get: () => value }))).toBe(value);
    Object.defineProperty(app.request, 'ip', { get: () => value });
    expect(roughOrigin(requestOf(app))).toBe(value);
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

import { describe, expect, it } from 'vitest';
import type { HostRequest } from '../../lib/request/host.js';
import { canHaveSession, sessionCookie, sessionTokenOf, withoutSession } from '../../lib/request/session-cookie.js';

interface Described {
  readonly host?: string;
  readonly tls?: boolean;
  readonly headers?: Record<string, string>;
  /** Whether the app trusts the proxy that asks. */
  readonly trust?: boolean;
  readonly secure?: boolean;
}

function request({ host = 'app.example', tls = false, headers = {}, trust = false, secure }: Described): HostRequest {
  return {
    ...(secure !== undefined && { secure }),
    headers: { host, ...headers },
    socket: { encrypted: tls, remoteAddress: '127.0.0.1' },
    app: { get: (setting: string) => (setting === 'trust proxy fn' ? () => trust : undefined) },
  } as unknown as HostRequest;
}

const BOTH = '__Host-kapacitor-auth=secure; kapacitor-auth=plain';
const HTTPS = { 'x-forwarded-proto': 'https, http' };

describe('the cookie of a session', () => {
  it.each<[string, Described, string | undefined]>([
    ['over TLS', { tls: true }, 'secure'],
    ['over TLS to localhost', { tls: true, host: 'localhost:9092' }, 'secure'],
    ['behind a proxy that ends TLS, and that the app trusts', { headers: HTTPS, trust: true }, 'secure'],
    ['behind such a proxy that asks for localhost', { headers: HTTPS, trust: true, host: 'localhost' }, 'secure'],
    ['in a host that says that its request is secure', { secure: true }, 'secure'],
    ['behind a proxy that nobody trusts', { headers: HTTPS }, undefined],
    ['behind a proxy without TLS', { headers: { 'x-forwarded-proto': 'http' }, trust: true }, undefined],
    ['over plain HTTP', {}, undefined],
    ['over plain HTTP to a host that ends alike', { host: 'notlocalhost' }, undefined],
    ['over plain HTTP to a name that begins alike', { host: '127.0.0.1.evil.example' }, undefined],
    ['over plain HTTP to another address', { host: '10.0.0.1' }, undefined],
    ['without a host', { host: '' }, undefined],
    ['to localhost', { host: 'localhost:9092' }, 'plain'],
    ['to localhost in other letters', { host: 'LocalHost.' }, 'plain'],
    ['to a name below localhost', { host: 'app.localhost' }, 'plain'],
    ['to this machine’s IPv4 address', { host: '127.0.0.1:80' }, 'plain'],
    ['to another of its IPv4 addresses', { host: '127.8.9.10' }, 'plain'],
    ['to its IPv6 address', { host: '[::1]:9092' }, 'plain'],
    [
      'to a host that a trusted proxy names',
      { host: 'localhost', headers: { 'x-forwarded-host': 'app.example' }, trust: true },
      undefined,
    ],
  ])('is read %s', (_where, described, expected) => {
    const headers = { ...described.headers, cookie: BOTH };
    expect(sessionTokenOf(request({ ...described, headers }))).toBe(expected);
    expect(canHaveSession(request(described))).toBe(expected !== undefined);
  });

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['other=1', undefined],
    ['kapacitor-auth=', undefined],
    ['not-kapacitor-auth=1', undefined],
    ['a=b; kapacitor-auth=token; c=d', 'token'],
    ['kapacitor-auth="token"', '"token"'],
    ['kapacitor-auth=first; kapacitor-auth=second', 'first'],
    ['kapacitor-auth=%41', '%41'],
    ['__Host-kapacitor-auth=secure', undefined],
  ])('is read on localhost from %j', (cookie, expected) => {
    const headers: Record<string, string> = cookie === undefined ? {} : { cookie };
    expect(sessionTokenOf(request({ host: 'localhost', headers }))).toBe(expected);
  });

  it('is never read over TLS under its plain name', () => {
    expect(sessionTokenOf(request({ tls: true, headers: { cookie: 'kapacitor-auth=plain' } }))).toBeUndefined();
  });

  it('cannot be for a page of another host, whose proxy asks for localhost', () => {
    const from = (origin: string) => canHaveSession(request({ host: 'localhost:3000', headers: { origin } }));
    expect(from('https://app.example')).toBe(false);
    expect(from('null')).toBe(false);
    expect(from('http://localhost:3000')).toBe(true);
  });

  it('is set with every protection that a browser offers', () => {
    expect(sessionCookie(request({ tls: true }), 'kas_1', 43_200_500)).toBe(
      '__Host-kapacitor-auth=kas_1; Max-Age=43200; Path=/; HttpOnly; Secure; SameSite=Lax',
    );
    expect(sessionCookie(request({ host: 'localhost' }), 'kas_1', 120_000)).toBe(
      'kapacitor-auth=kas_1; Max-Age=120; Path=/; HttpOnly; SameSite=Lax',
    );
  });

  it('is taken away', () => {
    expect(withoutSession(request({ tls: true, headers: { cookie: '__Host-kapacitor-auth=kas_1' } }))).toEqual({
      'Set-Cookie': '__Host-kapacitor-auth=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
    });
    expect(withoutSession(request({ host: 'localhost', headers: { cookie: 'kapacitor-auth=kas_1' } }))).toEqual({
      'Set-Cookie': 'kapacitor-auth=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
    });
    expect(withoutSession(request({ host: 'localhost', headers: { cookie: 'other=1' } }))).toEqual({});
  });
});

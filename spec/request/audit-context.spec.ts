import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../../lib/request/audit-context.js';
import { serveAudited, untilTold } from '../support/audit.js';
import { basic } from '../support/server.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const request = (changes: object = {}) => ({ headers: {}, method: 'GET', originalUrl: '/x', ...changes });

describe('the path of an event', () => {
  it('has no query and no userinfo', () => {
    expect(contextOf(request({ originalUrl: '/proxy/http://name:secret@host/tasks?p=secret' })).path).toBe(
      '/proxy/http://host/tasks',
    );
  });

  it('is the client’s, also behind a mount, and the only known one without Express', () => {
    expect(contextOf(request({ url: '/below' })).path).toBe('/x');
    expect(contextOf({ headers: {}, method: 'GET', url: '/only?x' }).path).toBe('/only');
    expect(contextOf({ headers: {} }).path).toBeUndefined();
  });
});

describe('the address of an event', () => {
  it('is the one that Express determines, or the connection’s', () => {
    expect(contextOf(request({ ip: '192.0.2.1', socket: { remoteAddress: '::1' } })).from).toBe('192.0.2.1');
    expect(contextOf(request({ socket: { remoteAddress: '::1' } })).from).toBe('::1');
    expect(contextOf(request()).from).toBeUndefined();
  });

  it('is cut off, because a client may choose any text', () => {
    expect(contextOf(request({ ip: 'x'.repeat(9_000) })).from).toBe('x'.repeat(128));
  });

  it('follows the setting "trust proxy"', async () => {
    const { told, send } = await serveAudited();
    await send({ path: '/x', headers: { 'X-Forwarded-For': '198.51.100.1, 203.0.113.9' } });
    await untilTold();
    expect(told).toMatchObject([['denied', { from: '203.0.113.9' }]]);
  });
});

describe('the id of a request', () => {
  it.each([
    ['given-by-pino', 'given-by-pino'],
    [7, '7'],
    [0, '0'],
  ])('is the app’s own, before the header: %s', (id, requestId) => {
    expect(contextOf(request({ id, headers: { 'x-request-id': 'of-the-client' } })).requestId).toBe(requestId);
  });

  it.each([undefined, null, '', {}, Symbol('id')])('is the header’s if the app has set none: %o', (id) => {
    expect(contextOf(request({ id, headers: { 'x-request-id': 'of-the-client' } })).requestId).toBe('of-the-client');
  });

  it.each<[string, unknown]>([
    ['4 KB', 'x'.repeat(4_096)],
    ['129 characters', 'x'.repeat(129)],
    ['nothing', ''],
    ['a blank', 'a b'],
    ['a tab', 'a\tb'],
    ['a line end', 'a\nlevel=admin'],
    ['an escape sequence', '\x1b[2Ja'],
    ['letters of another alphabet', 'é'],
    ['several', ['a', 'b']],
  ])('is random if the header has %s', (_what, header) => {
    const hostile = request({ headers: { 'x-request-id': header } });
    const { requestId } = contextOf(hostile);
    expect(requestId).toMatch(UUID);
    expect(contextOf(hostile).requestId).toBe(requestId);
    expect(contextOf(request()).requestId).not.toBe(requestId);
  });

  it('is the same in all events of a request, and differs in the next request', async () => {
    const { told, send } = await serveAudited();
    await send({ path: '/kapacitor/v1/config', auth: 'api:pw' });
    await send({ path: '/kapacitor/v1/config', auth: 'api:pw' });
    await untilTold();
    expect(told.map(([event]) => event)).toEqual(['login', 'denied', 'denied']);
    const [login, denied, next] = told.map(([, { requestId }]) => requestId);
    expect(login).toMatch(UUID);
    expect(denied).toBe(login);
    expect(next).not.toBe(login);
  });

  it('is the header’s or the app’s over HTTP', async () => {
    const { told, send } = await serveAudited({
      before: [
        (req, _res, next) => {
          if (req.headers['x-own'] !== undefined) Object.assign(req, { id: 'own-1' });
          next();
        },
      ],
    });
    await send({ path: '/x', headers: { 'X-Request-Id': 'client-1' } });
    await send({ path: '/x', headers: { 'X-Request-Id': 'client-2', 'X-Own': 'yes' } });
    await untilTold();
    expect(told.map(([, { requestId }]) => requestId)).toEqual(['client-1', 'own-1']);
  });
});

describe('a request target in absolute form', () => {
  it('reveals its userinfo in no event and in no reason', async () => {
    const { told, port } = await serveAudited();
    const socket = connect(port, '127.0.0.1');
    const target = `http://name:${'secret'.repeat(500)}@h/kapacitor/v1/config?p=secret`;
    socket.write(`GET ${target} HTTP/1.1\r\nHost: h\r\nAuthorization: ${basic('api:pw')}\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 403 /);
    await untilTold();
    expect(JSON.stringify(told)).not.toContain('secret');
    expect(told).toMatchObject([
      ['login', { path: 'http://h/kapacitor/v1/config' }],
      [
        'denied',
        {
          path: 'http://h/kapacitor/v1/config',
          reason: 'user api does not have "read" privilege for API endpoint "http://h/kapacitor/v1/config"',
        },
      ],
    ]);
  });
});

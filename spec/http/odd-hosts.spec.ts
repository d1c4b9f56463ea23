import { createServer, IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import express, { type RequestHandler } from 'express';
import { describe, expect, it, vi } from 'vitest';
import { createAuth, ROOT } from '../support/auth.js';
import { basic, serve } from '../support/server.js';

const UNAVAILABLE = { error: 'authentication is unavailable', message: 'authentication is unavailable' };

/** A request and its response as Node makes them, and with what a host may have done to them. */
function exchange(changes: { req?: object; res?: object }) {
  const req = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/x' }, changes.req);
  const res = Object.assign(new ServerResponse(req), changes.res);
  return { req, res };
}

describe('a request that no known host would make', () => {
  const authorized = { authorization: basic('api:pw') };

  it.each<[string, object]>([
    [
      'a user that cannot be set',
      Object.freeze({
        get user() {
          return undefined;
        },
        headers: authorized,
      }),
    ],
    [
      'a user that cannot be read',
      {
        get user() {
          throw new Error('no session');
        },
        headers: authorized,
      },
    ],
    ['no headers', { headers: undefined }],
  ])('gets 503, and is let through nowhere: %s', async (_what, odd) => {
    const auth = await createAuth();
    const { req, res } = exchange({});
    Object.defineProperties(req, Object.getOwnPropertyDescriptors(odd));
    const answered = new Promise((resolve) => vi.spyOn(res, 'end').mockImplementation(resolve as never));
    const next = vi.fn();
    auth(req, res, next);
    expect(JSON.parse(String(await answered))).toEqual(UNAVAILABLE);
    expect(res.statusCode).toBe(503);
    expect(next).not.toHaveBeenCalled();
  });

  it('needs the privilege "all" on the root if it has neither target nor method', async () => {
    const auth = await createAuth();
    const ask = async (credentials: string) => {
      const { req, res } = exchange({
        req: { method: undefined, url: undefined, headers: { authorization: basic(credentials) } },
      });
      return new Promise((resolve) => {
        vi.spyOn(res, 'end').mockImplementation(((body: Buffer) => resolve(String(body))) as never);
        auth(req, res, () => resolve('let through'));
      });
    };
    expect(await ask('api:pw')).toBe('let through');
    expect(await ask('nobody:pw')).toContain('user nobody does not have \\"all\\" privilege for API endpoint');
  });
});

describe('a response that cannot be written', () => {
  it.each(['api:wrong', 'nobody:pw', undefined])(
    'is disconnected, and nobody is let through: %s',
    async (credentials) => {
      const auth = await createAuth();
      const next = vi.fn();
      const listener: RequestListener = (req, res) => {
        vi.spyOn(res, 'setHeader').mockImplementation(() => {
          throw new Error('the host has its own ideas');
        });
        auth(req, res, next);
      };
      const { send } = await serve(listener);
      const request = { path: '/x', ...(credentials !== undefined && { auth: credentials }) };
      await expect(send(request)).rejects.toThrow(/socket hang up|ECONNRESET/);
      expect(next).not.toHaveBeenCalled();
    },
  );

  it('is ignored if it has no connection', async () => {
    const auth = await createAuth();
    const { req, res } = exchange({
      res: {
        setHeader: () => {
          throw new Error('closed');
        },
      },
    });
    Object.defineProperty(res, 'socket', {
      get: () => {
        throw new Error('closed');
      },
    });
    expect(() => auth(req, res, () => {})).not.toThrow();
  });
});

describe('an address that cannot be read', () => {
  const FORWARDED = { 'X-Forwarded-For': '192.0.2.1' };

  /** Behind `trust proxy` as a function that fails, Express's `req.ip` throws. */
  async function serveBehind(...handlers: RequestHandler[]) {
    const app = express();
    app.set('trust proxy', () => {
      throw new Error('no such proxy');
    });
    app.use(...handlers);
    return serve(createServer(app).listeners('request')[0] as RequestListener);
  }

  it.each([undefined, 'api:wrong', 'nobody:pw', 'root:wrong'])('lets nobody in: %s', async (credentials) => {
    const auth = await createAuth();
    auth.on('denied', () => {});
    const { send } = await serveBehind(auth);
    const answer = await send({
      path: '/x',
      headers: FORWARDED,
      ...(credentials !== undefined && { auth: credentials }),
    });
    expect([answer.status, answer.body]).toEqual([503, UNAVAILABLE]);
  });

  it('prevents changes of users', async () => {
    const auth = await createAuth();
    auth.on('denied', () => {});
    auth.authEnabled = false;
    const { send } = await serveBehind(auth);
    const answer = await send({
      method: 'DELETE',
      path: `/kapacitor/v1/users/${ROOT.name}`,
      headers: { ...FORWARDED, Origin: 'http://evil.example' },
    });
    expect([answer.status, answer.body]).toEqual([503, UNAVAILABLE]);
  });
});

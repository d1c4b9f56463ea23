import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express';
import { type KapacitorAuth, MemoryUserRepository } from 'kapacitor-auth';
import passport from 'passport';
import { describe, expect, it, vi } from 'vitest';
import { showUser } from '../support/app-behind.js';
import { createAuth } from '../support/auth.js';
import { serve } from '../support/server.js';

const CHALLENGE = 'Basic realm="Kapacitor", charset="UTF-8"';

/** A handler of the app's that changes a request, and goes on. */
function changing(change: (req: Request) => void): RequestHandler {
  return (req, _res, next) => {
    change(req);
    next();
  };
}

describe('an app with a Passport of its own', () => {
  async function appWithPassport(): Promise<{ app: Express; auth: KapacitorAuth }> {
    const auth = await createAuth();
    const own = new passport.Passport();
    own.use(auth.strategy);
    const app = express();
    app.get('/passport', own.authenticate('basic', { session: false }), showUser);
    app.get('/admin', own.authenticate('basic', { session: false }), auth.requireAdmin, showUser);
    // Another strategy of the app's, with a user of another kind.
    app.use(changing((req) => Object.assign(req, { user: { name: 'root', type: 'admin', permissions: [] } })));
    app.get('/own', auth.requireAdmin, showUser);
    return { app, auth };
  }

  it('authenticates with the strategy', async () => {
    const { app } = await appWithPassport();
    const { send } = await serve(app);
    expect((await send({ path: '/passport', auth: 'api:pw' })).body).toMatchObject({ name: 'api' });
    const refused = await send({ path: '/passport', auth: 'api:wrong' });
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toBe(CHALLENGE);
  });

  it('answers 429 with Retry-After after too many failures', async () => {
    const { app } = await appWithPassport();
    const { send } = await serve(app);
    const guess = (password: string) => send({ path: '/passport', auth: `api:${password}` });
    for (let index = 0; index < 10; index += 1) expect((await guess(`wrong ${index}`)).status).toBe(401);
    const refused = await guess('wrong');
    expect(refused).toMatchObject({ status: 429, text: 'Too Many Requests' });
    expect(refused.headers['retry-after']).toMatch(/^(600|59\d)$/);
    expect(refused.headers['www-authenticate']).toBeUndefined();
  });

  /** An app whose error handler shows what comes to it, with a store that can be broken. */
  async function appWithErrorHandler(options: { failWithError?: boolean }) {
    const store = new MemoryUserRepository();
    const auth = await createAuth({ auth: { store } });
    const own = new passport.Passport();
    own.use(auth.strategy);
    const app = express();
    app.get('/passport', own.authenticate('basic', { session: false, ...options }), showUser);
    const showError: ErrorRequestHandler = (error, _req, res, _next) => {
      res.status(error.status).json({ name: error.name, status: error.status });
    };
    app.use(showError);
    return { store, ...(await serve(app)) };
  }

  it.each([
    [false, { status: 429, text: 'Too Many Requests' }],
    [true, { status: 429, body: { name: 'AuthenticationError', status: 429 } }],
  ])('leaves temporary refusals to Passport, failWithError: %s', async (failWithError, expected) => {
    const { send } = await appWithErrorHandler({ failWithError });
    const guess = (password: string) => send({ path: '/passport', auth: `api:${password}` });
    for (let index = 0; index < 10; index += 1) expect((await guess(`wrong ${index}`)).status).toBe(401);
    const refused = await guess('wrong');
    expect(refused).toMatchObject(expected);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(500);
  });

  it('gets an error if the store fails', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { store, send } = await appWithErrorHandler({});
    vi.spyOn(store, 'find').mockImplementation(() => {
      throw new Error('no disk');
    });
    const answer = await send({ path: '/passport', auth: 'api:pw' });
    expect(answer).toMatchObject({ status: 503, body: { name: 'StoreError', status: 503 } });
  });

  it('can continue with the package’s own checks', async () => {
    const { app } = await appWithPassport();
    const { send } = await serve(app);
    expect((await send({ path: '/admin', auth: 'root:r00t' })).status).toBe(200);
    expect((await send({ path: '/admin', auth: 'api:pw' })).status).toBe(403);
  });

  it('cannot log in with a foreign req.user', async () => {
    const { app } = await appWithPassport();
    const { send } = await serve(app);
    expect((await send({ path: '/own' })).status).toBe(401);
    expect((await send({ path: '/own', auth: 'api:pw' })).status).toBe(403);
  });

  it('cannot log in with the req.user of another request or another store', async () => {
    const auth = await createAuth();
    const other = await createAuth();
    let kept: Express.User | undefined;
    const app = express();
    app.get('/login', auth.authenticate, (req, res) => {
      kept = req.user;
      res.end();
    });
    const bringBack = changing((req) => Object.assign(req, { user: kept }));
    app.get('/kept', bringBack, auth.requireAdmin, showUser);
    app.get('/other', auth.authenticate, other.authenticate, showUser);
    const { send } = await serve(app);
    await send({ path: '/login', auth: 'root:r00t' });
    expect((await send({ path: '/kept' })).status).toBe(401);
    await other.users.delete('api');
    expect((await send({ path: '/other', auth: 'api:pw' })).status).toBe(401);
  });

  it('cannot raise its rights by changing req.user', async () => {
    const auth = await createAuth();
    const app = express();
    const promote = changing((req) => Object.assign(req.user, { name: 'root', type: 'admin' }));
    app.use(auth.authenticate, promote, auth.requireAdmin, showUser);
    const { send } = await serve(app);
    expect((await send({ path: '/', auth: 'api:pw' })).status).toBe(403);
  });
});

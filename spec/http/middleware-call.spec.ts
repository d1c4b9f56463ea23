import { createServer, type RequestListener } from 'node:http';
import express, { type RequestHandler } from 'express';
import { type KapacitorAuth, kapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { showUser } from '../support/app-behind.js';
import { createAuth } from '../support/auth.js';
import { failure } from '../support/failure.js';
import { serve } from '../support/server.js';

type AnyFunction = (...given: unknown[]) => unknown;

const MIDDLEWARES: readonly [string, (auth: KapacitorAuth) => unknown][] = [
  ['auth', (auth) => auth],
  ['auth.authenticate', (auth) => auth.authenticate],
  ['auth.requireAdmin', (auth) => auth.requireAdmin],
  ['auth.requirePrivilege(…)', (auth) => auth.requirePrivilege('read')],
];

describe.each(MIDDLEWARES)('%s', (name, middlewareOf) => {
  it.each([true, false])(
    'called without a request is an error at once, with authentication on: %s',
    async (authEnabled) => {
      const auth = await createAuth({ http: { authEnabled } });
      const middleware = middlewareOf(auth) as AnyFunction;
      const mistake = failure('CONFIG_INVALID', 500, `${name} is the middleware itself: write app.use(${name})`);
      for (const given of [[], [{ session: false }], ['basic', {}], [express()]]) {
        expect(() => middleware(...given)).toThrow(mistake);
      }
    },
  );

  it('without a next function answers 500, and the process lives', async () => {
    const middleware = middlewareOf(await createAuth()) as RequestListener;
    const { send } = await serve(middleware);
    const error = `${name} needs what comes next: write ${name}(req, res, next)`;
    for (const auth of [undefined, 'root:r00t', 'root:wrong']) {
      const answer = await send({ path: '/', ...(auth !== undefined && { auth }) });
      expect(answer).toMatchObject({ status: 500, body: { error, message: error } });
    }
  });
});

describe.each<[string, (auth: KapacitorAuth) => unknown, string]>([
  [
    'auth.requirePrivilege',
    (auth) => auth.requirePrivilege,
    'auth.requirePrivilege makes the middleware: write auth.requirePrivilege()',
  ],
  ['kapacitorAuth', () => kapacitorAuth, 'kapacitorAuth makes the middleware: write app.use(kapacitorAuth())'],
])('%s, used without a call,', (_name, factoryOf, error) => {
  const refused = { status: 500, body: { error, message: error } };

  it('lets nobody through, and explains the mistake', async () => {
    const factory = factoryOf(await createAuth()) as RequestHandler;
    const app = express();
    app.get('/route', factory, showUser);
    app.use('/below', factory);
    app.use('/below', showUser);
    const { send } = await serve(app);
    for (const path of ['/route', '/below', '/below/x']) {
      expect(await send({ path })).toMatchObject(refused);
      expect(await send({ path, auth: 'root:r00t' })).toMatchObject(refused);
    }
  });

  it('lets nobody through even if the host ignores errors', async () => {
    const factory = factoryOf(await createAuth()) as AnyFunction;
    const next = vi.fn();
    const { send } = await serve((req, res) => void factory(req, res, next));
    expect(await send({ path: '/', auth: 'root:r00t' })).toMatchObject(refused);
    expect(next).not.toHaveBeenCalled();
  });
});

describe('kapacitorAuth', () => {
  it('refuses more arguments than it has', () => {
    const overrides = { auth: { store: 'memory:' } };
    expect(() => kapacitorAuth(...([{}, {}, overrides] as unknown as [object]))).toThrow(
      failure(
        'CONFIG_INVALID',
        500,
        'kapacitorAuth takes a file or an object, and an object that overrides it, and no more arguments',
      ),
    );
  });
});

describe('close', () => {
  it('refuses a callback, because it returns a promise', async () => {
    const auth = await createAuth();
    expect(() => (auth.close as AnyFunction)(() => {})).toThrow(
      failure('CONFIG_INVALID', 500, 'auth.close takes no callback: it returns a promise'),
    );
  });

  it('can be a listener of any event', async () => {
    const auth = await createAuth();
    const server = createServer();
    const closed = new Promise((resolve) => {
      server.on('signal', (...given: unknown[]) => resolve((auth.close as AnyFunction)(...given)));
    });
    server.emit('signal', 'SIGTERM', 15);
    await closed;
    await expect(auth.users.list()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

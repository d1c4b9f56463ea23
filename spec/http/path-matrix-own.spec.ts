import express from 'express';
import type { KapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { createAuth, ROOT } from '../support/auth.js';
import { addHandlers, METHODS, SECRET_SPELLINGS, sendRaw } from '../support/path-spellings.js';
import { serve } from '../support/server.js';

const KIM = 'kim:pw';

/** The orders are open to kim for every method, and one part of them is not. */
function createOrders(): Promise<KapacitorAuth<string>> {
  return createAuth({ permissions: { clerk: { '/orders': 'all', '/orders/secret': [], '/tasks': 'all' } } }, [
    ROOT,
    { name: 'kim', password: 'pw', permissions: ['clerk'] },
  ]);
}

describe('a user whose permission opens /orders and closes /orders/secret', () => {
  it.each(METHODS)('cannot reach the secret with %s, however the path is written', async (method) => {
    const reached: string[] = [];
    const app = express();
    app.use(await createOrders());
    addHandlers(app, reached, 'secret', '/orders');
    const { port } = await serve(app);
    for (const path of SECRET_SPELLINGS) {
      const status = await sendRaw(port, `${method} ${path}`, KIM);
      expect([400, 403], `${method} ${path}`).toContain(status);
    }
    expect(reached).toEqual([]);
  });

  it('cannot reach the secret of an app that is mounted below another path', async () => {
    const reached: string[] = [];
    const inner = express();
    inner.use(await createOrders());
    addHandlers(inner, reached, 'secret', '/orders');
    const app = express();
    app.use('/x', inner);
    const { port } = await serve(app);
    for (const path of SECRET_SPELLINGS.filter((spelling) => spelling.startsWith('/'))) {
      await sendRaw(port, `GET /x${path}`, KIM);
    }
    expect(reached).toEqual([]);
  });

  it.each(['/orders', '/orders/secret', '/kapacitor/v1/orders', '/kapacitor/v1/orders/secret'])(
    'cannot reach the secret with the guard mounted on %s',
    async (mount) => {
      const reached: string[] = [];
      const app = express();
      app.use(mount, await createOrders());
      addHandlers(app, reached, 'secret', '/orders');
      const { port } = await serve(app);
      const prefix = mount.startsWith('/kapacitor') ? '/kapacitor/v1' : '';
      // Express passes other spellings of the mount itself by.
      const others = mount.endsWith('orders') ? ['/orders/%73ecret', '/orders//secret'] : [];
      for (const path of ['/orders/secret', '/orders/secret/1', ...others]) {
        expect(await sendRaw(port, `GET ${prefix}${path}`, KIM), path).toBe(403);
      }
      expect(reached).toEqual([]);
    },
  );

  it('cannot reach the secret if a middleware before the guard rewrites the path', async () => {
    const reached: string[] = [];
    const app = express();
    app.use((req, _res, next) => {
      req.url = req.url.replace('/tasks', '/orders/secret');
      next();
    });
    app.use(await createOrders());
    addHandlers(app, reached, 'secret', '/orders');
    const { port } = await serve(app);
    expect(await sendRaw(port, 'GET /tasks', KIM)).toBe(403);
    expect(reached).toEqual([]);
  });

  it.each([
    ['/orders/legacy', '/internal'],
    ['/orders/internal', '/internal'],
  ])('cannot reach a path that no permission names, by a path that is rewritten: %s', async (path, rewritten) => {
    const reached: string[] = [];
    const app = express();
    app.use((req, _res, next) => {
      req.url = req.url.replace(path, rewritten);
      next();
    });
    app.use(await createOrders());
    addHandlers(app, reached, 'internal');
    const { port } = await serve(app);
    expect(await sendRaw(port, `GET ${path}`, KIM)).toBe(403);
    expect(await sendRaw(port, `GET ${path}`, 'root:r00t')).toBe(200);
    expect(reached).not.toEqual([]);
    expect(reached.filter((each) => !each.endsWith(path))).toEqual([]);
  });

  it('reaches the orders by any honest path', async () => {
    const app = express();
    app.use(await createOrders());
    app.use((_req, res) => {
      res.sendStatus(299);
    });
    const { port } = await serve(app);
    for (const path of [
      '/orders',
      '/orders/',
      '/orders?x=/orders/secret',
      '/orders/a%20b',
      '/orders/Gr%C3%B6%C3%9Fe/ABC',
      '/orders/secrets',
      '/kapacitor/v1/orders/1',
      'http://localhost:9092/orders/1',
    ]) {
      expect(await sendRaw(port, `GET ${path}`, KIM), path).toBe(299);
    }
    for (const path of [
      '/',
      '/order',
      '/orders2',
      '/x/orders',
      '/kapacitor/v1/config',
      '/kapacitor/v1preview/orders',
    ]) {
      expect(await sendRaw(port, `GET ${path}`, KIM), path).toBe(403);
    }
  });
});

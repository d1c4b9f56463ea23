import { createServer, request } from 'node:http';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { createAuth } from '../support/auth.js';
import { serve } from '../support/server.js';
import { PAGE, PASSWORD, ROOT, type ServedPage, servePage } from './served-page.js';
import { dialogOf, namesIn, press, sees, visit } from './visitor.js';

/** Signs in, creates a user, and looks at it, all on the page. */
async function createAnn(served: ServedPage, at: string): Promise<void> {
  const page = await visit(served, { at });
  await page.getByLabel('Name').fill('root');
  await page.getByLabel('Password').fill(PASSWORD);
  await press(page, 'Sign in');
  await expect.poll(() => namesIn(page)).toEqual(['root']);
  expect(page.url().split('?')[0]).toBe(at);
  await press(page, 'New user');
  await dialogOf(page).getByLabel('Name', { exact: true }).fill('ann');
  await press(dialogOf(page), 'Create user');
  await dialogOf(page).getByRole('link', { name: 'Open ann' }).click();
  await page.getByRole('heading', { level: 1, name: 'ann' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'ann' }).waitFor();
  await press(page, 'Sign out');
  await sees(page, 'You are signed out.');
}

/** Passes requests below `/tool/x` on without that part, and changes nothing in the answers. */
async function serveBehindProxy(port: number): Promise<string> {
  const proxy = createServer((req, res) => {
    const path = req.url?.replace(/^\/tool\/x/, '') || '/';
    const passed = request({ port, host: '127.0.0.1', method: req.method, path, headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    req.pipe(passed);
  });
  const { url } = await serve((req, res) => proxy.emit('request', req, res));
  return url;
}

describe('the page elsewhere', () => {
  it.each(['/people', '/people/', '/a/b/people'])('is mounted at %s', async (path) => {
    const served = await servePage({ users: [ROOT], behind: (app, auth) => app.use(path, auth.usersPage) });
    await createAnn(served, `${served.url}${path}`);
  });

  it('is below the mount path of the whole app', async () => {
    const auth = await createAuth({ http: { usersPage: true } }, [ROOT]);
    const app = express();
    app.use('/deep/inside', auth);
    const server = await serve(app);
    const pageUrl = `${server.url}/deep/inside${PAGE}`;
    await createAnn({ ...server, auth, pageUrl }, pageUrl);
  });

  it('is behind a proxy that rewrites the path', async () => {
    const served = await servePage({ users: [ROOT] });
    const proxy = await serveBehindProxy(served.port);
    const page = await visit(served, { as: 'root', at: `${proxy}/tool/x${PAGE}` });
    await expect.poll(() => namesIn(page)).toEqual(['root']);
    await page.getByRole('link', { name: 'root', exact: true }).click();
    await page.getByLabel('Note').fill('seen through a proxy');
    await press(page, 'Save changes');
    await sees(page, 'The changes to root are saved.');
  });
});

import { json as jsonOf } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';

import { json, serveAnswer, serveUsers } from './servers.js';
import { done, failed, storeWith } from './stores.js';

const userBody = (name: string, more: object = {}) => ({ name, type: 'normal', permissions: [], ...more });

describe('several users of a store', () => {
  it('are changed, enabled and disabled with one command', async () => {
    const { on, repository } = await storeWith('a', 'b', 'c');
    expect(await on(['user', 'set', 'a', 'b', 'a', '--permission', 'api'])).toEqual(
      done(
        'NAME  TYPE    PERMISSIONS  STATE\na     normal  api          enabled\nb     normal  api          enabled\n',
      ),
    );
    expect((await on(['user', 'disable', 'a', 'c'])).exitCode).toBe(0);
    for (const [name, enabled] of Object.entries({ a: false, b: true, c: false })) {
      expect(repository.find(name)).toMatchObject({ enabled });
    }
    const { stdout } = await on(['user', 'enable', 'a', 'c', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ changed: [{ name: 'a', enabled: true }, { name: 'c' }], failed: [] });
  });

  it('stay as they are if one of them does not exist', async () => {
    const { on, repository } = await storeWith('a');
    expect(await on(['user', 'disable', 'a', 'x', 'y'])).toEqual(
      failed(1, 'there is no user "x", "y". Names are case-sensitive: "user list" shows them'),
    );
    expect(repository.find('a')).toMatchObject({ enabled: true });
  });

  it('are changed as far as possible: the command says which was not, and why', async () => {
    const { on, repository } = await storeWith('a', 'z');
    const result = await on(['user', 'disable', 'a', 'root', 'z']);
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toMatch(/^NAME.*\na .*disabled\nz .*disabled\n$/);
    expect(result.stderr).toBe('kapacitor-auth: root: the last admin cannot be disabled\n');
    expect(repository.find('root')).toMatchObject({ enabled: true });
    const again = await on(['user', 'delete', 'a', 'root', '--yes', '--json']);
    expect(JSON.parse(again.stdout)).toEqual({
      deleted: ['a'],
      failed: [{ name: 'root', reason: 'the last admin cannot be deleted or demoted' }],
    });
  });
});

describe('several users of a server', () => {
  it('are one request to a server that takes many at once', async () => {
    const batches: object[] = [];
    const { on } = await serveAnswer(async (req, res) => {
      if (req.method !== 'POST') return json(200, userBody(req.url?.split('/').at(-1) as string))(req, res);
      batches.push((await jsonOf(req)) as object);
      const results = [
        { status: 200, user: userBody('a', { enabled: false }) },
        { status: 409, error: 'the last admin cannot be disabled', code: 'LAST_ADMIN' },
        { status: 412, error: 'it was changed meanwhile' },
      ];
      json(200, { results })(req, res);
    });
    const result = await on(['user', 'disable', 'a', 'b', 'c']);
    expect(batches).toEqual([{ operations: ['a', 'b', 'c'].map((name) => ({ op: 'change', name, enabled: false })) }]);
    expect(result).toEqual({
      exitCode: 1,
      stdout: 'NAME  TYPE    PERMISSIONS  STATE\na     normal  none         disabled\n',
      stderr: 'kapacitor-auth: b: the last admin cannot be disabled\nkapacitor-auth: c: it was changed meanwhile\n',
    });
  });

  it('are a request for each thousand', async () => {
    const sizes: number[] = [];
    const { on } = await serveAnswer(async (req, res) => {
      if (req.method !== 'POST') return json(200, userBody(req.url?.split('/').at(-1) as string))(req, res);
      const { operations } = (await jsonOf(req)) as { operations: object[] };
      sizes.push(operations.length);
      json(200, { results: operations.map(() => ({ status: 204 })) })(req, res);
    });
    const names = Array.from({ length: 1_001 }, (_, index) => `user${index}`);
    const { stdout } = await on(['user', 'delete', ...names, '--yes', '--json']);
    expect(sizes).toEqual([1_000, 1]);
    expect(JSON.parse(stdout)).toEqual({ deleted: names, failed: [] });
  });

  it('are later ones if the server was too busy for them', async () => {
    const { on } = await serveAnswer((req, res) => {
      if (req.method !== 'POST') return json(200, userBody(req.url?.split('/').at(-1) as string))(req, res);
      json(200, { results: [{ status: 503, error: 'too busy: try again' }, { status: 500 }] })(req, res);
    });
    expect(await on(['user', 'enable', 'a', 'b'])).toEqual({
      exitCode: 4,
      stdout: '',
      stderr: 'kapacitor-auth: a: too busy: try again\nkapacitor-auth: b: the server answers 500\n',
    });
  });

  it.each([
    ['no results', {}],
    ['too few', { results: [{ status: 204 }] }],
    ['one that is none', { results: [{ status: 204 }, 7] }],
    ['one without a status', { results: [{}, {}] }],
  ])('are not known to be done after an answer with %s', async (_what, body) => {
    const { on } = await serveAnswer((req, res) =>
      json(200, req.method === 'POST' ? body : userBody(req.url?.split('/').at(-1) as string))(req, res),
    );
    const { exitCode, stderr } = await on(['user', 'delete', 'a', 'b', '--yes']);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/not done, as far as is known: (?:a, )?b\n/);
    expect(stderr).toContain('the server does not answer with users');
  });

  it('are not known to be done after a lost connection', async () => {
    const { on } = await serveAnswer((req, res) => {
      if (req.method === 'POST') res.destroy();
      else json(200, userBody(req.url?.split('/').at(-1) as string))(req, res);
    });
    const result = await on(['user', 'delete', 'a', 'b', '--yes', '--json']);
    expect(result.exitCode).toBe(4);
    expect(JSON.parse(result.stdout)).toEqual({
      deleted: [],
      failed: ['a', 'b'].map((name) => ({ name, reason: 'not done, as far as is known' })),
    });
    expect(result.stderr).toMatch(/It may have done what it was asked for: look at the users\n$/);
  });

  it.each([404, 405])('are one request each to a server that answers %i, such as a real Kapacitor', async (status) => {
    const { asked, on } = await serveAnswer((req, res) => {
      const name = req.url?.split('/').at(-1) as string;
      if (name === 'batch') return json(status, { error: 'no' })(req, res);
      if (req.method === 'DELETE' && name === 'b') return json(409, { error: 'the last admin' })(req, res);
      if (req.method === 'DELETE' && name === 'd') return res.destroy();
      json(200, userBody(name))(req, res);
    });
    const result = await on(['user', 'delete', 'a', 'b', 'c', 'd', 'e', '--yes']);
    expect(result.exitCode).toBe(4);
    expect(result.stdout).toBe('deleted a\ndeleted c\n');
    expect(result.stderr).toMatch(
      /^kapacitor-auth: b: the last admin\nkapacitor-auth: not done, as far as is known: d, e\nkapacitor-auth: cannot reach /,
    );
    expect(asked.filter((line) => line.startsWith('DELETE'))).toHaveLength(4);
  });

  it('are those of a server of this package', async () => {
    const { auth, on } = await serveUsers();
    expect((await on(['user', 'set', 'api', 'nobody', '--permission', 'write_points'])).exitCode).toBe(0);
    expect(await auth.users.get('nobody')).toMatchObject({ permissions: ['write_points'] });
    const result = await on(['user', 'delete', 'api', 'root', 'nobody', '--yes']);
    expect(result).toMatchObject({ exitCode: 1, stdout: 'deleted api\ndeleted nobody\n' });
    expect(result.stderr).toMatch(/^kapacitor-auth: root: the last admin cannot be deleted/);
  });
});

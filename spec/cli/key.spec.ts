import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CreatedKey } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { run } from '../support/cli.js';
import { openRepository } from '../support/sqlite-repository.js';
import { digestOf } from '../support/stored-secret.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { json, serveAnswer, serveUsers } from './servers.js';
import { done, failed, storeWith } from './stores.js';

const KEY = /^kap_[0-9A-Za-z]{36}\n$/;
const CREATED = '2026-03-01T12:00:00.000Z';

describe('the keys of a server', () => {
  it('are made, and the key alone is on standard output', async () => {
    const { auth, server, on } = await serveUsers();
    const { exitCode, stdout, stderr } = await on(['key', 'add', 'api', '--name', 'prometheus']);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: 'kapacitor-auth: this is the key "prometheus" of api. It is shown this once, and cannot be shown again\n',
    });
    expect(stdout).toMatch(KEY);
    const headers = { Authorization: `Bearer ${stdout.trim()}` };
    expect(await server.send({ path: '/kapacitor/v1/me', headers })).toMatchObject({
      status: 200,
      body: { name: 'api' },
    });
    expect(await auth.keys.list('api')).toEqual([
      expect.objectContaining({ name: 'prometheus', permissions: undefined, expires: undefined }),
    ]);
  });

  it('may have an end and permissions', async () => {
    const { auth, on } = await serveUsers();
    await on(['key', 'add', 'api', '--name', 'a b', '--expires', '90d', '--permission', 'write_points,api']);
    await on(['key', 'add', 'api', '--name', 'c', '-expires', '2099-01-31T00:00:00Z', '--permission', 'none']);
    const [first, second] = await auth.keys.list('api');
    expect(first).toMatchObject({ name: 'a b', permissions: ['api', 'write_points'] });
    const { created, expires } = first as CreatedKey;
    expect((expires?.getTime() ?? 0) - created.getTime()).toBeCloseTo(90 * 86_400_000, -3);
    expect(second).toMatchObject({ permissions: [], expires: new Date('2099-01-31T00:00:00Z') });
  });

  it('are listed in a table for people and as JSON for programs, without the key itself', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date(CREATED) });
    onTestFinished(() => void vi.useRealTimers());
    const { auth, on } = await serveUsers();
    const { id } = await auth.keys.create('api', { name: 'first', expires: '1h' });
    vi.setSystemTime(new Date('2026-03-01T12:00:01Z'));
    const second = await auth.keys.create('api', { name: 'second', permissions: ['api', 'config_api'] });
    vi.setSystemTime(new Date('2026-03-01T13:30:00Z'));
    expect(await on(['key', 'list', 'api'])).toEqual({
      exitCode: 0,
      stdout:
        'NAME    ID                PERMISSIONS      CREATED               EXPIRES                         LAST USED\n' +
        `first   ${id}  (its user's)     2026-03-01T12:00:00Z  2026-03-01T13:00:00Z (expired)  never\n` +
        `second  ${second.id}  api, config_api  2026-03-01T12:00:01Z  never                           never\n`,
      stderr: '',
    });
    expect(JSON.parse((await on(['key', 'list', 'api', '--json'])).stdout)).toEqual({
      keys: [
        { id, name: 'first', created: CREATED, expires: '2026-03-01T13:00:00.000Z' },
        { id: second.id, name: 'second', permissions: ['api', 'config_api'], created: '2026-03-01T12:00:01.000Z' },
      ],
    });
    expect(await on(['key', 'list', 'root', '--json'])).toMatchObject({ stdout: '{"keys":[]}\n' });
  });

  it('are made as JSON with the key in it', async () => {
    const { on } = await serveUsers();
    const { stdout } = await on(['key', 'add', 'api', '--name', 'x', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      id: expect.any(String),
      name: 'x',
      key: expect.stringMatching(/^kap_/),
      created: expect.any(String),
    });
  });

  it('are deleted by id or by name', async () => {
    const { auth, on } = await serveUsers();
    const { id } = await auth.keys.create('api', { name: 'first' });
    await auth.keys.create('api', { name: 'second' });
    expect(await on(['key', 'delete', 'api', id])).toEqual({ exitCode: 0, stdout: `deleted ${id}\n`, stderr: '' });
    expect((await on(['key', 'delete', 'api', 'second', '--json'])).stdout).toBe('{"deleted":["second"]}\n');
    expect(await auth.keys.list('api')).toEqual([]);
    expect(await on(['key', 'delete', 'api', id])).toEqual(
      failed(1, `api has no key "${id}": "key list api" shows them`),
    );
  });

  it('are those of the user who asks, or of anybody for an admin', async () => {
    const { on } = await serveUsers('api:pw');
    expect((await on(['key', 'add', 'api', '--name', 'mine'])).stdout).toMatch(KEY);
    const others = await on(['key', 'add', 'nobody', '--name', 'x']);
    expect(others).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it.each([
    [
      ['key', 'add', 'stan', '--name', 'x'],
      1,
      'there is no user "stan". Names are case-sensitive: "user list" shows them',
    ],
    [['key', 'list', 'stan'], 1, 'there is no user "stan". Names are case-sensitive: "user list" shows them'],
    [['key', 'delete', 'stan', 'x'], 1, 'there is no user "stan". Names are case-sensitive: "user list" shows them'],
    [
      ['key', 'add', 'api', '--name', 'x', '--expires', 'soon'],
      1,
      'expires must be a duration such as "90d" or "12h", or a time such as "2027-01-31T00:00:00Z", not "soon"',
    ],
    [
      ['key', 'add', 'api', '--name', 'x', '--permission', 'apj'],
      1,
      'permission "apj" is not known: did you mean api?',
    ],
    [['key', 'add', 'api'], 2, "required option '--name <KEY>' not specified"],
    [['key'], 2, 'a command is missing. The commands are add, list, delete'],
  ])('explain what is wrong with %j', async (args, exitCode, message) => {
    const { on } = await serveUsers();
    const result = await on(args);
    expect(result).toMatchObject({ exitCode, stdout: '' });
    expect(result.stderr.split('\n')[0]).toBe(`kapacitor-auth: ${message}`);
  });

  it('are at most one of each name', async () => {
    const { on } = await serveUsers();
    await on(['key', 'add', 'api', '--name', 'x']);
    expect(await on(['key', 'add', 'api', '--name', 'x'])).toEqual(
      failed(1, 'there is a key "x" already: choose another name, or delete that key'),
    );
  });

  it('may be the credentials of the command line, as a password with or without the name', async () => {
    const { auth, server } = await serveUsers();
    const { key } = await auth.keys.create('root', { name: 'x' });
    for (const name of ['root', '']) {
      const env = { KAPACITOR_URL: server.url.replace('://', `://${name}:${key}@`) };
      expect((await run(['user', 'show', 'api', '--json'], { env })).stdout).toContain('"name":"api"');
    }
    const env = { KAPACITOR_URL: server.url.replace('://', '://:kap_x@') };
    expect(await run(['user', 'list'], { env })).toEqual(
      failed(
        1,
        `${server.url} rejects the key: authorization failed. It is wrong, deleted or expired, or its user is disabled`,
      ),
    );
  });
});

describe('a server without keys', () => {
  const user = { name: 'api', type: 'normal', permissions: [] };
  const KEY_BODY = { id: 'a1', name: 'x', created: CREATED };
  const STRANGE =
    'the server does not answer with keys. Is it a server with keys? A real Kapacitor has none, and neither has an older version';

  it.each([
    ['no list', {}],
    ['a list of something else', { keys: [null] }],
    ['an id that a terminal obeys', { keys: [{ ...KEY_BODY, id: '\u001b[2J' }] }],
    ['a name that a terminal obeys', { keys: [{ ...KEY_BODY, name: 'x\u202e' }] }],
    ['permissions that are none', { keys: [{ ...KEY_BODY, permissions: ['\u001b'] }] }],
    ['a time that is none', { keys: [{ ...KEY_BODY, expires: 'tomorrow' }] }],
    ['no time', { keys: [{ ...KEY_BODY, created: undefined }] }],
  ])('is one that answers with %s', async (_, body) => {
    const { on } = await serveAnswer((req, res) => {
      json(200, req.url?.endsWith('/keys') ? body : user)(req, res);
    });
    expect(await on(['key', 'list', 'api'])).toEqual(failed(4, STRANGE));
  });

  it('is one that answers to a new key without the key', async () => {
    for (const key of [undefined, 'hunter2', `kap_${'x'.repeat(36)}`]) {
      const { on } = await serveAnswer((req, res) => {
        json(200, req.method === 'POST' ? { ...KEY_BODY, key } : user)(req, res);
      });
      expect(await on(['key', 'add', 'api', '--name', 'x'])).toEqual(failed(4, STRANGE));
    }
  });

  it('says so itself if its store keeps none', async () => {
    const { on } = await serveAnswer((req, res) => {
      const isKeys = req.url?.endsWith('/keys');
      json(isKeys ? 501 : 200, isKeys ? { error: 'the user store of this server keeps no keys' } : user)(req, res);
    });
    expect(await on(['key', 'list', 'api'])).toEqual(failed(1, 'the user store of this server keeps no keys'));
  });
});

describe('the keys of a store', () => {
  it('are made, listed and deleted, also while servers use it', async () => {
    const { on, repository } = await storeWith('stan');
    const { exitCode, stdout } = await on(['key', 'add', 'stan', '--name', 'prometheus', '--permission', 'api,clerk']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(KEY) });
    const [key] = await repository.secrets.list('stan', 'key');
    expect(key).toMatchObject({ name: 'prometheus', permissions: ['api', 'clerk'], digest: digestOf(stdout.trim()) });
    expect((await on(['key', 'list', 'stan'])).stdout).toContain(`prometheus  ${key?.id}  api, clerk`);
    expect(await on(['key', 'delete', 'stan', 'prometheus'])).toEqual(done('deleted prometheus\n'));
    expect(await repository.secrets.find(digestOf(stdout.trim()))).toBeUndefined();
  });

  it('are in the audit log, without the key', async () => {
    const { store } = await storeWith('stan');
    const log = join(dirname(store.replace('sqlite:', '')), 'audit.jsonl');
    const on = (args: readonly string[]) =>
      run(['key', ...args, '--store', store], { env: { KAPACITOR_AUTH_AUDIT_LOG: log } });
    const { stdout } = await on(['add', 'stan', '--name', 'x']);
    await on(['delete', 'stan', 'x']);
    const text = readFileSync(log, 'utf8');
    const by = expect.stringMatching(/^command line: /);
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { event: 'key-created', user: 'stan', key: 'x', by },
      { event: 'key-deleted', user: 'stan', key: 'x', by },
    ]);
    for (const secret of [stdout.trim(), digestOf(stdout.trim())]) expect(text).not.toContain(secret);
  });

  it('have permissions that the config file defines', async () => {
    const { store } = await storeWith('stan');
    const config = join(temporaryFolder(), 'kapacitor.conf');
    writeFileSync(config, `[auth]\nenabled = true\nstore = "${store}"\n[permissions.clerk]\n"/orders" = ["read"]\n`);
    const add = (permission: string) =>
      run(['key', 'add', 'stan', '--name', permission, '--permission', permission, '-config', config]);
    expect((await add('clerk')).exitCode).toBe(0);
    expect(await add('clerc')).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('did you mean clerk?'),
    });
  });

  it('are exported and imported with their users', async () => {
    const { on } = await storeWith('stan');
    const key = (await on(['key', 'add', 'stan', '--name', 'x'])).stdout.trim();
    const folder = temporaryFolder();
    const file = join(folder, 'users.jsonl');
    expect((await on(['export', file])).stderr).toBe(`kapacitor-auth: exported 2 users and 1 key to ${file}\n`);
    expect(readFileSync(file, 'utf8')).not.toContain(key);
    const users = join(folder, 'users.db');
    const other = (...args: readonly string[]) => run([...args, '--store', `sqlite:${users}`]);
    expect((await other('import', file)).stdout).toBe(
      'JSON lines: 2 new, 0 unchanged, 0 replaced, 0 kept, 0 refused\nkeys: 1 new, 0 expired, 0 ignored\n',
    );
    expect(await openRepository(users).secrets.find(digestOf(key))).toMatchObject({ owner: 'stan', name: 'x' });
    await other('key', 'delete', 'stan', 'x');
    expect(await other('import', file)).toEqual({
      exitCode: 0,
      stdout: 'JSON lines: 0 new, 2 unchanged, 0 replaced, 0 kept, 0 refused\nkeys: 0 new, 0 expired, 1 ignored\n',
      stderr:
        'kapacitor-auth: the keys of users who were in the store before stay as they are, and those in the file are ' +
        'ignored: delete such a user before the import, or make new keys with "key add"\n',
    });
  });
});

import express, { type RequestHandler } from 'express';
import { type KapacitorAuth, MemoryUserRepository } from 'kapacitor-auth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChangedMeanwhileError } from '../../lib/cli/cli-error.js';
import { StoreUsers } from '../../lib/cli/store-users.js';
import { createAuth } from '../support/auth.js';
import { run, runTyping } from '../support/cli.js';
import { serve } from '../support/server.js';
import { NOON } from '../support/stored-secret.js';
import { userNamed } from '../support/stored-user.js';
import { createUserService } from '../support/user-service.js';

import { json, serveAnswer } from './servers.js';
import { done } from './stores.js';

const DAY = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOON });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A server with a store in memory, which keeps accounts, and what runs commands on it. */
async function serveAccounts(before: (auth: KapacitorAuth) => RequestHandler = () => (_req, _res, next) => next()) {
  const store = new MemoryUserRepository();
  const auth = await createAuth({ auth: { store } });
  const server = await serve(express().use(before(auth), auth));
  const url = server.url.replace('://', '://root:r00t@');
  const on = (args: readonly string[], input = '') => run(['-url', url, ...args], { input });
  return { auth, store, url, on };
}

/** Changes the user `api` right before the first request with this method. */
const meanwhile =
  (method: string, change: (auth: KapacitorAuth) => Promise<unknown>) =>
  (auth: KapacitorAuth): RequestHandler => {
    let isChanged = false;
    return async (req, _res, next) => {
      if (req.method === method && !isChanged) {
        isChanged = true;
        await change(auth);
      }
      next();
    };
  };

describe('the account of a user', () => {
  it('is given with "user add", and changed with "user set"', async () => {
    const { auth, on } = await serveAccounts();
    const options = ['--expires', '90d', '--must-change-password', '--note', 'for the season'];
    expect(await on(['user', 'add', 'kim', ...options, '--password-stdin'], 'pw')).toEqual(
      done('NAME  TYPE    PERMISSIONS  STATE\nkim   normal  none         expires 2027-04-15, must change password\n'),
    );
    expect(await auth.users.get('kim')).toMatchObject({
      expires: new Date(NOON + 90 * DAY),
      mustChangePassword: true,
      note: 'for the season',
    });
    const set = await on(['user', 'set', 'kim', '--expires', 'never', '--no-must-change-password', '--note', '']);
    expect(set.stderr).toBe('');
    expect(set.stdout).toMatch(/^kim +normal +none +enabled$/m);
    const kim = await auth.users.get('kim');
    expect(kim).not.toHaveProperty('expires');
    expect(kim).not.toHaveProperty('note');
    const timed = await on(['user', 'set', 'kim', '--expires', '2027-01-31T00:00:00Z']);
    expect(timed.stdout).toMatch(/expires 2027-01-31$/m);
  });

  it.each([
    [['--expires', 'soon'], 2, /It must be a duration such as 90d or 12h, a time such as/],
    [['--expires', '2020-01-01T00:00:00Z'], 1, /^kapacitor-auth: expires must be in the future\n$/],
    [['--note', 'x'.repeat(201)], 1, /^kapacitor-auth: note must have at most 200 characters, not 201\n$/],
  ])('cannot be %j', async (args, exitCode, message) => {
    const { on } = await serveAccounts();
    const result = await on(['user', 'set', 'api', ...args]);
    expect(result.exitCode).toBe(exitCode);
    expect(result.stderr).toMatch(message);
  });

  it('is shown with "user show", in lists with --long, and as JSON', async () => {
    const { store, on } = await serveAccounts();
    const times = { created: NOON - 2 * DAY, passwordChanged: NOON - DAY };
    store.insert(userNamed('kim', { ...times, expires: NOON - 1, note: 'a\u202eb' }));
    store.insert(userNamed('kit', { enabled: false, expires: NOON + DAY }));
    store.logins.record([{ name: 'kim', ago: 60_000 }]);
    const { stdout } = await on(['user', 'show', 'kim']);
    expect(stdout).toBe(
      'NAME  TYPE    PERMISSIONS  STATE\n' +
        'kim   normal  none         expired\n' +
        '\n' +
        'Created           2027-01-13T08:00:00Z\n' +
        'Password changed  2027-01-14T08:00:00Z\n' +
        'Last login        2027-01-15T07:59:00Z\n' +
        'Expires           2027-01-15T07:59:59Z\n' +
        'Note              a\\u202eb\n',
    );
    const long = await on(['user', 'list', 'ki*', '--long']);
    expect(long.stdout).toBe(
      'NAME  TYPE    PERMISSIONS  STATE                         LAST LOGIN            NOTE\n' +
        'kim   normal  none         expired                       2027-01-15T07:59:00Z  a\\u202eb\n' +
        'kit   normal  none         disabled, expires 2027-01-16  none known\n',
    );
    const listed = await on(['user', 'list', 'kim', '--json']);
    expect(JSON.parse(listed.stdout)).toEqual([
      {
        ...{ name: 'kim', type: 'normal', permissions: [], enabled: true, mustChangePassword: false },
        ...{ created: '2027-01-13T08:00:00.000Z', passwordChanged: '2027-01-14T08:00:00.000Z' },
        ...{ lastLogin: '2027-01-15T07:59:00.000Z', expires: '2027-01-15T07:59:59.999Z', note: 'a\u202eb' },
      },
    ]);
    expect(listed.stdout).not.toContain('\u202e');
  });

  it('may keep a user out who is enabled again, and the command says so', async () => {
    const { store, on } = await serveAccounts();
    store.insert(userNamed('kim', { enabled: false, expires: NOON - 1 }));
    expect((await on(['user', 'enable', 'kim'])).stderr).toBe(
      'kapacitor-auth: kim has expired, and cannot log in: "user set kim --expires never" takes the end away\n',
    );
  });
});

describe('a list of users', () => {
  it.each([
    [['--type', 'admin'], ['root']],
    [
      ['--search', 'O'],
      ['config', 'nobody', 'root'],
    ],
    [
      ['--search', 'o', '--type', 'normal'],
      ['config', 'nobody'],
    ],
    [['--permission', 'api'], ['api']],
    [['--disabled'], ['nobody']],
    [
      ['--enabled', '*o*'],
      ['config', 'root'],
    ],
    [['--enabled', '--limit', '1'], ['api']],
  ])('has those who are selected with %j', async (args, names) => {
    const { auth, on } = await serveAccounts();
    await auth.users.update('nobody', { enabled: false });
    const { stdout } = await on(['user', 'list', ...args, '--json']);
    expect(JSON.parse(stdout).map(({ name }: { name: string }) => name)).toEqual(names);
    if (args.includes('--limit')) return;
    expect(await on(['user', 'list', ...args, '--count'])).toEqual(done(`${names.length}\n`));
  });

  it('is counted for programs', async () => {
    const { on } = await serveAccounts();
    expect(await on(['user', 'list', '--count', '--json'])).toEqual(done('{"count":4}\n'));
  });

  it.each([
    [['--enabled', '--disabled'], '--enabled and --disabled exclude each other: leave one of them out'],
    [['--permission', 'api,all'], '--permission selects by one permission: name one'],
    [['--permission', 'none'], 'no user has the permission none, which stands for no permissions'],
    [['--count', '--limit', '1'], '--count counts all users: leave out --limit'],
  ])('cannot be asked for with %j', async (args, message) => {
    const { on } = await serveAccounts();
    expect(await on(['user', 'list', ...args])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `kapacitor-auth: ${message}\n`,
    });
  });

  it('is selected and counted here, where a server such as a real Kapacitor does neither', async () => {
    const users = Array.from({ length: 1_500 }, (_, index) => ({
      name: `user${String(index).padStart(4, '0')}`,
      type: index % 2 === 0 ? 'normal' : 'admin',
      permissions: [],
    }));
    const { asked, on } = await serveAnswer((req, res) => {
      const { searchParams } = new URL(req.url as string, 'http://host');
      const field = searchParams.getAll('fields').find((each) => !['type', 'permissions'].includes(each));
      if (field !== undefined) return json(400, { error: `unsupported field "${field}"` })(req, res);
      const offset = Number(searchParams.get('offset'));
      json(200, { users: users.slice(offset, offset + Number(searchParams.get('limit'))) })(req, res);
    });
    expect((await on(['user', 'list', '--type', 'admin', '--count'])).stdout).toBe('750\n');
    expect((await on(['user', 'list', '--type', 'admin', '--limit', '3'])).stdout).toMatch(
      /user0001 .*\nuser0003 .*\nuser0005 .*\n$/,
    );
    asked.length = 0;
    const { stdout } = await on(['user', 'list', '--type', 'admin', '--limit', '1', '--json']);
    expect(JSON.parse(stdout)).toEqual([{ name: 'user0001', type: 'admin', permissions: [], enabled: true }]);
    // The fields that it refuses are asked for once.
    expect(asked.filter((line) => line.includes('fields='))).toHaveLength(1);
  });

  it.each([-1, 1.5, '4'])('is not taken from an answer with the total %j', async (total) => {
    const { on } = await serveAnswer(json(200, { users: [], total }));
    expect(await on(['user', 'list', '--count'])).toMatchObject({ exitCode: 4, stdout: '' });
  });
});

describe('a real Kapacitor', () => {
  it.each([
    [['--expires', '90d'], 'kim has no end: this server knows no ends of users, like a real Kapacitor'],
    [
      ['--must-change-password'],
      'kim need not change its password: this server knows no such duty, like a real Kapacitor',
    ],
    [['--note', 'x'], 'kim has no note: this server knows no notes, like a real Kapacitor'],
  ])('ignores %j, and the command says so', async (args, message) => {
    const { on } = await serveAnswer(json(200, { name: 'kim', type: 'normal', permissions: [] }));
    expect(await on(['user', 'set', 'kim', ...args])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `kapacitor-auth: ${message}\n`,
    });
  });

  it.each([{ expires: 'soon' }, { created: 5 }, { note: 5 }, { mustChangePassword: 'yes' }])(
    'is not what answers with %j',
    async (field) => {
      const { on } = await serveAnswer(json(200, { name: 'kim', type: 'normal', permissions: [], ...field }));
      expect(await on(['user', 'show', 'kim'])).toMatchObject({ exitCode: 4, stdout: '' });
    },
  );
});

describe('a change of a user while the command line asks', () => {
  it('keeps the user from being deleted', async () => {
    const change = meanwhile('DELETE', (auth) => auth.users.update('api', { permissions: ['config_api'] }));
    const { auth, url } = await serveAccounts(change);
    const result = await runTyping(['-url', url, 'user', 'delete', 'api'], [['Delete api?', 'y\r']]);
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await auth.users.get('api')).toBeDefined();
  });

  it('keeps nobody from deleting the user without a question', async () => {
    const change = meanwhile('DELETE', (auth) => auth.users.update('api', { permissions: ['config_api'] }));
    const { on } = await serveAccounts(change);
    expect(await on(['user', 'delete', 'api', '--yes'])).toEqual(done('deleted api\n'));
  });

  it('does not matter to a new password, unless it is one as well', async () => {
    const harmless = await serveAccounts(
      meanwhile('PATCH', (auth) => auth.users.update('api', { permissions: ['config_api'] })),
    );
    expect((await harmless.on(['user', 'passwd', 'api', '--password-stdin'], 'another')).stdout).toMatch(
      /^api +normal +config_api +enabled$/m,
    );
    const other = await serveAccounts(
      meanwhile('PATCH', (auth) => {
        vi.setSystemTime(NOON + 1_000);
        return auth.users.update('api', { password: 'theirs' });
      }),
    );
    expect(await other.on(['user', 'passwd', 'api', '--password-stdin'], 'another')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        'kapacitor-auth: somebody else has set a password for api meanwhile, which is not replaced: run this again to replace it\n',
    });
  });
});

describe('the users of a store', () => {
  it('are changed and deleted as they were seen, and not otherwise', async () => {
    const { users: service } = createUserService();
    const users = new StoreUsers(service);
    await users.create({ name: 'stan', password: 'pw', note: 'x' });
    const seen = await users.get('stan', { isWhole: true });
    expect(seen).toMatchObject({ note: 'x', expires: null, mustChangePassword: false, lastLogin: null });
    await users.update('stan', { enabled: false }, seen?.version);
    await expect(users.update('stan', { enabled: true }, seen?.version)).rejects.toThrow(ChangedMeanwhileError);
    await expect(users.delete('stan', seen?.version)).rejects.toThrow('the user stan was changed meanwhile');
    expect(await users.count({ enabled: false })).toBe(1);
    expect(await users.delete('stan', (await users.get('stan'))?.version)).toBe(true);
  });
});

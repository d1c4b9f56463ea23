import { MemoryUserRepository, type UserRepository } from 'kapacitor-auth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { completeRepository } from '../../lib/stores/complete.js';
import { importUsers } from '../../lib/transfer/import-users.js';
import { exportUsers } from '../../lib/transfer/json-lines.js';
import type { ImportedUser } from '../../lib/transfer/user-file.js';
import { failure } from '../support/failure.js';
import { NOON } from '../support/stored-secret.js';
import { userNamed } from '../support/stored-user.js';
import { fileWith, HASH, imported, OTHER_HASH, openUsers, readAll, userFile } from './files.js';

const DAY = 86_400_000;
/** An account with everything. */
const FULL = {
  created: NOON - 3 * DAY,
  passwordChanged: NOON - 2 * DAY,
  expires: NOON + DAY,
  mustChangePassword: true,
  note: 'until the end of “the season” 🌞',
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOON });
});
afterEach(() => {
  vi.useRealTimers();
});

function repositoryWith(...users: Parameters<typeof userNamed>[]): MemoryUserRepository {
  const repository = new MemoryUserRepository();
  for (const user of users) repository.insert(userNamed(...user));
  return repository;
}

/** A repository of an app's own, which keeps no accounts. */
function withoutAccounts(repository: MemoryUserRepository): UserRepository {
  return {
    find: (name) => repository.find(name),
    list: (query) => repository.list(query),
    insert: (user) => repository.insert(user),
    replace: (user, revision) => repository.replace(user, revision),
    remove: (name) => repository.remove(name),
  };
}

async function exported(repository: MemoryUserRepository): Promise<string> {
  let text = '';
  await exportUsers(repository.snapshot(), async (part) => {
    text += part;
  });
  return text;
}

async function importedInto(repository: UserRepository, content: string, options = {}) {
  const file = await openUsers(fileWith(content), { format: 'jsonl' });
  try {
    return await importUsers(file, completeRepository(repository), options);
  } finally {
    await file.close();
  }
}

/** The user without its revision, which is new in each store. */
function accountIn(repository: MemoryUserRepository, name: string): object | undefined {
  const { revision: _, ...user } = repository.find(name) ?? userNamed('nobody');
  return user;
}

const line = (changes: object = {}) =>
  JSON.stringify({ name: 'stan', type: 'normal', permissions: [], enabled: true, hash: HASH, ...changes });

describe('the accounts of an export', () => {
  it('are in the line of their user, with RFC 3339 times and only the fields that say something', async () => {
    const text = await exported(repositoryWith(['plain'], ['stan', FULL]));
    expect(text).toContain(`"enabled":true,"hash":"${userNamed('plain').hash}"}\n`);
    expect(text).toContain(
      '"created":"2027-01-12T08:00:00.000Z","passwordChanged":"2027-01-13T08:00:00.000Z",' +
        '"expires":"2027-01-16T08:00:00.000Z","mustChangePassword":true,"note":"until the end of “the season” 🌞"}\n',
    );
  });

  it('are the same after an import into another store, and after a second one', async () => {
    const source = repositoryWith(['root', { type: 'admin', created: NOON - DAY }], ['stan', FULL]);
    const target = new MemoryUserRepository();
    expect(await importedInto(target, await exported(source))).toMatchObject({ added: 2 });
    expect(accountIn(target, 'stan')).toEqual(accountIn(source, 'stan'));
    expect(accountIn(target, 'root')).toEqual(accountIn(source, 'root'));
    expect(await importedInto(target, await exported(source), { overwrite: true })).toMatchObject({ unchanged: 2 });
    expect(await exported(target)).toBe(await exported(source));
  });

  it('keep an end that is past: the user stays expired', async () => {
    const target = new MemoryUserRepository();
    await importedInto(target, await exported(repositoryWith(['stan', { expires: NOON - 1 }])));
    expect(target.find('stan')).toMatchObject({ expires: NOON - 1 });
  });

  it('may be missing, as in files of older versions: the user is made now, with a password of unknown age', async () => {
    const target = new MemoryUserRepository();
    await importedInto(target, line());
    expect(accountIn(target, 'stan')).toEqual({ ...imported('stan'), created: NOON });
  });

  it('may have times of another zone, a note of 200 characters, and fields that say nothing', async () => {
    const fields = { expires: '2027-01-15T09:30:00+01:00', mustChangePassword: false };
    const [stan, kim] = await readAll(
      await openUsers(fileWith(`${line(fields)}\n${line({ name: 'kim', note: '🌞'.repeat(200) })}\n`)),
    );
    expect(stan).toEqual(imported('stan', { expires: NOON + 1_800_000 }));
    expect(kim).toEqual(imported('kim', { note: '🌞'.repeat(200) }));
    expect(await readAll(await openUsers(fileWith(line({ note: '' }))))).toEqual([imported('stan')]);
  });

  it.each([
    [{ created: 'yesterday' }, '"created" must be a time such as "2026-01-31T12:00:00Z"'],
    [{ created: null }, '"created" must be a time such as "2026-01-31T12:00:00Z"'],
    [{ passwordChanged: 1_800_000_000_000 }, '"passwordChanged" must be a time such as "2026-01-31T12:00:00Z"'],
    [{ expires: '90d' }, '"expires" must be a time such as "2026-01-31T12:00:00Z"'],
    [{ expires: '2027-02-30T00:00:00Z' }, '"expires" must be a time such as "2026-01-31T12:00:00Z"'],
    [{ mustChangePassword: 'yes' }, '"mustChangePassword" must be true or false'],
    [{ note: 1 }, '"note" must be a string'],
    [{ note: 'two\nlines' }, 'note must be one line, without control characters'],
    [{ note: 'x'.repeat(201) }, 'note must have at most 200 characters, not 201'],
  ])('cause an error with their line: %j', async (fields, problem) => {
    const path = fileWith(`${line({ name: 'first' })}\n${line(fields)}\n`);
    const file = await openUsers(path, { format: 'jsonl' });
    await expect(readAll(file)).rejects.toThrow(failure('IMPORT_INVALID', 400, `${path}, line 2: ${problem}`) as Error);
    await file.close();
  });
});

describe('an import over users who exist', () => {
  it.each([
    ['an end', { expires: NOON + DAY }],
    ['the duty to change the password', { mustChangePassword: true }],
    ['a note', { note: 'x' }],
  ])('detects %s that only the file has, or only the store, and replaces it on request', async (_what, account) => {
    for (const [ofFile, ofStore] of [
      [account, {}],
      [{}, account],
    ]) {
      const repository = repositoryWith(['root', { type: 'admin' }], ['stan', { hash: HASH, ...ofStore }]);
      const file = userFile([imported('stan', ofFile)]);
      expect(await importUsers(file, repository)).toMatchObject({ kept: { count: 1 } });
      expect(accountIn(repository, 'stan')).toEqual(imported('stan', ofStore));
      expect(await importUsers(file, repository, { overwrite: true })).toMatchObject({ replaced: 1 });
      expect(accountIn(repository, 'stan')).toEqual(imported('stan', ofFile));
    }
  });

  it('keeps the times that a file does not have, but not the age of another password', async () => {
    const times = { created: NOON - 2 * DAY, passwordChanged: NOON - DAY };
    const repository = repositoryWith(['same', { hash: HASH, ...times }], ['other', { hash: HASH, ...times }]);
    const file = userFile([imported('same', { enabled: false }), imported('other', { hash: OTHER_HASH })]);
    await importUsers(file, repository, { overwrite: true });
    expect(accountIn(repository, 'same')).toEqual(imported('same', { enabled: false, ...times }));
    expect(accountIn(repository, 'other')).toEqual(imported('other', { hash: OTHER_HASH, created: times.created }));
  });

  it.each(['Kapacitor database', 'htpasswd'] as const)(
    'keeps the account that a file cannot have: %s',
    async (format) => {
      const repository = repositoryWith(['root', { type: 'admin' }], ['stan', { hash: HASH, ...FULL }]);
      const fileOf = (user: ImportedUser) => ({ ...userFile([user]), format });
      expect(await importUsers(fileOf(imported('stan')), repository, { overwrite: true })).toMatchObject({
        unchanged: 1,
      });
      await importUsers(fileOf(imported('stan', { permissions: ['api'] })), repository, { overwrite: true });
      expect(accountIn(repository, 'stan')).toEqual(imported('stan', { permissions: ['api'], ...FULL }));
    },
  );

  it.each([
    ['gives the last admin no end', [imported('root', { type: 'admin', expires: NOON + DAY })], [['root']], ['root']],
    [
      'takes no admin with an end for one who stays',
      [imported('root'), imported('new', { type: 'admin', expires: NOON + DAY })],
      [['root']],
      ['root'],
    ],
    [
      'gives an admin an end if another admin stays',
      [imported('root', { type: 'admin', expires: NOON + DAY })],
      [['root'], ['zoe']],
      [],
    ],
  ])('%s, and says so in a dry run', async (_what, users, admins, refused) => {
    const repository = repositoryWith(
      ...admins.map(([name]): [string, { type: 'admin' }] => [name as string, { type: 'admin' }]),
    );
    const dry = await importUsers(userFile(users), repository, { overwrite: true, dryRun: true });
    expect(dry.refused.users).toEqual(
      refused.map((name) => ({
        name,
        refusal: 'the last admin cannot be disabled, demoted or given an end',
      })),
    );
    expect(await importUsers(userFile(users), repository, { overwrite: true })).toEqual({ ...dry, dryRun: false });
  });

  it('counts an admin whose end a file cannot have as one with an end', async () => {
    const repository = repositoryWith(
      ['root', { type: 'admin' }],
      ['zoe', { type: 'admin', expires: NOON + DAY, hash: OTHER_HASH }],
    );
    const file = { ...userFile([imported('root'), imported('zoe', { type: 'admin' })]), format: 'htpasswd' as const };
    const dry = await importUsers(file, repository, { overwrite: true, dryRun: true });
    expect(dry).toMatchObject({ replaced: 1, refused: { users: [{ name: 'root' }] } });
    expect(await importUsers(file, repository, { overwrite: true })).toEqual({ ...dry, dryRun: false });
  });
});

describe('an import into a store that keeps no accounts', () => {
  it('refuses users with a field that would be lost, and names it', async () => {
    const repository = new MemoryUserRepository();
    const users = [
      imported('ada', { expires: NOON + DAY }),
      imported('ben', { mustChangePassword: true }),
      imported('cat', { note: 'x' }),
      imported('dan'),
    ];
    const summary = await importUsers(userFile(users), completeRepository(withoutAccounts(repository)));
    expect(summary).toMatchObject({
      added: 1,
      refused: {
        users: [
          { name: 'ada', refusal: 'the user store does not keep expires' },
          { name: 'ben', refusal: 'the user store does not keep mustChangePassword' },
          { name: 'cat', refusal: 'the user store does not keep note' },
        ],
      },
    });
  });

  it('leaves the times out, also of users who are replaced', async () => {
    const repository = repositoryWith(['root', { type: 'admin' }], ['kim']);
    const times = { created: NOON - DAY, passwordChanged: NOON - DAY };
    const file = userFile([imported('stan', times), imported('kim', times)]);
    await importUsers(file, completeRepository(withoutAccounts(repository)), { overwrite: true });
    expect(accountIn(repository, 'stan')).toEqual(imported('stan'));
    expect(accountIn(repository, 'kim')).toEqual(imported('kim'));
  });
});

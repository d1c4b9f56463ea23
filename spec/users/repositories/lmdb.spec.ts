import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LmdbUserRepository, type StoredUser, StoreError } from 'kapacitor-auth';
import * as lmdb from 'lmdb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import type { Question } from '../../support/lmdb-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const HASH = `$2b$10$${'.'.repeat(53)}`;
const PROCESS = fileURLToPath(new URL('../../support/lmdb-process.ts', import.meta.url));

function openRepository(path: string): LmdbUserRepository {
  const repository = new LmdbUserRepository(path);
  onTestFinished(() => repository.close());
  return repository;
}

const userNamed = (name: string, changes: Partial<StoredUser> = {}): StoredUser => ({
  name,
  type: 'normal',
  permissions: [],
  hash: HASH,
  revision: '1',
  ...changes,
});

/** Another process on the same folder. */
async function startProcess(folder: string) {
  const child = fork(PROCESS, [folder], { execArgv: ['--import', 'tsx', '--no-warnings'] });
  onTestFinished(() => kill(child));
  await once(child, 'message');
  const ask = async (question: Question): Promise<unknown> => {
    const answer = once(child, 'message');
    child.send(question);
    return ((await answer)[0] as { answer: unknown }).answer;
  };
  return { child, ask };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the folder', () => {
  it('is made for its owner alone, and is not committed by mistake', () => {
    const folder = join(temporaryFolder(), 'deep', 'users.v1');
    openRepository(folder);
    expect(modeOf(folder)).toBe(0o700);
    expect(modeOf(join(folder, 'data.mdb'))).toBe(0o600);
    expect(modeOf(join(folder, 'lock.mdb'))).toBe(0o600);
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('that is there already keeps its mode and its files, and the files of ours are made private', async () => {
    const folder = join(temporaryFolder(), 'mine');
    mkdirSync(folder, { mode: 0o755 });
    const first = new LmdbUserRepository(folder);
    await first.insert(userNamed('someone'));
    await first.close();
    chmodSync(join(folder, 'data.mdb'), 0o644);
    expect(openRepository(folder).find('someone')).toEqual(userNamed('someone'));
    expect(modeOf(folder)).toBe(0o755);
    expect(modeOf(join(folder, 'data.mdb'))).toBe(0o600);
    expect(existsSync(join(folder, '.gitignore'))).toBe(false);
  });

  it.each<[string, (folder: string) => string]>([
    [
      'ENOTDIR',
      (folder) => {
        writeFileSync(join(folder, 'file'), '');
        return join(folder, 'file', 'users');
      },
    ],
    ['ENOENT', () => '/proc/users'],
    [
      'ENOTDIR',
      (folder) => {
        writeFileSync(join(folder, 'file'), '');
        return join(folder, 'file');
      },
    ],
    [
      'ENOENT',
      (folder) => {
        symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
        return join(folder, 'link');
      },
    ],
    [
      'data.mdb is not a database of LMDB',
      (folder) => {
        writeFileSync(join(folder, 'data.mdb'), 'not a database at all'.repeat(1_000));
        return folder;
      },
    ],
    [
      'data.mdb is not a database of LMDB',
      (folder) => {
        writeFileSync(join(folder, 'data.mdb'), 'short');
        return folder;
      },
    ],
  ])('that cannot be used is named, with the reason: %s', (reason, prepare) => {
    const path = prepare(temporaryFolder());
    const open = () => new LmdbUserRepository(path);
    expect(open).toThrow(StoreError);
    expect(open).toThrow(`cannot open the user store in ${path}: `);
    expect(open).toThrow(reason);
    expect(open).toThrow('name another folder in [auth] store ("lmdb:PATH")');
  });

  it('that has been cut off is refused, and not a crash', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    await Promise.all(Array.from({ length: 500 }, (_, index) => repository.insert(userNamed(`user${index}`))));
    await repository.close();
    const data = join(folder, 'data.mdb');
    const { size } = statSync(data);
    for (const kept of [size - 4_096, Math.floor(size / 2), 8_192, 4_096, 100]) {
      truncateSync(data, kept);
      expect(() => new LmdbUserRepository(folder)).toThrow(/data\.mdb is (cut off|not a database)/);
    }
  });

  it('of another format is left alone', async () => {
    const folder = temporaryFolder();
    const root = lmdb.open({ path: folder, noSubdir: false, encoding: 'string' });
    await root.put('format', '2');
    await root.close();
    expect(() => new LmdbUserRepository(folder)).toThrow(
      'it has format 2, and this version of kapacitor-auth reads format 1',
    );
  });
});

describe('a closed repository', () => {
  it('refuses every question, and can be closed again', async () => {
    const repository = openRepository(temporaryFolder());
    await repository.close();
    await repository.close();
    expect(() => repository.find('someone')).toThrow(/is closed/);
    await expect(repository.insert(userNamed('someone'))).rejects.toThrow(/is closed/);
    await expect(repository.remove('someone')).rejects.toThrow(/is closed/);
    await expect(repository.list({ pattern: new NamePattern(''), offset: 0, limit: 1 })).rejects.toThrow(/is closed/);
  });

  it('keeps what was asked of it before', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    const insertion = repository.insert(userNamed('someone'));
    await repository.close();
    expect(await insertion).toBe(true);
    expect(openRepository(folder).find('someone')).toEqual(userNamed('someone'));
  });
});

describe('a user that is asked for often', () => {
  it('is the same object for as long as it is the same user', async () => {
    const repository = openRepository(temporaryFolder());
    await repository.insert(userNamed('someone'));
    const first = repository.find('someone');
    expect(repository.find('someone')).toBe(first);
    // Past the lease the store is read, and has the same.
    await repository.replace(userNamed('other', { revision: '2' }), 'none');
    expect(repository.find('someone')).toBe(first);
    await repository.replace(userNamed('someone', { revision: '2' }), '1');
    expect(repository.find('someone')).toEqual(userNamed('someone', { revision: '2' }));
  });

  it('is one of so many at the most that are kept in memory', async () => {
    const repository = openRepository(temporaryFolder());
    await Promise.all(Array.from({ length: 10_001 }, (_, index) => repository.insert(userNamed(`user${index}`))));
    for (let index = 0; index <= 10_000; index += 1) {
      expect(repository.find(`user${index}`)?.name).toBe(`user${index}`);
    }
  });
});

describe('two repositories on one folder in one process', () => {
  it('see each other’s changes when these are answered', async () => {
    const folder = temporaryFolder();
    const [one, two] = [openRepository(folder), openRepository(folder)];
    await one.insert(userNamed('someone'));
    for (let revision = 1; revision <= 20; revision += 1) {
      expect(two.find('someone')?.revision).toBe(String(revision));
      await one.replace(userNamed('someone', { revision: String(revision + 1) }), String(revision));
    }
    await one.remove('someone');
    expect(two.find('someone')).toBeUndefined();
  });
});

describe('two processes on one folder', () => {
  it('see each other’s changes at the very next question', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    const { ask } = await startProcess(folder);
    await repository.insert(userNamed('someone', { permissions: ['api'] }));
    for (let revision = 1; revision <= 50; revision += 1) {
      // Both hold the user in memory, and one of them changes it.
      const before = { revision: String(revision) };
      const user = userNamed('someone', { revision: String(revision + 1), permissions: revision % 2 ? [] : ['api'] });
      expect(await ask({ do: 'find', name: 'someone' })).toMatchObject(before);
      expect(repository.find('someone')).toMatchObject(before);
      if (revision % 2) expect(await repository.replace(user, before.revision)).toBe('replaced');
      else expect(await ask({ do: 'replace', user, expectedRevision: before.revision })).toBe('replaced');
      expect(repository.find('someone')).toEqual(user);
      expect(await ask({ do: 'find', name: 'someone' })).toEqual(user);
    }
    await ask({ do: 'find', name: 'someone' });
    await repository.remove('someone');
    expect(await ask({ do: 'find', name: 'someone' })).toBeNull();
  });

  it('see each other’s changes even within one turn of the event loop', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    await repository.insert(userNamed('someone'));
    await repository.insert(userNamed('other'));
    // Reads, and has LMDB keep a snapshot for the turn.
    expect(repository.find('other')?.revision).toBe('1');
    execFileSync(process.execPath, ['--import', 'tsx', '--no-warnings', PROCESS, folder, 'someone', '2']);
    expect(repository.find('someone')?.revision).toBe('2');
  });

  it('do not take a user for the removed one of the same name', async () => {
    const folder = temporaryFolder();
    const [one, two, three] = [openRepository(folder), openRepository(folder), openRepository(folder)];
    await one.insert(userNamed('other', { type: 'admin' }));
    for (let round = 0; round < 10; round += 1) {
      await one.insert(userNamed('someone', { type: 'admin', revision: 'old' }));
      two.find('someone');
      // Not awaited: whoever inserts has only seen that the name is free.
      const removal = one.remove('someone');
      while (!(await three.insert(userNamed('someone', { revision: 'new' }))));
      expect(two.find('someone')?.revision).toBe('new');
      await removal;
      await one.remove('someone');
    }
  });

  it('leave one of the last two admins when each demotes another', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    const { ask } = await startProcess(folder);
    for (let round = 0; round < 10; round += 1) {
      const [one, two] = [`one${round}`, `two${round}`];
      const admin = { type: 'admin' as const };
      await repository.insert(userNamed(one, admin));
      await repository.insert(userNamed(two, admin));
      if (round > 0) await removeAdmins(repository, [one, two]);
      const outcomes = await Promise.all([
        repository.replace(userNamed(one, { revision: '2' }), '1'),
        ask({ do: 'replace', user: userNamed(two, { revision: '2' }), expectedRevision: '1' }),
      ]);
      expect(outcomes.toSorted()).toEqual(['last-admin', 'replaced']);
    }
  });

  it('grow the database beyond what it was when the other opened it', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    const { ask } = await startProcess(folder);
    await ask({ do: 'find', name: 'x' });
    await Promise.all(Array.from({ length: 20_000 }, (_, index) => repository.insert(userNamed(`user${index}`))));
    expect(await ask({ do: 'find', name: 'user19999' })).toMatchObject({ name: 'user19999' });
  });
});

/** Takes away every admin but these. */
async function removeAdmins(repository: LmdbUserRepository, but: string[]): Promise<void> {
  const users = await repository.list({ pattern: new NamePattern(''), offset: 0, limit: 100 });
  for (const { name, type } of users) if (type === 'admin' && !but.includes(name)) await repository.remove(name);
}

describe('a record that cannot be read', () => {
  it('fails what needs it, and can be removed', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    await repository.insert(userNamed('good'));
    const root = lmdb.open({ path: folder, noSubdir: false, encoding: 'string' });
    await root.openDB({ name: 'users', encoding: 'string' }).put('bad', '{');
    expect(() => repository.find('bad')).toThrow(SyntaxError);
    await expect(repository.replace(userNamed('bad'), '1')).rejects.toThrow(SyntaxError);
    expect(await repository.remove('bad')).toBe('removed');
    expect(repository.find('bad')).toBeUndefined();
    expect(repository.find('good')).toEqual(userNamed('good'));
    await root.close();
  });
});

describe('a commit', () => {
  it('waits for the disk', () => {
    const folder = temporaryFolder();
    openRepository(folder);
    // LMDB says so itself of a database that is open without asynchronous commits.
    expect(() => lmdb.open({ path: folder, noSubdir: false, overlappingSync: true })).toThrow(
      'Can not enable overlappingSync on a database that was opened without this flag',
    );
  });
});

describe('kill -9', () => {
  it('in the middle of a storm of creations loses no user whose creation was answered', {
    timeout: 120_000,
  }, async () => {
    const folder = temporaryFolder();
    for (let round = 0; round < 20; round += 1) {
      const { child } = await startProcess(folder);
      const created: string[] = [];
      const enough = new Promise<void>((resolve) => {
        child.on('message', (message: { created: string }) => {
          created.push(message.created);
          if (created.length === 40 + 7 * round) resolve();
        });
      });
      child.send({ do: 'storm', prefix: `round${round}` } satisfies Question);
      await enough;
      await kill(child);
      const repository = new LmdbUserRepository(folder);
      for (const name of created) expect(repository.find(name)?.name).toBe(name);
      await repository.close();
    }
  });
});

import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { SqliteUserRepository, StoreError } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { failure } from '../../support/failure.js';
import { openRepository, storeFile } from '../../support/sqlite-repository.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const ENDINGS = ['', '-wal', '-shm', '-journal'];
const OURS = 4_321;
const THEIRS = 1_234;

const modeOf = (path: string) => statSync(path).mode & 0o777;

function expectRefusal(file: string, ...texts: string[]): void {
  const open = () => new SqliteUserRepository(file);
  expect(open).toThrow(StoreError);
  expect(open).toThrow(`cannot open the user store in ${file}: `);
  for (const text of texts) expect(open).toThrow(text);
}

/** Has this process run as somebody else, as far as it can tell. */
function runAs(user: number): void {
  vi.spyOn(process, 'geteuid').mockReturnValue(user);
}

/** Gives a path to somebody who is neither root nor {@link OURS}: only root can, and others are that themselves. */
function giveAway(path: string): number {
  if (process.getuid?.() !== 0) return process.getuid?.() as number;
  chownSync(path, THEIRS, THEIRS);
  return THEIRS;
}

describe('the file', () => {
  it('and its folder are made for the owner alone, and git ignores both', async () => {
    const folder = join(temporaryFolder(), 'deep', 'auth.v1');
    await openRepository(join(folder, 'users.db')).insert(userNamed('someone'));
    expect(modeOf(folder)).toBe(0o700);
    expect(modeOf(dirname(folder))).toBe(0o700);
    expect(readdirSync(folder).sort()).toEqual(['.gitignore', 'users.db', 'users.db-shm', 'users.db-wal']);
    for (const ending of ['', '-wal', '-shm']) expect(modeOf(join(folder, `users.db${ending}`))).toBe(0o600);
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('is private with every umask', async () => {
    const umask = process.umask(0);
    try {
      const file = storeFile();
      await openRepository(file).insert(userNamed('someone'));
      for (const ending of ['', '-wal', '-shm']) expect(modeOf(file + ending)).toBe(0o600);
    } finally {
      process.umask(umask);
    }
  });

  it('becomes private, in a folder that keeps its mode and its files', async () => {
    const folder = join(temporaryFolder(), 'mine');
    const file = join(folder, 'users.db');
    mkdirSync(folder, { mode: 0o755 });
    const first = new SqliteUserRepository(file);
    await first.insert(userNamed('someone'));
    await first.close();
    chmodSync(file, 0o644);
    expect(openRepository(file).find('someone')).toEqual(userNamed('someone'));
    expect(modeOf(folder)).toBe(0o755);
    expect(modeOf(file)).toBe(0o600);
    expect(existsSync(join(folder, '.gitignore'))).toBe(false);
  });

  it('may be empty', async () => {
    const file = storeFile();
    writeFileSync(file, '');
    expect(await openRepository(file).insert(userNamed('someone'))).toBe(true);
  });

  it('may have any characters in its name, without a special meaning', async () => {
    const folder = temporaryFolder();
    for (const name of ['users?mode=memory', 'file:users.db', ':memory:', 'ü#%20 \\', "it's", '-']) {
      await openRepository(join(folder, name)).insert(userNamed('someone'));
      expect(readdirSync(folder)).toContain(name);
    }
  });
});

describe('a file that cannot be made or used', () => {
  it.each<[string, string, (folder: string) => string]>([
    [
      'below a file',
      'ENOTDIR',
      (folder) => {
        writeFileSync(join(folder, 'file'), '');
        return join(folder, 'file', 'deep', 'users.db');
      },
    ],
    [
      'in a file',
      'is not a folder',
      (folder) => {
        writeFileSync(join(folder, 'file'), '');
        return join(folder, 'file', 'users.db');
      },
    ],
    ['where no file can be', 'ENOENT', () => '/proc/auth/users.db'],
    [
      'a folder',
      'is not a file: name a file, such as ',
      (folder) => {
        mkdirSync(join(folder, 'users.db'));
        return join(folder, 'users.db');
      },
    ],
  ])('causes an error with the reason: %s', (_what, reason, prepare) => {
    expectRefusal(prepare(temporaryFolder()), reason);
  });
});

describe('a file or folder that others may have put there', () => {
  it.each(ENDINGS)('is refused when users.db%s is a symbolic link', (ending) => {
    const folder = temporaryFolder();
    const file = join(folder, 'users.db');
    writeFileSync(join(folder, 'victim'), 'mine');
    symlinkSync(join(folder, 'victim'), file + ending);
    expectRefusal(file, `${file}${ending} is a symbolic link: name the file that it leads to`);
    expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('mine');
  });

  it('is refused if it is a symbolic link to a missing file, and nothing is made there', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'users.db');
    symlinkSync(join(folder, 'nowhere'), file);
    expectRefusal(file, 'is a symbolic link');
    expect(readdirSync(folder)).toEqual(['users.db']);
  });

  it("is refused if the folder is a symbolic link, and accepted by the target's name", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'real'), { mode: 0o700 });
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    expectRefusal(
      join(folder, 'link', 'users.db'),
      `the folder ${join(folder, 'link')} is a symbolic link`,
      'name the folder that it leads to',
    );
    expect(await openRepository(join(folder, 'real', 'users.db')).insert(userNamed('someone'))).toBe(true);
  });

  it.each([0o770, 0o707, 0o777, 0o1777, 0o720])(
    'is refused in a folder with the mode %o, which others may write to',
    (mode) => {
      const folder = join(temporaryFolder(), 'auth');
      mkdirSync(folder);
      chmodSync(folder, mode);
      const advice =
        mode === 0o1777 ? 'name a file in a folder that is not there yet' : 'run chmod go-w on it, or name';
      expectRefusal(join(folder, 'users.db'), `others may write to the folder ${folder}: ${advice}`);
      expect(readdirSync(folder)).toEqual([]);
      chmodSync(folder, 0o755);
      openRepository(join(folder, 'users.db'));
    },
  );

  it.each(ENDINGS)('is refused when users.db%s belongs to another user', (ending) => {
    const file = storeFile();
    writeFileSync(file + ending, '');
    const owner = giveAway(file + ending);
    giveAway(dirname(file));
    runAs(OURS);
    if (process.getuid?.() === 0) chownSync(dirname(file), OURS, OURS);
    expectRefusal(
      file,
      `belongs to another user (uid ${owner}, and this process has ${OURS})`,
      `run chown ${OURS} on it`,
    );
  });

  it('is refused when the folder belongs to another user', () => {
    const file = storeFile();
    const owner = giveAway(dirname(file));
    runAs(OURS);
    expectRefusal(file, `${dirname(file)} belongs to another user (uid ${owner}, and this process has ${OURS})`);
    expect(readdirSync(dirname(file))).toEqual([]);
  });

  it('is accepted by root, whoever owns it', async () => {
    const file = join(temporaryFolder(), 'auth', 'users.db');
    const repository = new SqliteUserRepository(file);
    await repository.insert(userNamed('someone'));
    await repository.close();
    for (const path of [file, dirname(file)]) giveAway(path);
    runAs(0);
    expect(openRepository(file).find('someone')).toEqual(userNamed('someone'));
  });

  it('is refused by root as well in a folder that others may write to', () => {
    const parent = temporaryFolder();
    chmodSync(parent, 0o777);
    const folder = join(parent, 'auth');
    mkdirSync(folder, { mode: 0o700 });
    const owner = giveAway(folder);
    runAs(0);
    expectRefusal(join(folder, 'users.db'), `${folder} belongs to another user (uid ${owner}, and this process has 0)`);
  });

  it('is accepted if root owns it', async () => {
    const file = storeFile();
    const repository = new SqliteUserRepository(file);
    await repository.insert(userNamed('someone'));
    await repository.close();
    runAs(statSync(file).uid === 0 ? OURS : statSync(file).uid);
    expect(openRepository(file).find('someone')).toEqual(userNamed('someone'));
  });
});

describe('an invalid path of a file', () => {
  it.each([
    ['', 'the path of a user store is empty: write one such as "./users/users.db"'],
    ['sqlite:./users.db', 'SqliteUserRepository takes the path of a file: did you mean "./users.db"?'],
    ['./users\0.db', 'the path of a user store has a NUL in it'],
    [undefined, 'the path of a user store must be a text, not undefined'],
    [{ path: './users.db' }, 'the path of a user store must be a text, not an object'],
  ])('is refused: %j', (path, message) => {
    expect(() => new SqliteUserRepository(path as never)).toThrow(failure('CONFIG_INVALID', 500, message));
  });
});

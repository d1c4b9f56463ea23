import { describe, expect, it } from 'vitest';
import { storeKind } from '../../lib/config/kinds.js';
import { meantStore } from '../../lib/stores/address.js';

describe('an invalid store', () => {
  it.each([
    ['another store of this machine', 'lmdb:./users', 'sqlite:./users/users.db'],
    ['its name alone', 'lmdb:', 'sqlite:./users/users.db'],
    ['the name of a program', 'sqlite3:./users.db', 'sqlite:./users.db'],
    ['capitals', 'SQLITE:users.db', 'sqlite:users.db'],
    ['no path', 'sqlite:', 'sqlite:./users/users.db'],
    ['a blank for a path', 'sqlite: ', 'sqlite:./users/users.db'],
    ['slashes for a path', 'sqlite://', 'sqlite:/users.db'],
    ['a blank before the path', 'sqlite: ./users.db', 'sqlite:./users.db'],
    ['a blank behind it', 'sqlite:./users.db ', 'sqlite:./users.db'],
    ['a line end behind it', 'sqlite:./users.db\n', 'sqlite:./users.db'],
    ['a blank before it', ' sqlite:users.db', 'sqlite:users.db'],
    ['a blank that does not break', 'sqlite:users.db\u00a0', 'sqlite:users.db'],
    ['quotes around it', '"sqlite:./users.db"', 'sqlite:./users.db'],
    ['other quotes around a path', "'./users.db'", 'sqlite:./users.db'],
    ['a URL with a relative path', 'sqlite://users/users.db', 'sqlite:users/users.db'],
    ['a URL with an absolute path', 'sqlite:///srv/users.db', 'sqlite:/srv/users.db'],
    ["SQLAlchemy's absolute path", 'sqlite:////srv/users.db', 'sqlite:/srv/users.db'],
    ['a URL of a file', 'file:///srv/users.db', 'sqlite:/srv/users.db'],
    ['a URL of a file on Windows', 'file:///C:/srv/users.db', 'sqlite:C:/srv/users.db'],
    ["SQLite's URI", 'file:users.db', 'sqlite:users.db'],
    ["SQLite's URI behind the scheme", 'sqlite:file:users.db', 'sqlite:users.db'],
    ['two schemes', 'sqlite:sqlite:./users.db', 'sqlite:./users.db'],
    ['a path alone', './users/users.db', 'sqlite:./users/users.db'],
    ['an absolute path alone', '/srv/users.db', 'sqlite:/srv/users.db'],
    ['a file alone', 'users.sqlite3', 'sqlite:users.sqlite3'],
    ['a path of Windows alone', 'C:\\users\\users.db', 'sqlite:C:\\users\\users.db'],
    ['a folder alone', '../users', 'sqlite:../users/users.db'],
    ['a folder of Windows alone', '.\\users', 'sqlite:.\\users/users.db'],
    ['a folder with a dot in its name', '/srv/app.d', 'sqlite:/srv/app.d/users.db'],
    ['the home folder', '~', 'sqlite:~/users.db'],
    ['a folder', 'sqlite:./users/', 'sqlite:./users/users.db'],
    ['a folder of Windows', 'sqlite:C:\\users\\', 'sqlite:C:\\users/users.db'],
    ['the working folder', 'sqlite:.', 'sqlite:./users.db'],
    ['the folder above', 'sqlite:..', 'sqlite:../users.db'],
    ['a folder at the end', 'sqlite:/srv/..', 'sqlite:/srv/../users.db'],
    ['the home folder behind the scheme', 'sqlite:~', 'sqlite:~/users.db'],
    ['the root', 'sqlite:/', 'sqlite:/users.db'],
    ["SQLite's store in memory", ':memory:', 'memory:'],
    ["SQLite's store in memory behind the scheme", 'sqlite::memory:', 'memory:'],
    ['memory without a colon', 'memory', 'memory:'],
    ['memory in capitals', 'MEMORY:', 'memory:'],
  ])('in place of %s (%j) causes the suggestion %j, which is valid', (_what, text, meant) => {
    expect(storeKind.fromText(text)).toBeUndefined();
    expect(meantStore(text)).toBe(meant);
    expect(storeKind.fromText(meant)).toBe(meant);
    expect(storeKind.faultOf?.(text)).toBe(
      'must be "sqlite:FILE", "memory:", "postgres://USER:PASSWORD@HOST/DATABASE" or, in code, a repository: ' +
        `an object with the methods find, list, insert, replace, remove: did you mean ${JSON.stringify(meant)}?`,
    );
  });

  it.each([
    ['a URL with credentials', 'sqlite://user:hunter2@host/db'],
    ['a parameter', 'file:users.db?key=hunter2'],
    ['a control character', 'sqlite:hunter2\nusers.db'],
  ])('is not repeated if it may contain a password, and an example is suggested: %s', (_what, text) => {
    expect(storeKind.fromText(text)).toBeUndefined();
    expect(meantStore(text)).toBe('sqlite:./users/users.db');
  });

  it.each([
    ['a word', 'hunter2'],
    ['a user and a password', 'user:hunter2'],
    ['another server', 'mysql://user:hunter2@host/db'],
    ['a server whose database is named like a file', 'libsql://hunter2/users.db'],
    ['a path with a parameter', '/srv/users.db?key=hunter2'],
    ['a slip in a URL of PostgreSQL', 'postgres:/hunter2'],
    ['the name of PostgreSQL alone', 'postgresql:'],
    ['a URL of PostgreSQL behind the scheme', 'sqlite:postgres://user:hunter2@host/db'],
    ['nothing', ''],
  ])('causes no suggestion: %s', (_what, text) => {
    expect(storeKind.fromText(text)).toBeUndefined();
    expect(meantStore(text)).toBeUndefined();
    expect(storeKind.faultOf?.(text)).toBeUndefined();
  });

  it.each([3, null, ['./users.db']])('may be %j, and causes no suggestion', (value) => {
    expect(storeKind.faultOf?.(value)).toBeUndefined();
  });
});

describe('the path in sqlite:FILE', () => {
  it.each([
    'users.db',
    './users.db',
    '../users.db',
    '/srv/users',
    '.users',
    '...',
    '~/users.db',
    '~name/users.db',
    'C:\\users\\users.db',
    'C:/users/users.db',
    '\\\\server\\share\\users.db',
    './users.db?mode=ro&key=a#b',
    '100%.db',
    'my users.db',
    'größe/用户.db',
    './user@host:5432.db',
  ])('may be %j', (path) => {
    expect(storeKind.fromText(`sqlite:${path}`)).toBe(`sqlite:${path}`);
  });
});

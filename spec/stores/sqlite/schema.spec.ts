import { expect, it, vi } from 'vitest';
import { Connection } from '../../../lib/stores/sqlite/connection.js';
import { connect, openRepository, storeFile } from '../../support/sqlite-repository.js';
import { userNamed } from '../../support/stored-user.js';

it('tables that another process makes at the same moment are used', async () => {
  const file = storeFile();
  const make = Connection.prototype.inTransaction;
  let isMade = false;
  vi.spyOn(Connection.prototype, 'inTransaction').mockImplementation(function <T>(this: Connection, run: () => T): T {
    if (!isMade) {
      isMade = true;
      void openRepository(file).insert(userNamed('first'));
    }
    return make.call(this, run) as T;
  });
  const repository = openRepository(file);
  expect(await repository.insert(userNamed('second'))).toBe(true);
  expect(repository.find('first')).toEqual(userNamed('first'));
});

it.each([2, 3])('tables that another process makes between two questions about them are used: %i', (turn) => {
  const file = storeFile();
  const ask = Connection.prototype.value;
  let asked = 0;
  vi.spyOn(Connection.prototype, 'value').mockImplementation(function (this: Connection, text: string) {
    asked += 1;
    if (asked === turn) openRepository(file);
    return ask.call(this, text);
  });
  expect(openRepository(file).find('nobody')).toBeUndefined();
});

it('tables can be read with any sqlite3 that has strict tables, because they use no later function', () => {
  const file = storeFile();
  openRepository(file);
  const connection = connect(file);
  const sql = connection.all({ text: 'SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL', values: [] });
  const functions = connection.all({ text: 'SELECT name FROM pragma_function_list', values: [] });
  const called = sql.flatMap((row) => [
    ...String(row['sql'])
      .replaceAll(/--.*/g, '')
      .matchAll(/(\w+)\s*\(/g),
  ]);
  const known = new Set(functions.map(({ name }) => name));
  expect(called.map(([, name]) => name).filter((name) => known.has(name as string))).toEqual(['length']);
});

it('the tables of format 1 are exactly these, because others are refused: a change needs a new format', () => {
  const file = storeFile();
  openRepository(file);
  const tables = connect(file).all({ text: 'SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL', values: [] });
  expect(tables.map(({ sql }) => sql)).toEqual([
    `CREATE TABLE users (
  -- Compared and ordered by bytes. octet_length() is not in every sqlite3 that people look with.
  name TEXT NOT NULL PRIMARY KEY CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 256),
  type TEXT NOT NULL CHECK (type IN ('admin', 'normal')),
  -- Names of permissions, separated by commas.
  permissions TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  -- Of bcrypt.
  hash TEXT NOT NULL,
  -- Another one after each change.
  revision TEXT NOT NULL
) STRICT`,
    "CREATE INDEX users_admins ON users (name) WHERE type = 'admin' AND enabled",
  ]);
});

import { expect, it, vi } from 'vitest';
import { Connection } from '../../../lib/stores/sqlite/connection.js';
import { NEWEST } from '../../support/sqlite-formats.js';
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

it('tables can be read and changed with any sqlite3 that has strict tables, because they use no later function', () => {
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
  const used = called.map(([, name]) => name).filter((name) => known.has(name as string));
  // SQLite had them before it had strict tables (3.37).
  expect([...new Set(used)].toSorted()).toEqual(['json_quote', 'length', 'replace']);
});

it('the tables are exactly these, because others are refused: a change needs a new format', () => {
  const file = storeFile();
  openRepository(file);
  const tables = connect(file).all({ text: 'SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL', values: [] });
  expect(tables.map(({ sql }) => sql).toSorted()).toEqual(NEWEST.toSorted());
});

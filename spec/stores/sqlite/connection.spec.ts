import { describe, expect, it } from 'vitest';
import { Connection, openDatabase, sqliteFailure } from '../../../lib/stores/sqlite/connection.js';
import { connect, storeFile } from '../../support/sqlite-repository.js';

describe('a connection', () => {
  it('may be closed twice, with either engine', () => {
    const connection = new Connection(storeFile());
    connection.close();
    expect(() => connection.close()).not.toThrow();
    expect(() => connection.value('SELECT 1')).toThrow(/not open/);
  });

  it.each([
    ['text', "'jane'", 'jane'],
    ['an emoji', 'char(128512)', '😀'],
    ['a number', '9007199254740991', 9_007_199_254_740_991],
    ['nothing', 'NULL', null],
  ])('returns %s like the other engine', (_what, sql, value) => {
    expect(connect(storeFile()).value(`SELECT ${sql}`)).toBe(value);
  });

  it.each([['😀'], ['ñ'], ['']])('keeps the text %j', (text) => {
    const connection = connect(storeFile());
    connection.execute('CREATE TABLE texts (text TEXT NOT NULL)');
    connection.run({ text: 'INSERT INTO texts VALUES ($1)', values: [text] });
    expect(connection.all({ text: 'SELECT text FROM texts', values: [] })).toEqual([{ text }]);
    expect(connection.first({ text: 'SELECT text FROM texts WHERE text = $1', values: [text] })).toEqual({ text });
  });

  it('does not confuse a text with its part before a NUL', () => {
    const connection = connect(storeFile());
    connection.execute("CREATE TABLE texts (text TEXT NOT NULL); INSERT INTO texts VALUES ('jane')");
    expect(connection.first({ text: 'SELECT text FROM texts WHERE text = $1', values: ['jane\0'] })).toBeUndefined();
  });

  it('returns undefined without a row', () => {
    const connection = connect(storeFile());
    connection.execute('CREATE TABLE texts (text TEXT NOT NULL)');
    expect(connection.first({ text: 'SELECT text FROM texts', values: [] })).toBeUndefined();
    expect(connection.value('SELECT text FROM texts')).toBeUndefined();
    expect(connection.all({ text: 'SELECT text FROM texts', values: [] })).toEqual([]);
  });
});

/** The error of SQL that SQLite refuses. */
function refusal(sql: string): unknown {
  const database = openDatabase(':memory:');
  try {
    database.exec('CREATE TABLE t (a TEXT PRIMARY KEY); INSERT INTO t VALUES (1)');
    database.exec(sql);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    database.close();
  }
}

describe('a failure of SQLite', () => {
  it('is recognized by its primary code, in the form of either engine', () => {
    expect(sqliteFailure(refusal('INSERT INTO t VALUES (1)'))).toBe('constraint');
    expect(sqliteFailure(refusal('SELECT nothing'))).toBeUndefined();
    expect(sqliteFailure({ errcode: 261 })).toBe('busy');
    expect(sqliteFailure({ code: 'SQLITE_BUSY_RECOVERY' })).toBe('busy');
    expect(sqliteFailure({ errcode: 11 })).toBe('damaged');
    expect(sqliteFailure({ code: 'SQLITE_NOTADB' })).toBe('foreign');
  });

  it.each([undefined, null, new Error('no space'), 'text', { code: 'ENOENT' }])('is not another error: %s', (error) => {
    expect(sqliteFailure(error)).toBeUndefined();
  });
});

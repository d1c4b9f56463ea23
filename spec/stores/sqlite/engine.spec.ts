import { describe, expect, it } from 'vitest';
import { openDatabase, sqliteFailure } from '../../../lib/stores/sqlite/connection.js';

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
  it('is known by its primary code, in whichever way the engine gives it', () => {
    expect(sqliteFailure(refusal('INSERT INTO t VALUES (1)'))).toBe('constraint');
    expect(sqliteFailure(refusal('SELECT nothing'))).toBeUndefined();
    expect(sqliteFailure({ errcode: 261 })).toBe('busy');
    expect(sqliteFailure({ code: 'SQLITE_BUSY_RECOVERY' })).toBe('busy');
    expect(sqliteFailure({ errcode: 11 })).toBe('damaged');
    expect(sqliteFailure({ code: 'SQLITE_NOTADB' })).toBe('foreign');
  });

  it.each([undefined, null, new Error('no space'), 'text', { code: 'ENOENT' }])('is no other error: %s', (error) => {
    expect(sqliteFailure(error)).toBeUndefined();
  });
});

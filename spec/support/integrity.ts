import { Connection } from '../../lib/stores/sqlite/connection.js';

/** `ok`, or what SQLite finds wrong with a database. */
export function integrityOf(file: string): unknown {
  const connection = new Connection(file);
  try {
    return connection.value('PRAGMA integrity_check');
  } finally {
    connection.close();
  }
}

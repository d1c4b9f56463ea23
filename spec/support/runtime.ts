import { openDatabase } from '../../lib/users/repositories/sqlite/engine.js';

/** Prints the runtime that this is, and the SQLite that the store uses on it. */
const database = openDatabase(':memory:');
const row = database.prepare('SELECT sqlite_version() AS version').get({});
// The class of node:sqlite is called DatabaseSync, and that of better-sqlite3 Database.
const engine = database.constructor.name === 'DatabaseSync' ? 'node:sqlite' : 'better-sqlite3';
database.close();
console.log(`Node.js ${process.versions.node}, ${engine} (SQLite ${row?.['version']})`);

import { isBuiltin } from 'node:module';
import { openDatabase } from '../../lib/stores/sqlite/connection.js';

/** Prints the runtime that this is, and the SQLite that the store uses on it. */
const database = openDatabase(':memory:');
const row = database.prepare('SELECT sqlite_version() AS version').get({});
const engine = isBuiltin('node:sqlite') ? 'node:sqlite' : 'better-sqlite3';
database.close();
console.log(`Node.js ${process.versions.node}, ${engine} (SQLite ${row?.['version']})`);

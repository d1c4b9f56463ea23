import { Connection } from '../lib/stores/sqlite/connection.js';

/** Holds the lock that a writer needs until its standard input ends: `soak-lock-process.ts FILE`. */
const connection = new Connection(process.argv[2] as string);

/** A writer of the soak may have the lock for a moment. */
function lock(): void {
  try {
    connection.execute('BEGIN IMMEDIATE');
    process.stdout.write('locked\n');
  } catch {
    setTimeout(lock, 1);
  }
}

lock();
process.stdin.resume().on('end', () => {
  connection.execute('ROLLBACK');
  connection.close();
});

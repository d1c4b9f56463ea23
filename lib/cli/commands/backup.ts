import { resolve } from 'node:path';
import type { Command } from 'commander';
import { isSqliteAddress, sqliteAddress } from '../../stores/address.js';
import { removePartialBackups } from '../../stores/sqlite/backup.js';
import { UsageError } from '../cli-error.js';
import { beforeInterruption } from '../interruption.js';
import type { Session } from '../session.js';

/** `backup`: a copy of an SQLite store. */
export function addBackup(program: Command, session: Session): void {
  program
    .command('backup')
    .description('copy an SQLite store as it is at one moment, also while servers write to it')
    .argument('<FILE>', 'a new file; the copy is itself a store: sqlite:FILE')
    .action((file: string) => {
      expectStorePath(file);
      return session.withStore(session.userStore(), async ({ backup, trail }) => {
        if (backup === undefined) {
          throw new UsageError(
            '"backup" copies SQLite stores. Back up users in PostgreSQL with pg_dump --schema=SCHEMA DATABASE, which ' +
              'includes the functions, or with "export"',
          );
        }
        const forget = beforeInterruption(removePartialBackups);
        try {
          await backup(file);
        } finally {
          forget();
        }
        trail.record('store-backed-up', { to: resolve(file) });
        await session.output.write(`${sqliteAddress(file)}\n`);
      });
    });
}

/** @throws {UsageError} the copy could not be named as a store */
function expectStorePath(file: string): void {
  if (isSqliteAddress(sqliteAddress(file))) return;
  throw new UsageError('FILE must be the path of a file, such as copy.db: the copy is then the store sqlite:copy.db');
}

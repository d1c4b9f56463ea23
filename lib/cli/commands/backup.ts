import { resolve } from 'node:path';
import type { Command } from 'commander';
import { removePartialBackups } from '../../users/repositories/lmdb-backup.js';
import { UsageError } from '../cli-error.js';
import { beforeInterruption } from '../interruption.js';
import type { Session } from '../session.js';

/** `backup`: a copy of an LMDB store, while servers use it. */
export function addBackup(program: Command, session: Session): void {
  program
    .command('backup')
    .description('copy an LMDB store as it is at one moment, also while servers write to it')
    .argument('<FOLDER>', 'not there yet, or empty; the copy is a store itself: lmdb:FOLDER')
    .action((folder: string) =>
      session.withStore(session.userStore(), async ({ backup, trail }) => {
        if (backup === undefined) {
          throw new UsageError(
            'this copies LMDB stores. The users in PostgreSQL are backed up with it: pg_dump --schema=SCHEMA DATABASE, ' +
              'which has the functions as well, or "export"',
          );
        }
        const forget = beforeInterruption(removePartialBackups);
        try {
          await backup(folder);
        } finally {
          forget();
        }
        trail.record('store-backed-up', { to: resolve(folder) });
        await session.output.write(`lmdb:${folder}\n`);
      }),
    );
}

import { fstatSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exportUsers } from '../../transfer/json-lines.js';
import { UsageError } from '../cli-error.js';
import { writePrivateFile } from '../private-file.js';
import type { Session } from '../session.js';

/** `export`: all users as JSON lines, with their hashes. */
export function addExport(program: Command, session: Session): void {
  program
    .command('export')
    .description('write all users with their password hashes and keys, as JSON lines that "import" reads')
    .argument('[FILE]', 'a new file that only you may read (0600); - or none for standard output')
    .option('-f, --force', 'replace FILE')
    .action(async (file: string | undefined, { force = false }: { force?: boolean }) => {
      const { stdout } = session.streams;
      if (file === undefined && stdout.isTTY) {
        throw new UsageError('the password hashes would be shown on the terminal: name a FILE, or - to show them');
      }
      const store = session.userStore();
      const isToOutput = file === undefined || file === '-';
      if (isToOutput) warnOfReaders(session);
      const count = await session.withStore(store, async ({ repository, trail }) => {
        const write = (to: (text: string) => Promise<void>) => exportUsers(repository.snapshot(), to);
        const written = await (isToOutput
          ? write((text) => session.output.write(text))
          : writePrivateFile(file, { force }, write));
        trail.record('users-exported', {
          count: written.users,
          keys: written.keys,
          to: isToOutput ? 'standard output' : resolve(file),
        });
        return written;
      });
      const exported = [counted(count.users, 'user'), ...(count.keys > 0 ? [counted(count.keys, 'key')] : [])];
      session.output.note(`exported ${exported.join(' and ')}${isToOutput ? '' : ` to ${file}`}`);
    });
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A shell creates the file of `>` with the mode of the umask. */
function warnOfReaders({ streams: { stdout }, output }: Session): void {
  try {
    const stats = fstatSync(stdout.fd);
    if (!stats.isFile() || (stats.mode & 0o077) === 0) return;
  } catch {
    return;
  }
  output.note('warning: others may read the output file, and it holds password hashes: chmod 600');
}

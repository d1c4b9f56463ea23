import { type Command, Option } from 'commander';
import { printable, quoteText } from '../../safe-text.js';
import { type ImportSummary, importUsers, readToEnd } from '../../transfer/import-users.js';
import { FORMATS, type FormatName, openUserFile, openUserStream } from '../../transfer/open-user-file.js';
import type { UserFile } from '../../transfer/user-file.js';
import { UsageError } from '../cli-error.js';
import { ImportTrail } from '../import-trail.js';
import { beforeInterruption } from '../interruption.js';
import { createProgress, type Progress } from '../progress.js';
import type { Session } from '../session.js';
import type { OpenStore, UserStore } from '../user-store.js';
import { jsonOption, type RightsOptions, rightsOptions } from './user-options.js';

const INTERRUPTED = 'interrupted: who is stored stays, and the same import completes it';

interface ImportOptions extends RightsOptions {
  readonly dryRun?: boolean;
  readonly overwrite?: boolean;
  readonly format?: FormatName;
  readonly json?: boolean;
}

/** `import`: users of a Kapacitor, an htpasswd file or an export, with their hashes. */
export function addImport(program: Command, session: Session): void {
  const command = program
    .command('import')
    .description("bring the users of a Kapacitor's database, an htpasswd file or an export, with their passwords")
    .argument('<FILE>', 'or - for standard input')
    .option('-n, --dry-run', 'say what would be done, and do nothing')
    .option('--overwrite', 'replace users who are there and differ')
    .addOption(new Option('--format <FORMAT>', 'if what is in the file does not tell').choices(FORMATS));
  jsonOption(rightsOptions(command)).action(async (path: string, options: ImportOptions) => {
    const { streams, output } = session;
    const store = session.userStore();
    if (!options.dryRun) session.noteChange(store);
    const progress = await createProgress(streams, output, INTERRUPTED);
    let file: UserFile | undefined;
    try {
      file = await openFile(session, path, options);
      const summary = await bring({ session, store, file, progress }, options);
      progress.stop();
      if (options.json) await output.json(toJson(summary));
      else await output.write(toText(summary));
      if (summary.costly > 0) output.note(costNote(summary.costly));
    } finally {
      progress.stop();
      await file?.close();
    }
  });
}

async function openFile({ streams }: Session, path: string, options: ImportOptions): Promise<UserFile> {
  const { format, type, permission: permissions } = options;
  if (path === '-' && streams.stdin.isTTY) throw new UsageError('nothing is piped in: name a file');
  const opening = { format, rights: { type, permissions } };
  const file = await (path === '-' ? openUserStream(streams.stdin, opening) : openUserFile(path, opening));
  if (file.format === 'htpasswd' || (type === undefined && permissions === undefined)) return file;
  await file.close();
  throw new UsageError(
    `--type and --permission are for htpasswd files, and this is a ${file.format} file, which says both`,
  );
}

interface Work {
  readonly session: Session;
  readonly store: UserStore;
  readonly file: UserFile;
  readonly progress: Progress;
}

async function bring(
  { session, store, file, progress }: Work,
  { dryRun = false, overwrite = false }: ImportOptions,
): Promise<ImportSummary> {
  // A file that is no good makes no store.
  const total = await readToEnd(file);
  const importing = { dryRun, overwrite, total, onProgress: progress.update };
  if (dryRun && !store.isThere) return importUsers(file, undefined, importing);
  const importAll = async ({ repository, trail }: OpenStore) => {
    if (dryRun) return importUsers(file, repository, importing);
    const told = new ImportTrail(trail, file.format);
    const forget = beforeInterruption(() => told.interrupted());
    try {
      const summary = await importUsers(file, repository, {
        ...importing,
        onStored: (user, before) => told.stored(user, before),
      });
      told.done(summary);
      return summary;
    } catch (error) {
      told.failed(error);
      throw error;
    } finally {
      forget();
    }
  };
  return session.withStore(store, importAll, { makes: !dryRun });
}

function toJson({ format, dryRun, added, unchanged, replaced, kept, refused }: ImportSummary): object {
  const users = refused.users.map(({ name, refusal }) => ({ name, reason: refusal }));
  return { format, dryRun, new: added, unchanged, replaced, kept, refused: { count: refused.count, users } };
}

function toText({ format, dryRun, added, unchanged, replaced, kept, refused }: ImportSummary): string {
  const lines = [
    `${format}: ${added} new, ${unchanged} unchanged, ${replaced} replaced, ${kept.count} kept, ${refused.count} refused`,
  ];
  if (dryRun) lines.unshift('A dry run: nothing is stored.');
  const more = (count: number, shown: number) => (count > shown ? [`  … and ${count - shown} more`] : []);
  if (kept.count > 0) {
    lines.push('Kept as they are, and not as the file has them (--overwrite replaces them):');
    lines.push(...kept.names.map((name) => `  ${name}`), ...more(kept.count, kept.names.length));
  }
  if (refused.count > 0) {
    lines.push('Refused:');
    lines.push(...refused.users.map(({ name, refusal }) => `  ${quoteText(name)}: ${printable(refusal)}`));
    lines.push(...more(refused.count, refused.users.length));
  }
  return `${lines.join('\n')}\n`;
}

function costNote(count: number): string {
  const hashes = count === 1 ? '1 hash has' : `${count} hashes have`;
  return (
    `${hashes} a cost over 14, and such users log in only where bcrypt-cost is at most 4 lower: ` +
    'set bcrypt-cost, or give them new passwords'
  );
}

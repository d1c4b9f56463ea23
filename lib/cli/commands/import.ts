import { type Command, Option } from 'commander';
import { printable, quoteText } from '../../safe-text.js';
import { type ImportSummary, importUsers, readToEnd } from '../../transfer/import-users.js';
import { FORMATS, type FormatName, openUserFile, openUserStream } from '../../transfer/open-user-file.js';
import type { UserFile } from '../../transfer/user-file.js';
import { undefinedProblem } from '../../users/undefined-permissions.js';
import { undefinedIn } from '../access-rules.js';
import { ImportTrail } from '../audit-trail.js';
import { UsageError } from '../cli-error.js';
import { beforeInterruption } from '../interruption.js';
import type { Session } from '../session.js';
import type { OpenStore, UserStore } from '../user-store.js';
import { jsonOption, type RightsOptions, rightsOptions } from './shared-options.js';

interface ImportOptions extends RightsOptions {
  readonly dryRun?: boolean;
  readonly overwrite?: boolean;
  readonly format?: FormatName;
  readonly json?: boolean;
}

/** `import`: the users of a Kapacitor, an htpasswd file or an export, with their hashes. */
export function addImport(program: Command, session: Session): void {
  const command = program
    .command('import')
    .description('import users with their passwords from a Kapacitor database, an htpasswd file or an export')
    .argument('<FILE>', 'or - for standard input')
    .option('-n, --dry-run', 'show what the import would do, and change nothing')
    .option('--overwrite', 'replace users who exist and differ')
    .addOption(new Option('--format <FORMAT>', 'defaults to the format that the content has').choices(FORMATS));
  jsonOption(rightsOptions(command)).action(async (path: string, options: ImportOptions) => {
    const { output } = session;
    const store = session.userStore();
    session.checkPermissions(store, options.permission);
    if (!options.dryRun) session.noteChange(store);
    const progress = await createProgress(session);
    let file: UserFile | undefined;
    try {
      file = await openFile(session, path, options);
      const summary = await importFile({ session, store, file, progress }, options);
      progress.stop();
      const undefinedOnes = undefinedIn(store.rules, summary.ownPermissions);
      if (options.json) await output.json(summaryJson(summary, undefinedOnes));
      else await output.write(summaryText(summary));
      if (summary.costly > 0) output.note(costNote(summary.costly));
      if (summary.keys.ignored > 0) output.note(IGNORED_KEYS);
      if (undefinedOnes.length > 0) output.note(undefinedNote(undefinedOnes, store));
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
  throw new UsageError(`--type and --permission are for htpasswd files: this file (${file.format}) has its own`);
}

interface Work {
  readonly session: Session;
  readonly store: UserStore;
  readonly file: UserFile;
  readonly progress: Progress;
}

async function importFile(
  { session, store, file, progress }: Work,
  { dryRun = false, overwrite = false }: ImportOptions,
): Promise<ImportSummary> {
  // Read before the store is created: a damaged file creates none.
  const total = await readToEnd(file);
  const importing = { dryRun, overwrite, total, onProgress: progress.update };
  if (dryRun && !store.isThere) return importUsers(file, undefined, importing);
  const importAll = async ({ repository, trail }: OpenStore) => {
    if (dryRun) return importUsers(file, repository, importing);
    const events = new ImportTrail(trail, file.format);
    const forget = beforeInterruption(() => events.interrupted());
    try {
      const summary = await importUsers(file, repository, {
        ...importing,
        onStored: (user, before) => events.stored(user, before),
      });
      events.done(summary);
      return summary;
    } catch (error) {
      events.failed(error);
      throw error;
    } finally {
      forget();
    }
  };
  return session.withStore(store, importAll, { makes: !dryRun });
}

function summaryJson(
  { format, dryRun, added, unchanged, replaced, kept, refused, keys }: ImportSummary,
  undefinedPermissions: readonly string[],
): object {
  const users = refused.users.map(({ name, refusal }) => ({ name, reason: refusal }));
  return {
    format,
    dryRun,
    new: added,
    unchanged,
    replaced,
    kept,
    refused: { count: refused.count, users },
    keys: { new: keys.added, expired: keys.expired, ignored: keys.ignored },
    undefinedPermissions,
  };
}

function summaryText({ format, dryRun, added, unchanged, replaced, kept, refused, keys }: ImportSummary): string {
  const lines = [
    `${format}: ${added} new, ${unchanged} unchanged, ${replaced} replaced, ${kept.count} kept, ${refused.count} refused`,
  ];
  if (keys.added + keys.expired + keys.ignored > 0) {
    lines.push(`keys: ${keys.added} new, ${keys.expired} expired, ${keys.ignored} ignored`);
  }
  if (dryRun) lines.unshift('A dry run: nothing is stored.');
  const more = (count: number, shown: number) => (count > shown ? [`  … and ${count - shown} more`] : []);
  if (kept.count > 0) {
    lines.push('Kept, although they differ from the file (--overwrite replaces them):');
    lines.push(...kept.names.map((name) => `  ${name}`), ...more(kept.count, kept.names.length));
  }
  if (refused.count > 0) {
    lines.push('Refused:');
    lines.push(...refused.users.map(({ name, refusal }) => `  ${quoteText(name)}: ${printable(refusal)}`));
    lines.push(...more(refused.count, refused.users.length));
  }
  return `${lines.join('\n')}\n`;
}

const IGNORED_KEYS =
  'the keys of users who were in the store before stay as they are, and those in the file are ignored: delete such a user ' +
  'before the import, or make new keys with "key add"';

function costNote(count: number): string {
  const hashes = count === 1 ? '1 hash has' : `${count} hashes have`;
  return (
    `${hashes} a cost over 14. Such a user can log in only if bcrypt-cost is at most 4 lower than that cost: ` +
    'set bcrypt-cost, or change the password'
  );
}

function undefinedNote(names: readonly string[], { permissionNames }: UserStore): string {
  return (
    `warning: ${undefinedProblem(names, permissionNames)}. ` +
    'They are kept: define them in the config file, or take them away'
  );
}

/** The number of users from which on an import has a progress bar. */
const WORTH_A_BAR = 10_000;

interface Progress {
  update(done: number, total: number): void;
  /** Removes the bar. */
  stop(): void;
}

/** A bar on standard error. cli-progress shows it on a terminal only. */
async function createProgress({ streams, output }: Session): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const bar = new cliProgress.SingleBar({
    stream: streams.stderr,
    format: '{value} of {total} users [{bar}] {percentage} %, {eta_formatted} to go',
    barCompleteChar: '=',
    barIncompleteChar: ' ',
    barsize: 24,
    clearOnComplete: true,
    hideCursor: true,
  });
  const forget = beforeInterruption(() => {
    // It has hidden the cursor.
    bar.stop();
    output.note('interrupted: the users stored so far stay, and the same import completes it');
  });
  return {
    update: (done, total) => {
      if (total <= WORTH_A_BAR) return;
      if (done === 0) bar.start(total, 0);
      else bar.update(done);
    },
    stop: () => {
      forget();
      bar.stop();
    },
  };
}

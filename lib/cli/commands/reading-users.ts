import { Option } from 'commander';
import type { UserType } from '../../users/user.js';
import type { UserFilterOptions } from '../../users/user-list.js';
import type { AccessRules } from '../access-rules.js';
import { UsageError } from '../cli-error.js';
import { eachPage } from '../each-page.js';
import type { ManagedUsers } from '../managed-users.js';
import { printAccount, printUser, printUsers, type UserFormat } from '../print-users.js';
import { existingUser, type OpenUsers, type Session } from '../session.js';
import { type NewCommand, parseCount, permissionOption } from './shared-options.js';

interface ListOptions extends UserFormat {
  readonly search?: string;
  readonly type?: UserType;
  readonly enabled?: boolean;
  readonly disabled?: boolean;
  readonly permission?: readonly string[];
  readonly limit?: number;
  readonly long?: boolean;
  readonly count?: boolean;
}

/** `user list` and `user show`. */
export function addReading(command: NewCommand, session: Session): void {
  const list = command('list', 'list the users in the order of their names')
    .argument('[PATTERN]', "only names that match: 'j*', '?ohn', '[a-c]*'")
    .option('--search <TEXT>', 'only names that contain a text, in letters of either case')
    .addOption(new Option('--type <TYPE>', 'only admins, or only normal users').choices(['admin', 'normal']));
  permissionOption(list, 'only users who have this permission')
    .option('--enabled', 'only users who are enabled, whether they have expired or not')
    .option('--disabled', 'only users who are disabled')
    .option('--limit <N>', 'list N users at most', parseCount)
    .option('--long', 'show the last login and the note as well')
    .option('--count', 'print only how many there are')
    .action((pattern: string | undefined, options: ListOptions) => {
      const filter = filterOf(pattern, options);
      return session.withUsers((open) => (options.count ? printCount : printList)(session, open, filter, options));
    });

  command('show', 'show a user')
    .argument('<NAME>')
    .action((name: string, options: UserFormat) =>
      session.withUsers(async (open) => {
        const user = await existingUser(open.users, name, { isWhole: true });
        await printUser(session.output, user, options, await rulesFor(open, options));
        if (!options.json) await printAccount(session.output, user);
      }),
    );
}

/** @throws {UsageError} two options contradict each other */
function filterOf(pattern: string | undefined, options: ListOptions): UserFilterOptions {
  const { search, type, enabled, disabled, permission: permissions = [], limit, count } = options;
  const [permission, ...others] = permissions;
  if (enabled && disabled) throw new UsageError('--enabled and --disabled exclude each other: leave one of them out');
  if (others.length > 0) throw new UsageError('--permission selects by one permission: name one');
  if (permission === 'none') throw new UsageError('no user has the permission none, which stands for no permissions');
  if (count && limit !== undefined) throw new UsageError('--count counts all users: leave out --limit');
  const isEnabled = enabled ? true : disabled ? false : undefined;
  return { pattern, q: search, type, enabled: isEnabled, permission };
}

async function printList(
  session: Session,
  open: OpenUsers,
  filter: UserFilterOptions,
  options: ListOptions,
): Promise<void> {
  const { json = false, long: isLong = false, limit } = options;
  const pages = eachPage(open.users, { filter, limit, isWhole: json || isLong });
  await printUsers(session.output, pages, options, { rules: await rulesFor(open, options), isLong });
}

async function printCount(
  { output }: Session,
  { users }: OpenUsers,
  filter: UserFilterOptions,
  { json = false }: ListOptions,
): Promise<void> {
  const found = (await users.count(filter)) ?? (await countPages(users, filter));
  if (json) await output.json({ count: found });
  else await output.write(`${found}\n`);
}

async function countPages(users: ManagedUsers, filter: UserFilterOptions): Promise<number> {
  let found = 0;
  for await (const page of eachPage(users, { filter })) found += page.length;
  return found;
}

/** The rules that tell undefined permissions. JSON has no marks, so it needs none. */
async function rulesFor({ readRules }: OpenUsers, { json = false }: UserFormat): Promise<AccessRules | undefined> {
  return json ? undefined : readRules();
}

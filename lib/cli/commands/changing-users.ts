import type { UserChanges } from '../../users/user-fields.js';
import { ChangedMeanwhileError, UsageError } from '../cli-error.js';
import type { ManagedUser, ManagedUsers } from '../managed-users.js';
import { hasExpired, printUser, type UserFormat } from '../print-users.js';
import type { PasswordSource } from '../prompt.js';
import { existingUser, type Session } from '../session.js';
import { changeSeveral, requireUsers } from './several-users.js';
import {
  type AccountOptions,
  accountFields,
  accountOptions,
  checkRights,
  type NewCommand,
  passwordOptions,
  type RightsOptions,
  rightsOptions,
} from './shared-options.js';

/** `user set`, `passwd`, `enable` and `disable`. */
export function addChanging(command: NewCommand, session: Session): void {
  const set = command('set', 'change the type, the permissions, the end or the note of users');
  accountOptions(rightsOptions(set))
    .argument('<NAME...>')
    .option('--no-must-change-password', 'the user need not change its password any more')
    .action((names: string[], options: RightsOptions & AccountOptions & UserFormat) => {
      checkRights(options);
      return changeUsers(session, names, changesOf(options), options);
    });

  passwordOptions(command('passwd', 'change the password of a user'))
    .argument('<NAME>')
    .action((name: string, options: PasswordSource & UserFormat) =>
      session.withUsers(async ({ users, policy }) => {
        const user = await existingUser(users, name, { isWhole: true });
        const prompt = `New password of ${name}`;
        const password = await session.readPassword(options, { prompt, userName: name, policy });
        await printUser(session.output, await setPassword(users, { ...user, name }, password), options);
      }, session.placeToChange()),
    );

  command('enable', 'let users log in again')
    .argument('<NAME...>')
    .action((names: string[], options: UserFormat) => changeUsers(session, names, { enabled: true }, options));

  command('disable', 'keep users from logging in; their passwords and permissions stay')
    .argument('<NAME...>')
    .action((names: string[], options: UserFormat) => changeUsers(session, names, { enabled: false }, options));
}

/** @throws {UsageError} there is nothing to change */
function changesOf({ type, permission: permissions, ...account }: RightsOptions & AccountOptions): UserChanges<string> {
  const changes = { type, permissions, ...accountFields(account) };
  if (Object.values(changes).some((value) => value !== undefined)) return changes;
  throw new UsageError(
    'name what to change: --type admin or normal, --permission P, --expires END, --must-change-password or --note TEXT',
  );
}

/** Changes nobody if one of the users does not exist. */
async function changeUsers(
  session: Session,
  given: readonly string[],
  changes: UserChanges<string>,
  options: UserFormat,
): Promise<void> {
  const place = session.placeToChange();
  session.notePermissions(place, changes.permissions);
  const names = [...new Set(given)];
  await session.withUsers(async ({ users }) => {
    await requireUsers(users, names);
    const [name] = names;
    if (name === undefined || names.length > 1) {
      const operations = names.map((each) => ({ op: 'change', name: each, changes }) as const);
      const changed = await changeSeveral(session, users, operations, options);
      for (const user of changed) explainChange(session, user, changes);
      return;
    }
    const changed = await users.update(name, changes);
    explainChange(session, changed, changes);
    await printUser(session.output, changed, options);
  }, place);
}

/** A change may have less effect than it seems. */
function explainChange({ output }: Session, user: ManagedUser, { permissions, enabled }: UserChanges<string>): void {
  const { name, type } = user;
  if (type === 'admin' && permissions !== undefined) {
    output.note(`${name} is an admin: an admin may do everything, and has no permissions`);
  }
  if (enabled && hasExpired(user)) {
    output.note(`${name} has expired, and cannot log in: "user set ${name} --expires never" takes the end away`);
  }
}

/**
 * Sets the password of a user that was read before the password was asked for.
 *
 * @throws {ChangedMeanwhileError} the user got another password meanwhile, or is another user of this name
 */
async function setPassword(users: ManagedUsers, seen: ManagedUser, password: string): Promise<ManagedUser> {
  const { name, version } = seen;
  try {
    return await users.update(name, { password }, version);
  } catch (error) {
    if (!(error instanceof ChangedMeanwhileError)) throw error;
    const current = await existingUser(users, name, { isWhole: true });
    const isSame = (['created', 'passwordChanged'] as const).every(
      (time) => Number(seen[time]) === Number(current[time]),
    );
    if (isSame) return setPassword(users, { ...current, name }, password);
    throw new ChangedMeanwhileError(
      `somebody else has set a password for ${name} meanwhile, which is not replaced: run this again to replace it`,
    );
  }
}

import type { Command } from 'commander';
import { UserExistsError } from '../../errors.js';
import type { PasswordPolicy } from '../../users/password-policy.js';
import type { UserChanges } from '../../users/user-fields.js';
import { checkUserName } from '../../users/user-name.js';
import type { AccessRules } from '../access-rules.js';
import { RefusedError, UsageError } from '../cli-error.js';
import { askYesOrNo, type PasswordSource, requireTerminal } from '../prompt.js';
import { eachPage, type ManagedUsers } from '../remote-users.js';
import { existingUser, noSuchUser, type OpenUsers, type Session } from '../session.js';
import { printUser, printUsers, type UserFormat } from '../table.js';
import { UserStore } from '../user-store.js';
import {
  checkRights,
  jsonOption,
  parseCount,
  passwordOptions,
  type RightsOptions,
  rightsOptions,
} from './shared-options.js';

/** `user list`, `show`, `add`, `set`, `passwd`, `enable`, `disable` and `delete`. */
export function addUserCommands(program: Command, session: Session): void {
  const user = program.command('user').description('list, show and change users');
  const command: NewCommand = (name, description) => jsonOption(user.command(name).description(description));
  addReading(command, session);

  passwordOptions(rightsOptions(command('add', 'add a user, and ask for the password')))
    .argument('<NAME>')
    .option('--disabled', 'the user cannot log in before "user enable"')
    .action((name: string, options: AddOptions) => addUser(session, name, options));

  addChanging(command, session);

  command('delete', 'delete users, after a question')
    .argument('<NAME...>')
    .option('-y, --yes', 'delete without asking')
    .action((names: string[], options: DeleteOptions) => deleteUsers(session, names, options));
}

type NewCommand = (name: string, description: string) => Command;

function addReading(command: NewCommand, session: Session): void {
  command('list', 'list the users in the order of their names')
    .argument('[PATTERN]', "only names that match: 'j*', '?ohn', '[a-c]*'")
    .option('--limit <N>', 'list N users at most', parseCount)
    .action((pattern: string | undefined, options: UserFormat & { limit?: number }) =>
      session.withUsers(async (open) => {
        const pages = eachPage(open.users, { pattern, limit: options.limit });
        await printUsers(session.output, pages, options, await rulesFor(open, options));
      }),
    );

  command('show', 'show a user')
    .argument('<NAME>')
    .action((name: string, options: UserFormat) =>
      session.withUsers(async (open) => {
        const user = await existingUser(open.users, name);
        await printUser(session.output, user, options, await rulesFor(open, options));
      }),
    );
}

/** The rules that tell undefined permissions. JSON has no marks, so it needs none. */
async function rulesFor({ readRules }: OpenUsers, { json = false }: UserFormat): Promise<AccessRules | undefined> {
  return json ? undefined : readRules();
}

function addChanging(command: NewCommand, session: Session): void {
  const change = (name: string, changes: UserChanges<string>, options: UserFormat) => {
    const place = session.placeToChange();
    session.notePermissions(place, changes.permissions);
    return session.withUsers(async ({ users }) => {
      await existingUser(users, name);
      const changed = await users.update(name, changes);
      if (changed.type === 'admin' && changes.permissions !== undefined) {
        session.output.note(`${name} is an admin: an admin may do everything, and has no permissions`);
      }
      await printUser(session.output, changed, options);
    }, place);
  };

  rightsOptions(command('set', 'change the type or the permissions of a user'))
    .argument('<NAME>')
    .action((name: string, options: RightsOptions & UserFormat) => {
      const { type, permission: permissions } = options;
      if (type === undefined && permissions === undefined) {
        throw new UsageError('name what to change: --type admin or normal, --permission P, or both');
      }
      checkRights(options);
      return change(name, { type, permissions }, options);
    });

  passwordOptions(command('passwd', 'change the password of a user'))
    .argument('<NAME>')
    .action((name: string, options: PasswordSource & UserFormat) =>
      session.withUsers(async ({ users, policy }) => {
        await existingUser(users, name);
        const prompt = `New password of ${name}`;
        const password = await session.readPassword(options, { prompt, userName: name, policy });
        await printUser(session.output, await users.update(name, { password }), options);
      }, session.placeToChange()),
    );

  command('enable', 'let a user log in again')
    .argument('<NAME>')
    .action((name: string, options: UserFormat) => change(name, { enabled: true }, options));

  command('disable', 'keep a user from logging in; the password and the permissions stay')
    .argument('<NAME>')
    .action((name: string, options: UserFormat) => change(name, { enabled: false }, options));
}

type AddOptions = RightsOptions & PasswordSource & UserFormat & { readonly disabled?: boolean };

/** Creates the store if there is none, but only after the password was accepted. */
async function addUser(session: Session, name: string, options: AddOptions): Promise<void> {
  checkUserName(name);
  checkRights(options);
  const { type, permission: permissions, disabled = false } = options;
  const readPassword = (policy: PasswordPolicy) =>
    session.readPassword(options, { prompt: `Password of ${name}`, userName: name, policy });
  const create = async (users: ManagedUsers, password: string) => {
    const user = await users.create({ name, password, type, permissions, enabled: !disabled });
    await printUser(session.output, user, options);
  };

  const place = session.placeToChange();
  session.checkPermissions(place, permissions);
  if (place instanceof UserStore && !place.isThere) {
    const password = await readPassword(place.policy);
    await session.withStore(place, ({ users }) => create(users, password), { makes: true });
    return;
  }
  await session.withUsers(async ({ users, policy }) => {
    if ((await users.get(name)) !== undefined) throw new UserExistsError(name);
    await create(users, await readPassword(policy));
  }, place);
}

/** The question has at most this many names. */
const SHOWN_NAMES = 5;
const NO_TERMINAL = 'there is no terminal to ask for confirmation: --yes deletes without asking';

interface DeleteOptions extends UserFormat {
  readonly yes?: boolean;
}

/** Deletes no user if one of them does not exist. */
async function deleteUsers(
  session: Session,
  given: readonly string[],
  { yes = false, json = false }: DeleteOptions,
): Promise<void> {
  const { streams, output } = session;
  if (!yes) requireTerminal(streams, NO_TERMINAL);
  const names = [...new Set(given)];
  const shown =
    names.length > SHOWN_NAMES
      ? `${names.length} users, ${names.slice(0, SHOWN_NAMES).join(', ')}, …`
      : names.join(', ');
  await session.withUsers(async ({ users }) => {
    const missing: string[] = [];
    for (const name of names) if ((await users.get(name)) === undefined) missing.push(name);
    if (missing.length > 0) throw noSuchUser(...missing);
    if (!yes && !(await askYesOrNo(streams, `Delete ${shown}?`, NO_TERMINAL))) {
      throw new RefusedError('nothing is deleted');
    }
    const deleted: string[] = [];
    try {
      for (const name of names) if (await users.delete(name)) deleted.push(name);
    } finally {
      // If one of them cannot be deleted, those before it are gone.
      if (json) await output.json({ deleted });
      else for (const name of deleted) await output.write(`deleted ${name}\n`);
    }
  }, session.placeToChange());
}

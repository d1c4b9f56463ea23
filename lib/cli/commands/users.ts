import type { Command } from 'commander';
import type { UserChanges } from '../../users/user-fields.js';
import { UsageError } from '../cli-error.js';
import { eachPage } from '../each-page.js';
import type { PasswordOptions } from '../password-input.js';
import { existingUser, type Session } from '../session.js';
import { printUser, printUsers, type UserFormat } from '../user-output.js';
import { type AddOptions, addUser } from './add-user.js';
import { deleteUsers } from './delete-users.js';
import {
  checkRights,
  jsonOption,
  passwordOptions,
  type RightsOptions,
  rightsOptions,
  toCount,
} from './user-options.js';

/** `user list`, `show`, `add`, `set`, `passwd`, `enable`, `disable` and `delete`. */
export function addUserCommands(program: Command, session: Session): void {
  const user = program.command('user').description('list, show and change users');
  const command = (name: string, description: string) => jsonOption(user.command(name).description(description));

  const change = (name: string, changes: UserChanges, options: UserFormat) =>
    session.withUsers(async ({ users }) => {
      await existingUser(users, name);
      const changed = await users.update(name, changes);
      if (changed.type === 'admin' && changes.permissions !== undefined) {
        session.output.note(`${name} is an admin, who may do everything and has no permissions`);
      }
      await printUser(session.output, changed, options);
    }, session.placeToChange());

  command('list', 'list the users, in the order of their names')
    .argument('[PATTERN]', "only names that match: 'j*', '?ohn', '[a-c]*'")
    .option('--limit <N>', 'at most so many', toCount)
    .action((pattern: string | undefined, options: UserFormat & { limit?: number }) =>
      session.withUsers(({ users }) =>
        printUsers(session.output, eachPage(users, { pattern, limit: options.limit }), options),
      ),
    );

  command('show', 'show a user')
    .argument('<NAME>')
    .action((name: string, options: UserFormat) =>
      session.withUsers(async ({ users }) => printUser(session.output, await existingUser(users, name), options)),
    );

  passwordOptions(rightsOptions(command('add', 'add a user, and ask for the password')))
    .argument('<NAME>')
    .option('--disabled', 'do not let the user in before "user enable"')
    .action((name: string, options: AddOptions) => addUser(session, name, options));

  rightsOptions(command('set', 'change the type or the permissions of a user'))
    .argument('<NAME>')
    .action((name: string, options: RightsOptions & UserFormat) => {
      const { type, permission: permissions } = options;
      if (type === undefined && permissions === undefined) {
        throw new UsageError('what is to change? --type admin or normal, --permission P, or both');
      }
      checkRights(options);
      return change(name, { type, permissions }, options);
    });

  passwordOptions(command('passwd', 'give a user another password'))
    .argument('<NAME>')
    .action((name: string, options: PasswordOptions & UserFormat) =>
      session.withUsers(async ({ users, policy }) => {
        await existingUser(users, name);
        const prompt = `New password of ${name}`;
        const password = await session.readPassword(options, { prompt, userName: name, policy });
        await printUser(session.output, await users.update(name, { password }), options);
      }, session.placeToChange()),
    );

  command('enable', 'let a user in again')
    .argument('<NAME>')
    .action((name: string, options: UserFormat) => change(name, { enabled: true }, options));

  command('disable', 'let a user in no more, and keep the password and the permissions')
    .argument('<NAME>')
    .action((name: string, options: UserFormat) => change(name, { enabled: false }, options));

  command('delete', 'delete users; asks first')
    .argument('<NAME...>')
    .option('-y, --yes', 'do not ask')
    .action((names: string[], options: UserFormat & { yes?: boolean }) => deleteUsers(session, names, options));
}

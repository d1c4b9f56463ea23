import { UserExistsError } from '../../errors.js';
import type { PasswordPolicy } from '../../users/password-policy.js';
import { checkUserName } from '../../users/user-name.js';
import type { ManagedUsers } from '../managed-users.js';
import { printUser, type UserFormat } from '../print-users.js';
import type { PasswordSource } from '../prompt.js';
import type { Session } from '../session.js';
import { StoreUsers } from '../store-users.js';
import { UserStore } from '../user-store.js';
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

type AddOptions = RightsOptions & AccountOptions & PasswordSource & UserFormat & { readonly disabled?: boolean };

/** `user add`. */
export function addAdding(command: NewCommand, session: Session): void {
  passwordOptions(accountOptions(rightsOptions(command('add', 'add a user, and ask for the password'))))
    .argument('<NAME>')
    .option('--disabled', 'the user cannot log in before "user enable"')
    .action((name: string, options: AddOptions) => addUser(session, name, options));
}

/** Creates the store if there is none, but only after the password was accepted. */
async function addUser(session: Session, name: string, options: AddOptions): Promise<void> {
  checkUserName(name);
  checkRights(options);
  const { type, permission: permissions, disabled = false } = options;
  const readPassword = (policy: PasswordPolicy) =>
    session.readPassword(options, { prompt: `Password of ${name}`, userName: name, policy });
  const create = async (users: ManagedUsers, password: string) => {
    const rights = { type, permissions, enabled: !disabled };
    const user = await users.create({ name, password, ...rights, ...accountFields(options) });
    await printUser(session.output, user, options);
  };

  const place = session.placeToChange();
  session.checkPermissions(place, permissions);
  if (place instanceof UserStore && !place.isThere) {
    const password = await readPassword(place.policy);
    await session.withStore(place, ({ users }) => create(new StoreUsers(users), password), { makes: true });
    return;
  }
  await session.withUsers(async ({ users, policy }) => {
    if ((await users.get(name)) !== undefined) throw new UserExistsError(name);
    await create(users, await readPassword(policy));
  }, place);
}

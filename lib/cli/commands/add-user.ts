import { UserExistsError } from '../../errors.js';
import type { PasswordPolicy } from '../../users/password-policy.js';
import { checkUserName } from '../../users/user-name.js';
import type { ManagedUsers } from '../managed-users.js';
import type { PasswordOptions } from '../password-input.js';
import type { Session } from '../session.js';
import { printUser, type UserFormat } from '../user-output.js';
import { UserStore } from '../user-store.js';
import { checkRights, type RightsOptions } from './user-options.js';

export type AddOptions = RightsOptions & PasswordOptions & UserFormat & { readonly disabled?: boolean };

/** Adds a user, and makes the store if there is none: once it is sure that there is something to put into it. */
export async function addUser(session: Session, name: string, options: AddOptions): Promise<void> {
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

import { randomUUID } from 'node:crypto';
import { InvalidUserError } from '../errors.js';
import type { MaybePromise } from '../promises.js';
import type { PasswordPolicy } from './password-policy.js';
import type { CompleteUserRepository } from './repository.js';
import { requireText } from './user-fields.js';
import { checkUserName } from './user-name.js';
import type { PasswordHashing } from './user-service.js';

/** Who is to be the first admin. */
export interface FirstAdmin {
  /** As any user's. */
  readonly name: string;
  /** As any user's. A function is called only when there is no admin: what it reads may be gone after the first start. */
  readonly password: string | (() => MaybePromise<string>);
}

/** What it takes to make the first admin. */
export interface FirstAdminOptions {
  readonly repository: CompleteUserRepository;
  readonly hasher: PasswordHashing;
  readonly policy: PasswordPolicy;
  readonly admin: FirstAdmin;
}

/**
 * Makes the first admin where there is none that is enabled, so that nobody needs an open door for it. Whoever has the
 * name already is left alone: that may be anybody.
 *
 * @returns `not-needed` when there is an admin: then neither name nor password has been looked at
 * @throws {InvalidUserError} the name or the password is not acceptable, or the name is somebody else's; says what to do
 * @throws {OverloadedError} too many passwords wait to be hashed
 * @throws {PasswordCheckError} it could not be found out whether the password is a refused one
 * @throws {StoreError} the store is unavailable
 * @throws whatever the function that gives the password throws
 */
export async function makeFirstAdmin({
  repository,
  hasher,
  policy,
  admin,
}: FirstAdminOptions): Promise<'made' | 'not-needed'> {
  if (await repository.hasAdmin()) return 'not-needed';
  const { name } = admin;
  const hash = await hasher.hash(await acceptedPassword(admin, policy));
  const outcome = await repository.insertFirstAdmin({
    name,
    type: 'admin',
    permissions: [],
    enabled: true,
    hash,
    revision: randomUUID(),
  });
  if (outcome === 'name-taken') {
    throw new InvalidUserError(
      `${name} cannot become the first admin: there is a user of this name, who is no admin or is disabled. Name another ` +
        `one, or decide yourself who this is: npx kapacitor-auth user set ${name} --type admin, or npx kapacitor-auth user enable ${name}`,
    );
  }
  return outcome === 'inserted' ? 'made' : 'not-needed';
}

async function acceptedPassword({ name, password }: FirstAdmin, policy: PasswordPolicy): Promise<string> {
  try {
    requireText(name, 'name');
    checkUserName(name);
    const given: unknown = typeof password === 'function' ? await password() : password;
    requireText(given, 'password');
    return await policy.accept(given, name);
  } catch (error) {
    // By itself it could be about anybody.
    if (error instanceof InvalidUserError) {
      throw new InvalidUserError(`the first admin cannot be made: ${error.message}`);
    }
    throw error;
  }
}

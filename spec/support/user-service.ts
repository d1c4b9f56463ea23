import { MemoryUserRepository, type UserRepository } from 'kapacitor-auth';
import { vi } from 'vitest';
import { completeRepository } from '../../lib/stores/complete.js';
import { PasswordPolicy, type PasswordPolicyOptions } from '../../lib/users/password-policy.js';
import { UserService } from '../../lib/users/user-service.js';

/** A user service whose hashes take no time: they tell how many there were before, and how long the password is. */
export function createUserService(
  repository: UserRepository = new MemoryUserRepository(),
  policy: Partial<PasswordPolicyOptions> = {},
) {
  let count = 0;
  const hasher = {
    hash: vi.fn(async (password: string, _options?: { isPatient?: boolean }) => {
      count += 1;
      return `hash ${count} of ${password.length} characters`;
    }),
    canVerify: () => true,
    verify: vi.fn(async ([password]: readonly string[], hash: string) =>
      hash.endsWith(` of ${password?.length} characters`) ? password : undefined,
    ),
  };
  const users = new UserService({
    repository: completeRepository(repository),
    hasher,
    policy: new PasswordPolicy({ minimumLength: 0, ...policy }),
    audit: () => {},
  });
  return { users, repository, hasher };
}

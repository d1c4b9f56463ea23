import type { UserRepository } from '../../users/repository.js';
import { describeAccounts } from './accounts.js';
import { describeBehindMiddleware } from './behind-middleware.js';
import { describeChanges } from './changes.js';
import { describeFilters } from './filters.js';
import { describeLimits } from './limits.js';
import { describeLists } from './list.js';
import { describeLogins } from './logins.js';
import { describeOptionalMethods } from './optional-methods.js';
import { describeSecrets } from './secrets.js';
import type { RepositoryFactory, Suite, TestRunner } from './suite.js';

export type { RepositoryFactory, TestRunner } from './suite.js';

/**
 * Tests that a repository keeps the promises of {@link UserRepository}. What a repository may leave out is tested only if
 * it is there. An app with a repository of its own runs the suite in its own tests:
 *
 * ```ts
 * import { describe, it } from 'node:test';
 * import { userRepositoryContract } from 'kapacitor-auth/contract';
 *
 * userRepositoryContract({ describe, it }, 'my repository', { create: () => new MyRepository() });
 * ```
 */
export function userRepositoryContract({ describe, it }: TestRunner, name: string, factory: RepositoryFactory): void {
  const suite: Suite = {
    describe,
    test: (title, run) => {
      it(title, async () => {
        const repository = await factory.create();
        try {
          await run(repository);
        } finally {
          await factory.destroy?.(repository);
        }
      });
    },
  };
  describe(`${name} keeps the contract of a user repository`, () => {
    describeChanges(suite);
    describeLists(suite);
    describeFilters(suite);
    describeOptionalMethods(suite);
    describeAccounts(suite);
    describeLogins(suite);
    describeLimits(suite);
    describeSecrets(suite);
    describeBehindMiddleware(suite);
  });
}

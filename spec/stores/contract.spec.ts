import { MemoryUserRepository, type SharedLimits, SqliteUserRepository } from 'kapacitor-auth';
import { userRepositoryContract } from 'kapacitor-auth/contract';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { describe, expect, it } from 'vitest';
import { OPTIONAL_METHODS } from '../../lib/users/repository.js';
import { InPlaceRepository } from '../support/in-place-repository.js';
import { ownSchema } from '../support/postgres-repository.js';
import { openRepository, storeFile } from '../support/sqlite-repository.js';

userRepositoryContract({ describe, it }, 'MemoryUserRepository', { create: () => new MemoryUserRepository() });

userRepositoryContract({ describe, it }, 'a repository that changes its rows in place', {
  create: () => new InPlaceRepository(),
});

/** Each limiter of rate-limiter-flexible counts by itself in this store. In a database those of one prefix count together. */
class LimitedRepository extends MemoryUserRepository {
  readonly #limiters = new Map<string, RateLimiterMemory>();
  readonly limits: SharedLimits = {
    limiter: (options) => {
      const limiter = this.#limiters.get(options.keyPrefix) ?? new RateLimiterMemory(options);
      this.#limiters.set(options.keyPrefix, limiter);
      return limiter;
    },
  };
}

userRepositoryContract({ describe, it }, 'a repository whose limits are those of rate-limiter-flexible', {
  create: () => new LimitedRepository(),
});

userRepositoryContract({ describe, it }, 'SqliteUserRepository', { create: () => openRepository(storeFile()) });

userRepositoryContract({ describe, it }, 'PostgresUserRepository', {
  create: async () => {
    const repository = new PostgresUserRepository(ownSchema());
    await repository.open();
    return repository;
  },
  destroy: (repository) => repository.close?.(),
});

it.each([MemoryUserRepository, SqliteUserRepository, PostgresUserRepository])(
  '%o has every optional method',
  ({ prototype }) => {
    for (const method of OPTIONAL_METHODS) expect(prototype[method]).toBeInstanceOf(Function);
  },
);

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryUserRepository, SqliteUserRepository } from 'kapacitor-auth';
import { userRepositoryContract } from 'kapacitor-auth/contract';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { describe, expect, it } from 'vitest';
import { InPlaceRepository } from '../../support/in-place-repository.js';
import { ownSchema } from '../../support/postgres-repository.js';

userRepositoryContract({ describe, it }, 'MemoryUserRepository', { create: () => new MemoryUserRepository() });

userRepositoryContract({ describe, it }, 'a repository that changes its rows in place', {
  create: () => new InPlaceRepository(),
});

const folders = new WeakMap<object, string>();

userRepositoryContract({ describe, it }, 'SqliteUserRepository', {
  create: () => {
    const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-'));
    const repository = new SqliteUserRepository(join(folder, 'users.db'));
    folders.set(repository, folder);
    return repository;
  },
  destroy: async (repository) => {
    await repository.close?.();
    rmSync(folders.get(repository) as string, { recursive: true });
  },
});

userRepositoryContract({ describe, it }, 'PostgresUserRepository', {
  create: async () => {
    const repository = new PostgresUserRepository(ownSchema());
    await repository.open();
    return repository;
  },
  destroy: (repository) => repository.close?.(),
});

it.each([MemoryUserRepository, SqliteUserRepository, PostgresUserRepository])(
  '%o leaves nothing out',
  ({ prototype }) => {
    for (const method of ['hasAdmin', 'insertFirstAdmin', 'insertMany', 'snapshot'] as const) {
      expect(prototype[method]).toBeInstanceOf(Function);
    }
  },
);

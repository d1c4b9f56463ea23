import { LmdbUserRepository, StoreError } from 'kapacitor-auth';
import { expect, it, vi } from 'vitest';

vi.mock('node:module', async (original) => ({
  ...(await original<typeof import('node:module')>()),
  createRequire: () => () => {
    throw new Error("Cannot find module 'lmdb'");
  },
}));

it('names the package to install where it is missing, and keeps the cause', () => {
  const open = () => new LmdbUserRepository('users');
  expect(open).toThrow(StoreError);
  expect(open).toThrow('the store "lmdb:" needs the package lmdb, which cannot be loaded: npm install lmdb');
  expect(open).toThrow(
    expect.objectContaining({ cause: expect.objectContaining({ message: "Cannot find module 'lmdb'" }) }),
  );
});

import { kapacitorAuth, StoreError } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { expect, it, vi } from 'vitest';

vi.mock('node:module', async (original) => ({
  ...(await original<typeof import('node:module')>()),
  createRequire: () => () => {
    throw new Error("Cannot find module 'pg'");
  },
}));

const MESSAGE = 'the store "postgres:" needs the package pg, which cannot be loaded: npm install pg';
const CAUSE = expect.objectContaining({ message: "Cannot find module 'pg'" });

it.each([
  ['in code', () => new PostgresUserRepository('postgres://host/db')],
  ['as a store', () => kapacitorAuth({ auth: { store: 'postgres://host/db' } })],
])('a repository %s names the package to install where it is missing, and keeps the cause', (_where, open) => {
  expect(open).toThrow(StoreError);
  expect(open).toThrow(expect.objectContaining({ code: 'STORE_UNAVAILABLE', message: MESSAGE, cause: CAUSE }));
});

it('a mistake in the URL is told first', () => {
  expect(() => new PostgresUserRepository('postgres://host/db?max=0')).toThrow(
    'postgres://…?max= must be an integer from 1 to 9999',
  );
});

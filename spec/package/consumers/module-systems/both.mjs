import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as imported from 'kapacitor-auth';
import * as importedContract from 'kapacitor-auth/contract';
import * as importedPostgres from 'kapacitor-auth/postgres';

const require = createRequire(import.meta.url);
const required = require('kapacitor-auth');
const requiredPostgres = require('kapacitor-auth/postgres');

for (const [esm, cjs] of [
  [imported, required],
  [importedPostgres, requiredPostgres],
  [importedContract, require('kapacitor-auth/contract')],
]) {
  assert.deepEqual(Object.keys(esm).sort(), Object.keys(cjs).sort());
  for (const name of Object.keys(cjs)) assert.equal(esm[name], cjs[name], name);
}

// A repository of one is the store of the other, and either has the errors of both.
const repository = new required.SqliteUserRepository(join(process.argv[2], 'users.db'));
assert.ok(repository instanceof imported.SqliteUserRepository);
const auth = imported.kapacitorAuth({ auth: { bcryptCost: 4, store: repository } });
await auth.users.create({ name: 'somebody', password: 'examplePassword' });
await assert.rejects(
  () => auth.users.create({ name: 'somebody', password: 'examplePassword' }),
  (error) => error instanceof required.UserExistsError && error instanceof imported.KapacitorAuthError,
);
await auth.close();
for (const { PostgresUserRepository } of [importedPostgres, requiredPostgres]) {
  for (const { StoreError } of [imported, required]) {
    assert.throws(() => new PostgresUserRepository('postgres://host/database'), StoreError);
  }
}
console.log('one of each class');

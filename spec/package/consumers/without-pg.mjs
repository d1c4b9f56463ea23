import assert from 'node:assert/strict';
import { kapacitorAuth, StoreError } from 'kapacitor-auth';
import { PostgresUserRepository, postgresSchema } from 'kapacitor-auth/postgres';

for (const open of [
  () => kapacitorAuth({ auth: { store: 'postgres://localhost/app' } }),
  () => new PostgresUserRepository('postgres://localhost/app'),
]) {
  assert.throws(open, (error) => {
    assert.ok(error instanceof StoreError);
    assert.match(error.message, /npm install pg\b/);
    assert.equal(error.cause.code, 'MODULE_NOT_FOUND');
    return true;
  });
}
console.log(postgresSchema().split('\n')[0]);

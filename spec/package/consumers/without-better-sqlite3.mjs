import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { KapacitorAuthError, kapacitorAuth, StoreError } from 'kapacitor-auth';

async function use(store) {
  const auth = kapacitorAuth({ auth: { store, bcryptCost: 4 } });
  await auth.users.create({ name: 'somebody', password: 'examplePassword' });
  const user = await auth.users.get('somebody');
  await auth.close();
  return user.name;
}

const FILE = 'sqlite:./without-better-sqlite3/users.db';
console.log('memory:', await use('memory:'));
if (isBuiltin('node:sqlite')) {
  console.log('sqlite:', await use(FILE));
} else {
  assert.throws(
    () => kapacitorAuth({ auth: { store: FILE } }),
    (error) => {
      assert.ok(error instanceof StoreError);
      assert.ok(error instanceof KapacitorAuthError);
      assert.equal(error.code, 'STORE_UNAVAILABLE');
      assert.ok(error.cause instanceof Error);
      console.log('sqlite:', error.message, error.cause.code);
      assert.ok(!existsSync('without-better-sqlite3'));
      return true;
    },
  );
}

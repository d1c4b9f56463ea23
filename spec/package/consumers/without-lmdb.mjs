import assert from 'node:assert/strict';
import { KapacitorAuthError, kapacitorAuth, StoreError } from 'kapacitor-auth';

const auth = kapacitorAuth({ auth: { store: 'memory:', bcryptCost: 4 } });
await auth.users.create({ name: 'somebody', password: 'examplePassword' });
console.log((await auth.users.get('somebody'))?.name);
await auth.close();

assert.throws(
  () => kapacitorAuth({ auth: { store: 'lmdb:./users' } }),
  (error) => {
    assert.ok(error instanceof StoreError);
    assert.ok(error instanceof KapacitorAuthError);
    assert.equal(error.code, 'STORE_UNAVAILABLE');
    assert.match(error.message, /npm install lmdb\b/);
    assert.ok(error.cause instanceof Error);
    assert.equal(error.cause.code, 'MODULE_NOT_FOUND');
    return true;
  },
);

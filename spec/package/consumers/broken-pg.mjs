import assert from 'node:assert/strict';
import { kapacitorAuth, StoreError } from 'kapacitor-auth';

assert.throws(
  () => kapacitorAuth({ auth: { store: 'postgres://localhost/app' } }),
  (error) => {
    assert.ok(error instanceof StoreError);
    assert.match(error.message, /the package pg, which cannot be loaded: the disk has a hole /);
    console.log(error.cause.message);
    return true;
  },
);

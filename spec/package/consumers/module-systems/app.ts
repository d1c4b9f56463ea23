import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import {
  type KapacitorAuth,
  KapacitorAuthError,
  kapacitorAuth,
  SqliteUserRepository,
  StoreError,
} from 'kapacitor-auth';
import { type RepositoryFactory, userRepositoryContract } from 'kapacitor-auth/contract';
import { PostgresUserRepository, postgresSchema } from 'kapacitor-auth/postgres';

/** Answers requests out of a store in a file, and prints who was let in. */
async function run(folder: string): Promise<void> {
  const repository = new SqliteUserRepository(join(folder, 'users.db'));
  const auth: KapacitorAuth = kapacitorAuth({ auth: { bcryptCost: 4, store: repository } });
  const app = express();
  app.use(auth);
  app.get('/api/tasks', (req, res) => {
    const name: string = req.user.name;
    res.json({ for: name });
  });
  await auth.users.create({ name: 'somebody', password: 'examplePassword', type: 'admin' });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = async (password: string) => {
    const headers = { Authorization: `Basic ${btoa(`somebody:${password}`)}` };
    const response = await fetch(`http://127.0.0.1:${port}/api/tasks`, { headers });
    return [response.status, response.status === 200 ? await response.json() : undefined];
  };
  assert.deepEqual(await answer('wrong'), [401, undefined]);
  console.log(JSON.stringify(await answer('examplePassword')));
  server.close();
  await auth.close();
}

/** The other entries throw the classes of the main one. */
function tryOtherEntries(): void {
  assert.match(postgresSchema(), /CREATE TABLE/);
  const factory: RepositoryFactory | undefined = undefined;
  assert.equal(factory, undefined);
  assert.equal(typeof userRepositoryContract, 'function');
  assert.throws(
    () => new PostgresUserRepository('postgres://host/database'),
    (error) => {
      assert.ok(error instanceof StoreError);
      assert.ok(error instanceof KapacitorAuthError);
      assert.equal(error.name, 'StoreError');
      return true;
    },
  );
}

tryOtherEntries();
void run(process.argv[2] ?? '.');

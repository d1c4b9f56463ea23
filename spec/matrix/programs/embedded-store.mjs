import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { kapacitorAuth, SqliteUserRepository } from 'kapacitor-auth';

const FILE = './embedded-store/users.db';
const COPY = './embedded-store/copy.db';
const USERS = 50;
const ADMIN = { name: 'admin', password: 'adminPassword' };
const open = (file) => kapacitorAuth({ auth: { store: `sqlite:${file}`, bcryptCost: 4, admin: ADMIN } });

if (process.argv[2] === 'second') await change();
else await createAndChange();

/** Many changes at once, and changes of another process, which are in force here at once. */
async function createAndChange() {
  const auth = open(FILE);
  await auth.ready;
  const names = Array.from({ length: USERS }, (_, index) => `user${index}`);
  await Promise.all(names.map((name) => auth.users.create({ name, password: 'examplePassword' })));
  const verify = (password) => auth.verify({ name: 'user1', password }, { from: '127.0.0.1' });
  assert.equal((await verify('examplePassword')).name, 'user1');

  const program = fileURLToPath(import.meta.url);
  const { stderr } = await promisify(execFile)(process.execPath, [...process.execArgv, program, 'second']);
  assert.equal(stderr, '');
  assert.equal(await auth.users.get('user0'), undefined);
  assert.equal(await verify('examplePassword'), undefined);
  assert.equal((await verify('newPassword')).name, 'user1');
  await auth.close();
  await copy();
}

/** The second process. */
async function change() {
  const auth = open(FILE);
  await auth.ready;
  await auth.users.delete('user0');
  await auth.users.update('user1', { password: 'newPassword' });
  await auth.close();
}

async function copy() {
  const repository = new SqliteUserRepository(FILE);
  await repository.backup(COPY);
  await repository.close();
  const auth = open(COPY);
  await auth.ready;
  // The admin, and one user less.
  assert.equal((await auth.users.list()).length, USERS);
  await auth.close();
}

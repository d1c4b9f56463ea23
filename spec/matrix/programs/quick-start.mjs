import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kapacitorAuth } from 'kapacitor-auth';
import { serve } from './served.mjs';

// The README's first program, and its commands, which run in processes of their own.
const PACKAGE = createRequire(import.meta.url).resolve('kapacitor-auth/package.json');
const BIN = join(PACKAGE, '../dist/lib/cli/bin.js');
writeFileSync('password', 'examplePassword\n', { mode: 0o600 });
const store = ['--store', 'sqlite:.kapacitor-auth/users.db'];
const made = await command('user', 'add', 'admin', '--type', 'admin', '--password-file', 'password', ...store);
assert.match(made.stderr, /^kapacitor-auth: made the user store .+\n$/);
const auth = kapacitorAuth();
const { send, close } = await serve(auth);
await command('user', 'add', 'stan', '--permission', 'api', '--password-file', 'password');
await auth.users.create({ name: 'kim', password: 'examplePassword' });
const listed = await command('user', 'list', '--json');
assert.deepEqual(
  JSON.parse(listed.stdout).map(({ name }) => name),
  ['admin', 'kim', 'stan'],
);
assert.equal(listed.stderr, '');

assert.equal((await send('GET', '/whoami')).status, 401);
assert.equal((await send('GET', '/whoami', { as: 'admin:wrongPassword' })).status, 401);
assert.equal((await send('GET', '/whoami', { as: 'kim:examplePassword' })).status, 403);
for (const name of ['admin', 'stan']) {
  const { status, body } = await send('GET', '/whoami', { as: `${name}:examplePassword` });
  assert.deepEqual({ status, body }, { status: 200, body: { name, credential: 'password' } });
}
await close();

function command(...args) {
  return promisify(execFile)(process.execPath, [...process.execArgv, BIN, ...args]);
}

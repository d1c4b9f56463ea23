import { join } from 'node:path';
import { run } from '../support/cli.js';
import { openRepository } from '../support/sqlite-repository.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A store with an admin, and what runs commands on it. */
export async function storeWith(...names: readonly string[]) {
  const file = join(temporaryFolder(), 'users.db');
  const repository = openRepository(file);
  await repository.insertMany([userNamed('root', { type: 'admin' }), ...names.map((name) => userNamed(name))]);
  const store = `sqlite:${file}`;
  return {
    repository,
    store,
    on: (args: readonly string[], input = '') => run(['--store', store, ...args], { input }),
  };
}

export const done = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' });
export const failed = (exitCode: number, message: string) => ({
  exitCode,
  stdout: '',
  stderr: `kapacitor-auth: ${message}\n`,
});

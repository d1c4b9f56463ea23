import { expect, it, vi } from 'vitest';
import { run } from '../support/cli.js';

const missing = Object.assign(new Error("Cannot find module 'pg'\nRequire stack:\n- /app/postgres.js"), {
  code: 'MODULE_NOT_FOUND',
});
vi.mock('../../lib/require-package.cjs', () => ({ default: () => ({ error: missing }) }));

it('names a missing package and how to install it, and not where it was looked for', async () => {
  expect(await run(['user', 'list', '--store', 'postgres://user:secret@localhost/app'])).toMatchObject({
    exitCode: 4,
    stdout: '',
    stderr: 'kapacitor-auth: the store "postgres:" needs the package pg, which is not installed: npm install pg\n',
  });
});

import { expect, it, vi } from 'vitest';
import { run } from '../support/cli.js';

const outcome = vi.hoisted((): { error: unknown } => ({ error: undefined }));
vi.mock('../../lib/require-package.cjs', () => ({ default: () => outcome }));

const loaded = vi.hoisted(() => ({ express: false }));
vi.mock('express', (importOriginal) => {
  loaded.express = true;
  return importOriginal();
});

const missing = Object.assign(new Error("Cannot find module 'pg'\nRequire stack:\n- /app/postgres.js"), {
  code: 'MODULE_NOT_FOUND',
});
const unbuilt = Object.assign(new Error('Could not locate the bindings file. Tried:\n → build/pg.node'), { tries: [] });

it('only the gateway loads Express, which takes longer than the rest of a start', async () => {
  outcome.error = missing;
  await run(['user', 'list', '--store', 'postgres://user:secret@localhost/app']);
  expect(loaded).toEqual({ express: false });
  await run(['serve', '--upstream', 'http://localhost:9093']);
  expect(loaded).toEqual({ express: true });
});

it.each([
  ['a missing package and how to install it', missing, /which is not installed: npm install pg\n$/],
  ['a package that is not built', unbuilt, /which cannot be loaded: Could not locate the bindings file\. .+\)\n$/],
])('the error about a missing package names %s, and no paths', async (_, error, words) => {
  outcome.error = error;
  const { exitCode, stdout, stderr } = await run(['user', 'list', '--store', 'postgres://user:secret@localhost/app']);
  expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' });
  expect(stderr).toMatch(/^kapacitor-auth: the store "postgres:" needs the package pg, .+\n$/);
  expect(stderr).toMatch(words);
});

it('the gateway names the package that it needs, and how to install the version that runs everywhere', async () => {
  outcome.error = Object.assign(new Error("Cannot find module 'http-proxy-middleware'"), { code: 'MODULE_NOT_FOUND' });
  const { exitCode, stdout, stderr } = await run(['serve', '--upstream', 'http://localhost:9093']);
  expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
  expect(stderr).toBe(
    'kapacitor-auth: the gateway needs the package http-proxy-middleware, which is not installed: ' +
      'npm install http-proxy-middleware@3\n',
  );
});

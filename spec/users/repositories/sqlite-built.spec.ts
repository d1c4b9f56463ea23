import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { bundleImplementation } from '../../../lib/build/bundle.js';
import { storeFile } from '../../support/sqlite-repository.js';
import { userNamed } from '../../support/stored-user.js';

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/', import.meta.url));

const PROGRAM = `
  const [, built, file, user] = process.argv;
  const { SqliteUserRepository } = require(built);
  let threads = 0;
  process.on('worker', () => { threads += 1; });
  const repository = new SqliteUserRepository(file);
  repository.insert(JSON.parse(user)).then(() => repository.close()).then(() => console.log(threads));
`;

it('the package, as it is built, changes a store in a thread of its own', async () => {
  mkdirSync(CACHE, { recursive: true });
  // Where it finds the packages that are installed here.
  const folder = mkdtempSync(join(CACHE, 'kapacitor-auth-built-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await bundleImplementation(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  const args = [join(folder, 'lib/index.js'), storeFile(), JSON.stringify(userNamed('someone'))];
  expect(execFileSync(process.execPath, ['--no-warnings', '-e', PROGRAM, ...args], { encoding: 'utf8' })).toBe('1\n');
});

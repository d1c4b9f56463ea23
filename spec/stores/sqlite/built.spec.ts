import { execFileSync } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, it } from 'vitest';
import { storeFile } from '../../support/sqlite-repository.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const PROGRAM = `
  const [, built, file, user] = process.argv;
  const { SqliteUserRepository } = require(built);
  let threads = 0;
  process.on('worker', () => { threads += 1; });
  const repository = new SqliteUserRepository(file);
  repository.insert(JSON.parse(user)).then(() => repository.close()).then(() => console.log(threads));
`;

/** How many threads have changed a store. */
function threadsOf(built: string, env: NodeJS.ProcessEnv = process.env): string {
  const args = ['--no-warnings', '-e', PROGRAM, built, storeFile(), JSON.stringify(userNamed('someone'))];
  return execFileSync(process.execPath, args, { encoding: 'utf8', env });
}

it('the built package changes a store in its own thread', () => {
  expect(threadsOf(inject('programs')['index'] as string)).toBe('1\n');
});

it.each(['NODE_PATH', 'HOME'])('its thread finds packages by %s, as the app does', (variable) => {
  const folder = temporaryFolder();
  const packages = fileURLToPath(new URL('../../../node_modules', import.meta.url));
  symlinkSync(packages, join(folder, '.node_modules'));
  cpSync(join(inject('programs')['index'] as string, '../..'), join(folder, 'built'), { recursive: true });
  const { NODE_PATH: _path, HOME: _home, ...others } = process.env;
  const env = { ...others, [variable]: variable === 'HOME' ? folder : packages };
  expect(threadsOf(join(folder, 'built/lib/index.js'), env)).toBe('1\n');
});

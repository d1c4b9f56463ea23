import { execFileSync } from 'node:child_process';
import { expect, inject, it } from 'vitest';
import { storeFile } from '../../support/sqlite-repository.js';
import { userNamed } from '../../support/stored-user.js';

const PROGRAM = `
  const [, built, file, user] = process.argv;
  const { SqliteUserRepository } = require(built);
  let threads = 0;
  process.on('worker', () => { threads += 1; });
  const repository = new SqliteUserRepository(file);
  repository.insert(JSON.parse(user)).then(() => repository.close()).then(() => console.log(threads));
`;

it('the built package changes a store in its own thread', () => {
  const args = [inject('programs')['index'] as string, storeFile(), JSON.stringify(userNamed('someone'))];
  expect(execFileSync(process.execPath, ['--no-warnings', '-e', PROGRAM, ...args], { encoding: 'utf8' })).toBe('1\n');
});

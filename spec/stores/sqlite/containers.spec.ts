import { spawnSync } from 'node:child_process';
import { describe, expect, inject, it } from 'vitest';
import { AppInProcess } from '../../support/app-in-process.js';
import { environmentOf } from '../../support/cli.js';
import { AS_PROCESS_1 } from '../../support/namespaces.js';
import { storeFile } from '../../support/sqlite-repository.js';
import { StoreProcess } from '../../support/store-process.js';
import { userNamed } from '../../support/stored-user.js';

describe('two containers on one volume, in each of which the app is process 1', () => {
  it('both start and write, and each sees the other’s changes at its next question', async () => {
    const file = storeFile();
    const start = () => StoreProcess.start(file, { within: AS_PROCESS_1 });
    const [one, two] = [await start(), await start()];
    expect([await one.ask('processId'), await two.ask('processId')]).toEqual([1, 1]);
    await one.ask('insert', userNamed('root', { type: 'admin' }));
    for (let round = 0; round < 50; round += 1) {
      const [writer, reader] = round % 2 ? [one, two] : [two, one];
      expect(await writer.ask('insert', userNamed(`user${round}`))).toBe(true);
      expect(await reader.ask('find', `user${round}`)).toEqual(userNamed(`user${round}`));
    }
    await one.kill();
    expect(await two.ask('insert', userNamed('last'))).toBe(true);
    expect(await (await start()).ask('names')).toHaveLength(52);
  });

  it('can be managed with the command line in a third container', async () => {
    const file = storeFile();
    const app = await AppInProcess.start(file, { within: AS_PROCESS_1 });
    const command = (input: string, ...args: string[]) => {
      const [program, ...rest] = [
        ...AS_PROCESS_1,
        process.execPath,
        '--no-warnings',
        inject('programs')['cli'] as string,
      ];
      const env = environmentOf({
        KAPACITOR_AUTH_STORE: `sqlite:${file}`,
        KAPACITOR_AUTH_MINIMUM_PASSWORD_LENGTH: '0',
      });
      return spawnSync(program as string, [...rest, ...args], { input, env, encoding: 'utf8' });
    };
    expect(command('pw', 'user', 'add', 'jane', '--permission', 'api', '--password-stdin')).toMatchObject({
      status: 0,
    });
    expect(await app.status('jane')).toBe(200);
    expect((await app.create('john')).status).toBe(200);
    expect(command('', 'user', 'show', 'john').stdout).toContain('john');
    expect(command('', 'user', 'disable', 'jane')).toMatchObject({ status: 0 });
    expect(await app.status('jane')).toBe(401);
  });
});

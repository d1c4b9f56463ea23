import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import { kapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run, runBinary } from '../support/cli.js';
import { openPostgres, ownSchema } from '../support/postgres-repository.js';
import { serve } from '../support/server.js';
import { openRepository } from '../support/sqlite-repository.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Milliseconds, for a dozen starts of a process on a machine that does much else. */
const DONE_WITHIN = 60_000;

const CONFIG = [
  '[auth]',
  'enabled = true',
  'bcrypt-cost = 4',
  'minimum-password-length = 0',
  '[http]',
  'auth-enabled = true',
];
const HASH = `$2y$04$${'a'.repeat(53)}`;

const stores = [
  { kind: 'SQLite', url: () => `sqlite:${join(temporaryFolder(), 'users.db')}`, runs: runBinary },
  // A connection of its own is as good as another process.
  { kind: 'PostgreSQL', url: ownSchema, runs: run },
];

const lines = (text: string) => text.trimEnd().split('\n');

describe.each(stores)('the command line on $kind, beside a server', ({ kind, url, runs }) => {
  it(
    'has every command, and a change is in force in another process when the command ends',
    async () => {
      const folder = temporaryFolder();
      const store = url();
      writeFileSync(join(folder, 'kapacitor.conf'), `${CONFIG.join('\n')}\n`);
      writeFileSync(join(folder, 'htpasswd'), `old:${HASH}\n`);
      const env = { KAPACITOR_AUTH_STORE: store, KAPACITOR_CONFIG_PATH: join(folder, 'kapacitor.conf') };
      const on = (args: readonly string[], input = '') => run(args, { env, input });
      const beside = (args: readonly string[], input = '') => runs(args, { env, input });

      const auth = kapacitorAuth({ auth: { store, bcryptCost: 4, minimumPasswordLength: 0 } });
      onTestFinished(() => auth.close());
      await auth.ready;
      const server = await serve(express().use(auth, (_req, res) => void res.sendStatus(200)));
      const login = async (credentials: string) =>
        (await server.send({ path: '/kapacitor/v1/tasks', auth: credentials })).status;

      const [imported, hash, checked, completion] = await Promise.all([
        on(['import', join(folder, 'htpasswd'), '--permission', 'all']),
        on(['hash', '--password-stdin'], 'password'),
        on(['check-config']),
        on(['completion', 'bash']),
        on(['user', 'add', 'root', '--type', 'admin', '--password-stdin'], 'r00t'),
        beside(['user', 'add', 'stan', '--permission', 'api', '--password-stdin'], 'first'),
      ]);
      expect(imported.stdout).toBe('htpasswd: 1 new, 0 unchanged, 0 replaced, 0 kept, 0 refused\n');
      expect(hash.stdout).toMatch(/^\$2b\$04\$.{53}\n$/);
      expect(checked).toMatchObject({ exitCode: 0, stderr: '' });
      expect(checked.stdout).toMatch(/^\[auth\] store +"(?:sqlite|postgres):.*" +KAPACITOR_AUTH_STORE$/m);
      expect(checked.stdout).not.toContain('postgres:password@');
      expect(completion.stdout).toContain('complete -o default -F _kapacitor_auth kapacitor-auth');
      expect(await login('stan:first')).toBe(200);

      const [list, show, yes, exported, backup] = await Promise.all([
        on(['user', 'list']),
        on(['user', 'show', 'stan', '--json']),
        on(['can', 'stan', 'GET', '/kapacitor/v1/tasks']),
        on(['export', join(folder, 'users.jsonl')]),
        on(['backup', join(folder, 'copy.db')]),
      ]);
      expect(lines(list.stdout).map((line) => line.split(/ +/)[0])).toEqual(['NAME', 'old', 'root', 'stan']);
      // The login may be recorded by now.
      const { lastLogin: _, ...shown } = JSON.parse(show.stdout);
      expect(shown).toEqual({
        ...{ name: 'stan', type: 'normal', permissions: ['api'], enabled: true },
        ...{ created: expect.any(String), passwordChanged: expect.any(String) },
        ...{ expires: null, mustChangePassword: false, note: null },
      });
      expect(yes).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^yes: /) });
      expect(exported).toMatchObject({
        exitCode: 0,
        stderr: `kapacitor-auth: exported 3 users to ${join(folder, 'users.jsonl')}\n`,
      });
      expect(JSON.parse(lines(readFileSync(join(folder, 'users.jsonl'), 'utf8'))[0] as string)).toEqual({
        name: 'old',
        type: 'normal',
        permissions: ['all'],
        enabled: true,
        hash: HASH,
        created: expect.any(String),
      });
      if (kind === 'SQLite')
        expect(backup).toEqual({ exitCode: 0, stdout: `sqlite:${join(folder, 'copy.db')}\n`, stderr: '' });
      else expect(backup).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('pg_dump --schema=') });

      expect((await beside(['user', 'passwd', 'stan', '--password-stdin'], 'second')).exitCode).toBe(0);
      expect([await login('stan:first'), await login('stan:second')]).toEqual([401, 200]);
      expect((await beside(['user', 'disable', 'stan'])).exitCode).toBe(0);
      expect(await login('stan:second')).toBe(401);
      expect((await on(['user', 'enable', 'stan'])).exitCode).toBe(0);
      expect(await login('stan:second')).toBe(200);
      expect((await beside(['user', 'set', 'stan', '--permission', 'none'])).exitCode).toBe(0);
      expect(await login('stan:second')).toBe(403);
      const [no, lastAdmin, deleted] = await Promise.all([
        on(['can', 'stan', 'GET', '/kapacitor/v1/tasks']),
        on(['user', 'delete', 'root', '--yes']),
        on(['user', 'delete', 'old', '--yes']),
      ]);
      expect(no).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^no: /), stderr: '' });
      expect(lastAdmin).toMatchObject({
        exitCode: 1,
        stdout: '',
        stderr: 'kapacitor-auth: the last admin cannot be deleted or demoted\n',
      });
      expect(deleted).toEqual({ exitCode: 0, stdout: 'deleted old\n', stderr: '' });
      expect(await auth.users.get('old')).toBeUndefined();
    },
    DONE_WITHIN,
  );
});

describe('thousands of users', () => {
  it(
    'move from one kind of store to another, a thousand at a time',
    async () => {
      const file = join(temporaryFolder(), 'users.db');
      const names = Array.from({ length: 3_000 }, (_, index) => `user${String(index).padStart(4, '0')}`);
      await openRepository(file).insertMany(names.map((name) => userNamed(name)));
      const postgres = ownSchema();
      const exported = await run(['export', '--store', `sqlite:${file}`]);
      const imported = await run(['import', '-', '--store', postgres], { input: exported.stdout });
      expect(imported).toEqual({
        exitCode: 0,
        stdout: 'JSON lines: 3000 new, 0 unchanged, 0 replaced, 0 kept, 0 refused\n',
        stderr: '',
      });
      const repository = await openPostgres(postgres);
      const found: string[] = [];
      for await (const { name } of repository.snapshot()) found.push(name);
      expect(found).toEqual(names);
    },
    DONE_WITHIN,
  );
});

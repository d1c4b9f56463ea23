import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect, promisify } from 'node:util';
import express from 'express';
import { ConfigError, kapacitorAuth, MemoryUserRepository } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAuth, ROOT } from './support/auth.js';
import { NODE_OPTIONS, programNamed } from './support/child-process.js';
import { serve } from './support/server.js';
import { userNamed } from './support/stored-user.js';
import { temporaryFolder } from './support/temporary-folder.js';
import { ANY_ACCOUNT } from './support/user.js';

const run = promisify(execFile);

/** Runs a program with the package, as it is built, in a process of its own, which is killed when it does not end by itself. */
async function runProgram(program: string, cwd: string): Promise<string> {
  const file = join(cwd, 'program.mjs');
  const index = pathToFileURL(programNamed('index')).href;
  writeFileSync(file, program.replaceAll('KAPACITOR_AUTH', JSON.stringify(index)));
  const { stdout } = await run(process.execPath, [...NODE_OPTIONS, file], { cwd, timeout: 15_000 });
  return stdout;
}

describe('kapacitorAuth', () => {
  it('reads a config file, and keeps users in the store that it names', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'kapacitor.conf');
    const rules = 'bcrypt-cost = 4\nminimum-password-length = 0\n';
    writeFileSync(file, `data_dir = "data"\n[auth]\nenabled = true\n${rules}[http]\nauth-enabled = true\n`);
    const auth = kapacitorAuth(file);
    onTestFinished(() => auth.close());
    await auth.ready;
    await auth.users.create(ROOT);
    expect(auth.config.auth).toMatchObject({
      bcryptCost: 4,
      store: `sqlite:${join(folder, 'data', 'auth', 'users.db')}`,
    });
    await auth.close();
    const again = kapacitorAuth(file);
    onTestFinished(() => again.close());
    expect(await again.users.get('root')).toEqual({
      ...{ name: 'root', type: 'admin', permissions: [], enabled: true },
      ...ANY_ACCOUNT,
    });
  });

  it('opens nothing that only users need if there are no users', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'kapacitor.conf');
    const lines = [
      '[auth]',
      'refused-passwords = "missing.txt"',
      'audit-log = "missing/audit.jsonl"',
      'store = "sqlite:./users.db"',
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const auth = kapacitorAuth(file);
    await auth.ready;
    await auth.close();
    expect(readdirSync(folder)).toEqual(['kapacitor.conf']);
    expect(() => kapacitorAuth(file, { auth: { enabled: true } })).toThrow('missing.txt');
  });

  it('takes options from code that a file cannot have, and lets code override the file', async () => {
    const file = join(temporaryFolder(), 'kapacitor.conf');
    writeFileSync(file, '[auth]\nenabled = true\nstore = "memory:"\n[http]\nauth-enabled = false\n');
    const store = new MemoryUserRepository();
    const auth = kapacitorAuth(file, { http: { authEnabled: true }, auth: { store } });
    onTestFinished(() => auth.close());
    expect(auth.authEnabled).toBe(true);
    expect(auth.config.auth.store).toBe(store);
  });

  it('combines two objects, and lets the second one override the first', () => {
    const auth = kapacitorAuth(
      { http: { realm: 'one' }, auth: { store: 'memory:', bcryptCost: 4 } },
      { http: { realm: 'two' } },
    );
    onTestFinished(() => auth.close());
    expect(auth.config).toMatchObject({ http: { realm: 'two' }, auth: { bcryptCost: 4 } });
  });

  it('warns when authentication is off', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const auth = kapacitorAuth({ http: { authEnabled: false }, auth: { store: 'memory:' } });
    onTestFinished(() => auth.close());
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(
      expect.stringContaining('authentication is off: every request runs as the admin ADMIN_USER'),
      { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_CONFIG' },
    );
  });
});

describe('a hash that is not verified', () => {
  it('causes one warning a minute, which names the user', async () => {
    const repository = new MemoryUserRepository();
    const auth = await createAuth({ auth: { store: repository } });
    for (const name of ['dear', 'dear2']) {
      repository.insert(userNamed(name, { hash: `$2b$15$${'x'.repeat(53)}` }));
    }
    const app = express();
    app.use(auth);
    const { send } = await serve(app);
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    for (const name of ['dear', 'dear2', 'api']) await send({ path: '/x', auth: `${name}:pw` });
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      'user "dear" cannot log in: the stored hash is not a bcrypt hash with a cost from 4 to 14. ' +
        'Give the user a new password. If the hash has a higher cost on purpose, set [auth] bcrypt-cost to that cost. ' +
        'Other users may have the same problem',
      { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_HASH_REFUSED' },
    );
  });
});

describe('without users', () => {
  it('every request runs as ADMIN_USER, there is no users API, and authentication cannot be switched on', async () => {
    const auth = await createAuth({ http: { authEnabled: false }, auth: { enabled: false } }, []);
    const app = express();
    app.use(auth);
    app.use((req, res) => {
      res.status(299).json(req.user);
    });
    const { send } = await serve(app);
    expect(await send({ path: '/kapacitor/v1/users', isDocumented: false })).toMatchObject({
      status: 299,
      body: { name: 'ADMIN_USER' },
    });
    await expect(auth.users.list()).rejects.toThrow('there are no users: [auth] enabled is false');
    expect(() => {
      auth.authEnabled = true;
    }).toThrow(ConfigError);
    expect(auth.authEnabled).toBe(false);
  });

  it('nothing is written to disk', async () => {
    const folder = temporaryFolder();
    const program = `
      import { readdirSync } from 'node:fs';
      import { kapacitorAuth } from KAPACITOR_AUTH;
      const auth = kapacitorAuth({ http: { authEnabled: false }, auth: { enabled: false } });
      await auth.close();
      console.log(JSON.stringify(readdirSync('.')));
    `;
    expect(JSON.parse(await runProgram(program, folder))).toEqual(['program.mjs']);
  });
});

describe('close', () => {
  it('makes every later request get 503, and can be called again', async () => {
    const auth = await createAuth();
    const app = express();
    app.use(auth);
    const { send } = await serve(app);
    expect((await send({ path: '/x', auth: 'api:pw' })).status).toBe(404);
    await Promise.all([auth.close(), auth.close()]);
    expect(await send({ path: '/x', auth: 'api:pw' })).toMatchObject({
      status: 503,
      body: { error: 'the user store is closed' },
    });
    await expect(auth.users.list()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it.each(['memory:', 'sqlite:users.db'])(
    'leaves nothing that keeps the process alive, with the store %s',
    async (store) => {
      const program = `
      import { kapacitorAuth } from KAPACITOR_AUTH;
      const handlers = process.eventNames().length;
      const auth = kapacitorAuth({ auth: { store: '${store}', bcryptCost: 4 } });
      await auth.ready;
      await auth.users.create({ name: 'root', password: 'r00t r00t', type: 'admin' });
      await auth.users.update('root', { password: 'another r00t' });
      await auth.close();
      console.log(process.eventNames().length - handlers, process._getActiveHandles().length > 3);
    `;
      expect(await runProgram(program, temporaryFolder())).toBe('0 false\n');
    },
  );

  it('is not needed to end a process that has served nothing', async () => {
    const program = `
      import { kapacitorAuth } from KAPACITOR_AUTH;
      kapacitorAuth({ auth: { store: 'sqlite:users.db', bcryptCost: 4 } });
      console.log('ended');
    `;
    expect(await runProgram(program, temporaryFolder())).toBe('ended\n');
  });
});

describe('the middleware, printed', () => {
  it('contains no secret', async () => {
    const auth = await createAuth();
    const app = express();
    app.use(auth);
    const { send } = await serve(app);
    await send({ path: '/x', auth: 'root:r00t' });
    const shown = inspect(auth, { depth: 20, showHidden: true });
    expect(shown).not.toMatch(/\$2[aby]\$/);
    expect(shown).not.toContain('r00t');
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { send } from '../support/server.js';
import { Example, temporaryFolder, writeFile } from './child.js';

const SERVER = new URL('../../examples/server.ts', import.meta.url);

const PEM = fileURLToPath(new URL('localhost.pem', import.meta.url));
const EXAMPLE_CONFIG = fileURLToPath(new URL('../../examples/kapacitor.conf', import.meta.url));

/** The content type of curl for a body from --data. */
const CURL = { 'User-Agent': 'curl/8.5.0', Accept: '*/*', 'Content-Type': 'application/x-www-form-urlencoded' };
const FIRST_ADMIN = '{"name": "exampleUsername", "password": "examplePassword", "type":"admin"}';
const ADMIN = 'exampleUsername:examplePassword';

/** A file like the example's, on a free port, with its users beside it. */
function config({ http = [], auth = [] }: { http?: string[]; auth?: string[] } = {}): string {
  return writeFile(temporaryFolder(), 'kapacitor.conf', [
    'data_dir = "data"',
    '[http]',
    '  bind-address = "localhost:0"',
    ...http,
    '[auth]',
    ...auth,
  ]);
}

async function portOf(server: Example): Promise<number> {
  return Number((await server.printed(/Listening on http:\/\/[^ ]+:(\d+)\n/))[1]);
}

function createFirstAdmin(port: number) {
  return send(port, { method: 'POST', path: '/kapacitor/v1/users', headers: CURL, body: FIRST_ADMIN });
}

describe('examples/server.ts: the walk-through', () => {
  const USERS_ON = { auth: ['  enabled = true', '  bcrypt-cost = 4'] };

  it.each([
    {
      by: 'the file',
      off: () => ({ file: USERS_ON, env: {} }),
      on: { http: ['  auth-enabled = true'], ...USERS_ON },
      onEnv: {},
    },
    {
      by: 'the environment',
      off: () => ({ file: {}, env: { KAPACITOR_AUTH_ENABLED: 'true', KAPACITOR_AUTH_BCRYPT: '4' } }),
      on: {},
      onEnv: { KAPACITOR_HTTP_AUTH_ENABLED: 'true' },
    },
  ])(
    'makes the first admin, and requires a login after a restart with authentication switched on by $by',
    async (way) => {
      const { file, env } = way.off();
      const data = { KAPACITOR_DATA_DIR: temporaryFolder() };
      const open = new Example(SERVER, { args: ['-config', config(file)], env: { ...env, ...data } });
      const openPort = await portOf(open);
      expect(await createFirstAdmin(openPort)).toMatchObject({
        status: 200,
        body: {
          link: { rel: 'self', href: '/kapacitor/v1/users/exampleUsername' },
          name: 'exampleUsername',
          type: 'admin',
          permissions: [],
        },
      });
      expect(await open.stop()).toBe(0);

      const closed = new Example(SERVER, {
        args: ['-config', config(way.on)],
        env: { ...env, ...way.onEnv, ...data },
      });
      const port = await portOf(closed);
      const path = '/kapacitor/v1/tasks';
      expect(await send(port, { path, auth: ADMIN })).toMatchObject({ status: 200, body: { tasks: [] } });
      expect(await send(port, { path })).toMatchObject({
        status: 401,
        body: { error: 'unable to parse authentication credentials' },
      });
      expect(await send(port, { path, auth: 'exampleUsername:wrong' })).toMatchObject({
        status: 401,
        body: { error: 'authorization failed' },
      });
      expect(await closed.stop('SIGINT')).toBe(0);
    },
  );

  it('lets the admin make a user, whose permissions apply until they are changed', async () => {
    const server = await serverWithAdmin();
    const port = await portOf(server);
    const body = '{"name":"stan","password":"stanPassword","type":"normal","permissions":["api"]}';
    const created = await send(port, { method: 'POST', path: '/kapacitor/v1/users', auth: ADMIN, headers: CURL, body });
    expect(created).toMatchObject({ status: 200, body: { name: 'stan', type: 'normal', permissions: ['api'] } });
    const asStan = async (path: string, method = 'GET') =>
      (await send(port, { method, path: `/kapacitor/v1${path}`, auth: 'stan:stanPassword' })).status;

    expect(await asStan('/tasks')).toBe(200);
    expect(await asStan('/ping')).toBe(204);
    expect(await asStan('/config')).toBe(403);
    expect(await asStan('/write', 'POST')).toBe(403);
    expect(await asStan('/users', 'POST')).toBe(403);

    await send(port, {
      method: 'PATCH',
      path: '/kapacitor/v1/users/stan',
      auth: ADMIN,
      headers: CURL,
      body: '{"permissions":["config_api"]}',
    });
    expect(await asStan('/tasks')).toBe(403);
    // Allowed, and not there.
    expect(await asStan('/config')).toBe(404);

    const removed = await send(port, { method: 'DELETE', path: '/kapacitor/v1/users/stan', auth: ADMIN });
    expect(removed.status).toBe(204);
    expect(await asStan('/config')).toBe(401);
  });

  it("sends Kapacitor's version header with every answer, and its body for a missing path", async () => {
    const port = await portOf(await serverWithAdmin());
    for (const request of [
      { path: '/kapacitor/v1/ping', auth: ADMIN },
      { path: '/kapacitor/v1/ping' },
      { path: '/kapacitor/v1/users', auth: ADMIN },
      { path: '/nowhere', auth: ADMIN },
    ]) {
      const { headers } = await send(port, request);
      expect(headers['x-kapacitor-version']).toBe(packageJson.version);
      expect(headers).not.toHaveProperty('x-powered-by');
    }
    expect(await send(port, { path: '/nowhere', auth: ADMIN })).toMatchObject({
      status: 404,
      body: { error: 'Not Found', message: 'Not Found' },
    });
  });

  async function serverWithAdmin(): Promise<Example> {
    const data = { KAPACITOR_DATA_DIR: temporaryFolder() };
    const open = new Example(SERVER, { args: ['-config', config(USERS_ON)], env: data });
    await createFirstAdmin(await portOf(open));
    await open.stop();
    const file = config({ http: ['  auth-enabled = true'], ...USERS_ON });
    return new Example(SERVER, { args: ['-config', file], env: data });
  }
});

describe('examples/server.ts: what it prints at start', () => {
  it('prints its address, that authentication is off, the store, and how to make the first admin', async () => {
    const file = config({ auth: ['  enabled = true'] });
    const server = new Example(SERVER, { args: ['-config', file] });
    const port = await portOf(server);
    await server.printed(/start again\.\n/);
    expect(server.stdout.split('\n')).toEqual([
      `Listening on http://localhost:${port}`,
      'Authentication is off: only requests for localhost, 127.0.0.1, [::1] are answered.',
      'Otherwise a page of another site could reach this server under a name of its own (DNS rebinding).',
      '[http] allowed-hosts, or KAPACITOR_HTTP_ALLOWED_HOSTS, names other hosts.',
      `The users are in sqlite:${join(file, '..', 'data', 'auth', 'users.db')}`,
      '',
      'There are no users yet. Make the first admin:',
      `  curl --request POST 'http://localhost:${port}/kapacitor/v1/users' --data '${FIRST_ADMIN}'`,
      'To switch authentication on, stop this server, set  auth-enabled = true  below [http],',
      'or KAPACITOR_HTTP_AUTH_ENABLED=true in the environment, and start again.',
      '',
    ]);
  });

  it('prints how to switch authentication on once there are users, and then how a user logs in', async () => {
    const args = ['-config', config({ auth: ['  enabled = true', '  bcrypt-cost = 4'] })];
    const first = new Example(SERVER, { args });
    await createFirstAdmin(await portOf(first));
    await first.stop();

    const off = new Example(SERVER, { args });
    await off.printed(/start again\.\n/);
    expect(off.stdout).toContain('To switch authentication on,');
    expect(off.stdout).not.toContain('curl');
    await off.stop();

    const on = new Example(SERVER, { args, env: { KAPACITOR_HTTP_AUTH_ENABLED: 'true' } });
    const port = await portOf(on);
    await on.printed(/curl .*\n/);
    expect(on.stdout).toContain('Authentication is on\n');
    expect(on.stdout).toContain(`  curl http://localhost:${port}/kapacitor/v1/tasks -u "NAME:PASSWORD"\n`);
  });

  it('prints how to make the first admin if authentication is on and there is no admin', async () => {
    const file = config({ http: ['  auth-enabled = true'], auth: ['  enabled = true'] });
    const server = new Example(SERVER, { args: ['-config', file] });
    await server.printed(/in another terminal:\n.*\n/);
    expect(server.stdout).toContain(
      `  npx kapacitor-auth user add exampleUsername --type admin --config ${file} --store sqlite:`,
    );
  });

  it('prints how to have users if [auth] enabled is false', async () => {
    const server = new Example(SERVER, { args: ['-config', config()] });
    await server.printed(/KAPACITOR_AUTH_ENABLED=true,\nand start again\.\n/);
    expect(server.stdout).toContain('There are no users and no users API: [auth] enabled is false\n');
  });

  it('puts an IPv6 address into brackets, and prints no address that stands for all', async () => {
    const six = new Example(SERVER, {
      args: ['-config', config()],
      env: { KAPACITOR_HTTP_BIND_ADDRESS: '[::1]:0' },
    });
    await six.printed(/Listening on http:\/\/\[::1\]:\d+\n/);
    const all = new Example(SERVER, {
      args: ['-config', config()],
      env: { KAPACITOR_HTTP_BIND_ADDRESS: '0.0.0.0:0' },
    });
    await all.printed(/Listening on http:\/\/localhost:\d+\n/);
  });
});

describe('examples/server.ts while authentication is off', () => {
  const ping = async (port: number, host: string) =>
    (await send(port, { path: '/kapacitor/v1/ping', headers: { Host: host } })).status;

  it('answers for names of localhost with any port, and 421 for another host', async () => {
    const port = await portOf(new Example(SERVER, { args: ['-config', config({ auth: ['  enabled = true'] })] }));
    for (const host of [`localhost:${port}`, 'localhost', '127.0.0.1:1', '[::1]'])
      expect(await ping(port, host)).toBe(204);
    expect(await ping(port, 'rebound.example')).toBe(421);
    const { status } = await send(port, {
      method: 'POST',
      path: '/kapacitor/v1/users',
      headers: { ...CURL, Host: 'rebound.example' },
      body: FIRST_ADMIN,
    });
    expect(status).toBe(421);
  });

  it.each([
    ['the address that it is bound to', '127.0.0.2:0', '127.0.0.2:9092'],
    ['each address of this machine, where it is bound to all', ':0', '127.0.0.1:9092'],
  ])('answers for %s', async (_what, address, host) => {
    const server = new Example(SERVER, { args: ['-config', config()], env: { KAPACITOR_HTTP_BIND_ADDRESS: address } });
    const [, text = ''] = await server.printed(/only requests for (.*) are answered/);
    expect(text.split(', ')).toContain(host.replace(':9092', ''));
    expect(new Set(text.split(', ')).size).toBe(text.split(', ').length);
  });

  it('answers for the hosts of the file instead', async () => {
    const port = await portOf(
      new Example(SERVER, { args: ['-config', config({ http: ['  allowed-hosts = ["a.example"]'] })] }),
    );
    expect(await ping(port, 'a.example')).toBe(204);
    expect(await ping(port, 'localhost')).toBe(421);
  });

  it('answers for every host if the file says so, with a warning', async () => {
    const server = new Example(SERVER, { args: ['-config', config({ http: ['  allowed-hosts = ["*"]'] })] });
    expect(await ping(await portOf(server), 'kapacitor.example')).toBe(204);
    expect(server.stdout).toContain(
      'Authentication is off, and requests for every host are answered ([http] allowed-hosts).\n',
    );
    expect(server.stdout).not.toContain('only requests for');
  });

  it('answers for every host once authentication is on', async () => {
    const file = config({ http: ['  auth-enabled = true'], auth: ['  enabled = true'] });
    const port = await portOf(new Example(SERVER, { args: ['-config', file] }));
    expect(await ping(port, 'kapacitor.example')).toBe(401);
  });
});

describe('examples/server.ts behind a proxy', () => {
  it.each([
    { trust: { TRUST_PROXY: 'loopback' }, does: 'counts the failed logins of each of its clients', second: 401 },
    { trust: { TRUST_PROXY: '1' }, does: 'does so when it is told how many proxies there are', second: 401 },
    { trust: {}, does: 'counts those of all its clients together when it is not told of the proxy', second: 429 },
  ])('$does', async ({ trust, second }) => {
    const env = { KAPACITOR_HTTP_AUTH_ENABLED: 'true', KAPACITOR_AUTH_FAILURE_LIMIT: '1', ...trust };
    const file = config({ auth: ['  enabled = true', '  bcrypt-cost = 4'] });
    const port = await portOf(new Example(SERVER, { args: ['-config', file], env }));
    const failFrom = async (client: string) =>
      (await send(port, { path: '/', auth: 'stan:wrong', headers: { 'X-Forwarded-For': client } })).status;
    expect(await failFrom('192.0.2.1')).toBe(401);
    expect(await failFrom('192.0.2.2')).toBe(second);
  });
});

describe('examples/server.ts: its command line', () => {
  it.each([
    { form: '-config=FILE', args: (file: string) => [`-config=${file}`] },
    { form: '--config FILE', args: (file: string) => ['--config', file] },
    { form: '--config=FILE', args: (file: string) => [`--config=${file}`] },
  ])('accepts $form', async ({ args }) => {
    const file = config({ auth: ['  enabled = true'] });
    const server = new Example(SERVER, { args: args(file) });
    await server.printed(/start again\.\n/);
    expect(server.stdout).toContain(join(file, '..', 'data', 'auth'));
  });

  it('reads the file from KAPACITOR_CONFIG_PATH without a flag', async () => {
    const file = config({ auth: ['  enabled = true'] });
    const server = new Example(SERVER, { env: { KAPACITOR_CONFIG_PATH: file } });
    await server.printed(/start again\.\n/);
    expect(server.stdout).toContain(join(file, '..', 'data', 'auth'));
  });

  it('reads the example file without a flag and a variable', async () => {
    const store = `sqlite:${join(temporaryFolder(), 'users.db')}`;
    const env = { KAPACITOR_AUTH_STORE: store, KAPACITOR_HTTP_BIND_ADDRESS: 'localhost:0' };
    const server = new Example(SERVER, { env, cwd: temporaryFolder() });
    await server.printed(/start again\.\n/);
    expect(server.stdout).toContain(`The users are in ${store}\n\nThere are no users yet. Make the first admin:\n`);
  });

  it.each([['-bogus'], ['-config'], ['surplus']])('prints its usage for %s and exits with 2', async (arg) => {
    const server = new Example(SERVER, { args: [arg] });
    expect(await server.exited).toBe(2);
    expect(server.stderr).toMatch(/\nusage: npm start -- \[-config FILE\]\n$/);
    expect(server.stdout).toBe('');
  });
});

describe('examples/server.ts: errors at the start', () => {
  it('names the line of `auth-enabled: true`, which is not TOML, and shows the right line', async () => {
    const file = config({ http: ['  auth-enabled: true'], auth: ['  enabled = true'] });
    expect(await failure(file)).toBe(`${file}, line 4: auth-enabled: this is not TOML: write  auth-enabled = true\n`);
  });

  it('names a missing file', async () => {
    const file = join(temporaryFolder(), 'missing.conf');
    expect(await failure(file)).toBe(`cannot read the config file ${file}: there is no such file\n`);
  });

  it('names a store that cannot be opened', async () => {
    const folder = temporaryFolder();
    const inFile = join(writeFile(folder, 'file', []), 'users.db');
    const error = await failure(config({ auth: ['  enabled = true'] }), { KAPACITOR_AUTH_STORE: `sqlite:${inFile}` });
    expect(error).toContain(inFile);
    expect(error).not.toMatch(/^\s+at /m);
  });

  it('names a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise((resolve) => other.close(() => resolve())));
    const { port } = other.address() as { port: number };
    const error = await failure(config(), { KAPACITOR_HTTP_BIND_ADDRESS: `127.0.0.1:${port}` });
    expect(error).toContain(
      `cannot listen ([http] bind-address): listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`,
    );
  });

  it.each(['https-certificate', 'https-private-key'])('names a missing PEM file for %s', async (key) => {
    const missing = join(temporaryFolder(), 'missing.pem');
    const other = key === 'https-certificate' ? '  https-private-key' : '  https-certificate';
    const http = ['  https-enabled = true', `  ${key} = "${missing}"`, `${other} = "${PEM}"`];
    expect(await failure(config({ http }))).toContain(
      `cannot read [http] ${key}: ENOENT: no such file or directory, open '${missing}'\n`,
    );
  });

  it('names an invalid proxy', async () => {
    const error = await failure(config(), { TRUST_PROXY: 'true' });
    expect(error).toContain('TRUST_PROXY is the number or the addresses of your proxies: invalid IP address: true\n');
  });

  it('names a PEM file without a certificate', async () => {
    const bad = writeFile(temporaryFolder(), 'bad.pem', ['nothing']);
    const error = await failure(config({ http: ['  https-enabled = true', `  https-certificate = "${bad}"`] }));
    expect(error).toContain(`cannot serve https:// with ${bad} and ${bad}: `);
  });

  /** The output, without the library's warnings. */
  async function failure(file: string, env: Record<string, string> = {}): Promise<string> {
    const server = new Example(SERVER, { args: ['-config', file], env });
    expect(await server.exited).toBe(1);
    expect(server.stdout).toBe('');
    expect(server.stderr).not.toMatch(/^\s+at /m);
    return server.stderr;
  }
});

describe('examples/server.ts over https', () => {
  it('serves with the certificate and the key in one file', async () => {
    const http = ['  https-enabled = true', `  https-certificate = "${PEM}"`];
    const server = new Example(SERVER, { args: ['-config', config({ http, auth: ['  enabled = true'] })] });
    const [, url] = await server.printed(/curl --request POST '(https:\/\/localhost:\d+)\/kapacitor/);
    const status = await new Promise((resolve, reject) => {
      const request = get(`${url}/kapacitor/v1/ping`, { ca: readFileSync(PEM), agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
    });
    expect(status).toBe(204);
    expect(await server.stop()).toBe(0);
  });
});

describe('examples/kapacitor.conf', () => {
  it('keeps the users in a folder that git ignores', () => {
    const ignored = readFileSync(new URL('../../.gitignore', import.meta.url), 'utf8').split('\n');
    expect(readFileSync(EXAMPLE_CONFIG, 'utf8')).toContain('\ndata_dir = "../.kapacitor"\n');
    expect(ignored).toContain('.kapacitor/');
    expect(existsSync(join(EXAMPLE_CONFIG, '..', '.kapacitor'))).toBe(false);
  });
});

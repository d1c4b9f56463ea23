import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type Answer, type SentRequest, send, serve } from '../support/server.js';
import { Example, temporaryFolder } from './child.js';

const CLUSTER = new URL('../../examples/cluster/cluster.ts', import.meta.url);

const ADMIN = 'admin:adminPassword';
const STAN = '{"name":"stan","password":"stanPassword","permissions":["api"]}';
const STAN_IS_IN = { status: 200, body: { user: 'stan' } };

/** How often a request is sent when it shall come to each worker: they take turns. */
const REQUESTS = 8;

const STORES = [
  { store: 'a PostgreSQL that it starts itself', args: [], servers: 1 },
  { store: 'a file of SQLite', args: ['--store', 'sqlite:./users.db'], servers: 0 },
];

async function start(args: readonly string[], env: Record<string, string> = { ADMIN_PASSWORD: 'adminPassword' }) {
  const folder = temporaryFolder();
  // PostgreSQL runs as a user of its own if root starts it, and must reach this folder.
  chmodSync(folder, 0o755);
  const example = new Example(CLUSTER, {
    cwd: folder,
    args: ['--workers', '2', ...args],
    env: { KAPACITOR_HTTP_BIND_ADDRESS: '127.0.0.1:0', KAPACITOR_AUTH_BCRYPT_COST: '4', ...env },
  });
  const [, port] = await example.printed(/2 workers listen on http:\/\/127\.0\.0\.1:(\d+)\. [\s\S]*kill -9 WORKER\n/);
  const ask = (request: SentRequest) => send(Number(port), request);
  return { folder, example, ask };
}

/** Sends it on one new connection after another, and gives the answers by the worker that they came from. */
async function askAll(ask: (request: SentRequest) => Promise<Answer>, auth: string): Promise<Map<number, Answer>> {
  const answers = new Map<number, Answer>();
  for (let count = 0; count < REQUESTS; count += 1) {
    const answer = await ask({ path: '/whoami', auth });
    answers.set(answer.body.worker, answer);
  }
  return answers;
}

/** The processes among these that are running. */
function running(processes: Iterable<number>): number[] {
  return [...processes].filter((pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  });
}

describe.each(STORES)('examples/cluster/cluster.ts with $store', ({ args, servers }) => {
  it('has users and changes in force in all workers, replaces a worker that dies, and leaves nothing behind', async () => {
    const { folder, example, ask } = await start(args);
    const created = await ask({ method: 'POST', path: '/kapacitor/v1/users', auth: ADMIN, body: STAN });
    expect(created.status).toBe(200);
    const answers = await askAll(ask, 'stan:stanPassword');
    expect([...answers.values()]).toMatchObject([STAN_IS_IN, STAN_IS_IN]);

    const body = '{"password":"anotherPassword"}';
    const path = '/kapacitor/v1/users/stan';
    expect((await ask({ method: 'PATCH', path, auth: 'stan:stanPassword', body })).status).toBe(200);
    for (let count = 0; count < REQUESTS; count += 1) {
      expect((await ask({ path: '/whoami', auth: 'stan:stanPassword' })).status).toBe(401);
    }
    const [killed, other] = (await askAll(ask, 'stan:anotherPassword')).keys();

    process.kill(killed as number, 'SIGKILL');
    await example.printed(new RegExp(`^Worker ${killed} has died: another one takes its place$`, 'm'));
    const workers = await vi.waitFor(
      async () => {
        const answering = [...(await askAll(ask, 'stan:anotherPassword')).keys()];
        expect(answering).toHaveLength(2);
        return answering;
      },
      { timeout: 10_000, interval: 50 },
    );
    expect(workers).toContain(other);
    expect(workers).not.toContain(killed);

    const processes = [...workers, ...postgresIn(folder)];
    expect(running(processes)).toHaveLength(2 + servers);
    const from = performance.now();
    expect(await example.stop()).toBe(0);
    expect(performance.now() - from).toBeLessThan(5_000);
    expect(running(processes)).toEqual([]);
    expect(postgresIn(folder)).toEqual([]);
    expect(example.stderr).toBe('');
    // A password that it was given is nothing to print.
    expect(example.stdout).toContain('-u "admin:$ADMIN_PASSWORD"');
    expect(example.stdout).not.toContain('adminPassword');
  });
});

describe('examples/cluster/cluster.ts', () => {
  it('shows the generated password of the first admin, and its health to requests without credentials', async () => {
    const { example, ask } = await start(['--store', 'sqlite:./users.db'], {});
    const [, password] = await example.printed(/-u "admin:([^"]+)"/);
    expect((await ask({ path: '/whoami', auth: `admin:${password}` })).status).toBe(200);
    expect((await ask({ path: '/whoami' })).status).toBe(401);
    expect(await ask({ path: '/health' })).toMatchObject({
      status: 200,
      body: { worker: expect.any(Number), store: { state: 'up', since: expect.any(String) } },
    });
  });

  it('ends with an error if its workers cannot listen', async () => {
    const { port } = await serve(() => {});
    const example = new Example(CLUSTER, {
      cwd: temporaryFolder(),
      args: ['--workers', '1', '--store', 'sqlite:./users.db'],
      env: { KAPACITOR_HTTP_BIND_ADDRESS: `127.0.0.1:${port}` },
    });
    expect(await example.exited).toBe(1);
    expect(example.stderr).toContain('EADDRINUSE');
  });

  it('stops its database even if it is killed', async () => {
    const { folder, example } = await start([]);
    const servers = postgresIn(folder);
    expect(running(servers)).toHaveLength(1);
    await example.stop('SIGKILL');
    await vi.waitFor(() => expect(running(servers)).toEqual([]), { timeout: 5_000 });
  });
});

/** The servers whose database is in a folder of this one, as they say it themselves. */
function postgresIn(folder: string): number[] {
  const files = readdirSync(folder).map((name) => join(folder, name, 'postmaster.pid'));
  return files.flatMap((file) => {
    try {
      return [Number.parseInt(readFileSync(file, 'utf8'), 10)];
    } catch {
      return [];
    }
  });
}

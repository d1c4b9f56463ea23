import { type ChildProcess, fork } from 'node:child_process';
import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import express from 'express';
import { kapacitorAuth } from 'kapacitor-auth';

/** Milliseconds that requests have to finish when a worker is stopped. */
const SHUTDOWN_TIMEOUT = 2_000;
/** Milliseconds after which a dead worker is replaced. */
const RESTART_AFTER = 500;

if (cluster.isPrimary) await startPrimary();
else serve();

/** Starts the database, makes the first admin, and keeps the workers running. */
async function startPrimary(): Promise<void> {
  // npx tsx examples/cluster/cluster.ts [--workers N] [--store URL]
  const { values } = parseArgs({ options: { workers: { type: 'string' }, store: { type: 'string' } } });
  const workers = Number(values.workers ?? Math.max(2, availableParallelism()));
  if (!Number.isInteger(workers) || workers < 1) throw new Error('--workers must be an integer of 1 or more');
  const database = values.store === undefined ? startDatabase() : undefined;
  const store = values.store ?? (await firstOf(database as ChildProcess, 'message'))[0];
  const password = await createFirstAdmin(store);

  const startWorker = () => cluster.fork({ KAPACITOR_AUTH_STORE: store });
  const starting = Array.from({ length: workers }, () => firstOf(startWorker(), 'listening'));
  const [[{ address, port }] = []] = await Promise.all(starting);

  let isStopping = false;
  cluster.on('exit', (worker) => {
    if (isStopping) return;
    console.log(`Worker ${worker.process.pid} has died: another one takes its place`);
    setTimeout(() => isStopping || startWorker(), RESTART_AFTER);
  });
  onceTold(async () => {
    isStopping = true;
    const running = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    for (const worker of running) worker.process.kill('SIGTERM');
    await Promise.all(running.map((worker) => once(worker, 'exit')));
    // The database stops last, when no worker needs it.
    database?.kill('SIGTERM');
  });
  console.log(greeting(`http://${address ?? 'localhost'}:${port}`, workers, password));
}

/** Runs a worker. All workers share the users. The primary has put the store into the environment. */
function serve(): void {
  // Each worker hashes one password at a time, because there is a worker for each core.
  const auth = kapacitorAuth({ auth: { hashingConcurrency: 1 } });
  const app = express();
  // Load balancers have no credentials, so this route is before the guard. It leaves out the reason, which is for
  // operators.
  app.get('/health', (_req, res) => {
    const { state, since } = auth.health().store;
    res.status(state === 'down' ? 503 : 200).json({ worker: process.pid, store: { state, since } });
  });
  app.use(auth);
  app.get('/whoami', (req, res) => res.json({ worker: process.pid, user: req.user.name }));

  const { host, port } = auth.config.http.bindAddress;
  const server = host === undefined ? app.listen(port) : app.listen(port, host);
  onceTold(() => {
    server.close(async () => {
      await auth.close();
      cluster.worker?.disconnect();
    });
    setTimeout(() => server.closeAllConnections(), SHUTDOWN_TIMEOUT).unref();
  });
}

/**
 * Starts the database detached from the terminal. Ctrl-C goes to every process of the terminal at once, and the database
 * has to outlive the workers.
 */
function startDatabase(): ChildProcess {
  return fork(fileURLToPath(new URL('database.ts', import.meta.url)), { detached: true });
}

/** @throws {Error} the process has ended before the event; its output says why */
async function firstOf(started: EventEmitter, event: string): Promise<any[]> {
  const ended = once(started, 'exit').then(() => {
    throw new Error('the cluster cannot be started');
  });
  return Promise.race([once(started, event), ended]);
}

/**
 * Makes the first admin, before there are workers.
 *
 * @returns the password as a shell takes it: a new random password, which is shown this once, or `$ADMIN_PASSWORD`
 */
async function createFirstAdmin(store: string): Promise<string> {
  const auth = kapacitorAuth({ auth: { store } });
  await auth.ready;
  const chosen = process.env['ADMIN_PASSWORD'];
  const password = chosen ?? randomBytes(12).toString('base64url');
  const isFirst = (await auth.users.list({ limit: 1 })).length === 0;
  if (isFirst) await auth.users.create({ name: 'admin', password, type: 'admin' });
  await auth.close();
  return isFirst && chosen === undefined ? password : '$ADMIN_PASSWORD';
}

/** Calls `stop` at the first SIGINT or SIGTERM. The terminal and the primary may both send one. */
function onceTold(stop: () => void): void {
  let isTold = false;
  const tell = () => {
    if (isTold) return;
    isTold = true;
    stop();
  };
  process.on('SIGINT', tell).on('SIGTERM', tell);
}

function greeting(url: string, workers: number, password: string): string {
  const admin = `-u "admin:${password}"`;
  return `${workers} workers listen on ${url}. Try it, each several times:
  curl ${url}/health
  curl ${url}/whoami ${admin}
  curl ${url}/kapacitor/v1/users ${admin} --data '{"name":"stan","password":"stanPassword","permissions":["api"]}'
  curl ${url}/whoami -u stan:stanPassword
  curl --request PATCH ${url}/kapacitor/v1/users/stan ${admin} --data '{"enabled":false}'
Kill a worker:  kill -9 WORKER`;
}

import { randomBytes } from 'node:crypto';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import express from 'express';
import { type AuthConfig, kapacitorAuth } from 'kapacitor-auth';
import { basicCredentials } from './client.js';
import { median } from './process.js';

/** The figures of logins that the cache does not answer. */
export interface MeasuredLogins {
  /** The number of verifications for a hundred equal first logins at once. */
  readonly verifications: number;
  /** Milliseconds. Medians of 200 failing attempts of each kind. */
  readonly failures: Readonly<Record<string, number>>;
  /** MiB in use after 200,000 attempts by distinct users from distinct addresses, minus those before. */
  readonly memory: number;
  /** The same, after the window in which failures count. */
  readonly memoryLater: number;
}

const SAMPLES = 200;
const ATTEMPTS = 200_000;
/** Milliseconds. Failures count for ten minutes, and expired ones are removed each minute. */
const WINDOW = 600_000;
const CLEANED_AFTER = 65_000;

const random = () => randomBytes(8).toString('hex');

async function serve(config: AuthConfig) {
  const auth = kapacitorAuth({ auth: { store: 'memory:', ...config } });
  const app = express().set('trust proxy', 1).use(auth);
  app.use((_req, res) => {
    res.end();
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  const login = (name: string, password: string, client = '192.0.2.1'): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: basicCredentials(name, password), 'x-forwarded-for': client };
      const sent = request({ host: '127.0.0.1', port, path: '/kapacitor/v1/tasks', agent, headers }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode as number));
      });
      sent.on('error', reject);
      sent.end();
    });
  return { auth, login };
}

async function countVerifications(): Promise<number> {
  const { auth, login } = await serve({ bcryptCost: 10 });
  await auth.users.create({ name: 'someone', password: 'examplePassword', type: 'admin' });
  const { compare } = bcrypt;
  let verifications = 0;
  bcrypt.compare = ((password: string, hash: string) => {
    verifications += 1;
    return compare(password, hash);
  }) as typeof compare;
  const statuses = await Promise.all(Array.from({ length: 100 }, () => login('someone', 'examplePassword')));
  bcrypt.compare = compare;
  if (statuses.some((status) => status !== 200)) throw new Error(`first logins: ${statuses}`);
  return verifications;
}

async function timeFailures(): Promise<Record<string, number>> {
  const { auth, login } = await serve({ bcryptCost: 10, failureLimit: 0 });
  await auth.users.create({ name: 'someone', password: 'examplePassword', type: 'admin' });
  await auth.users.create({ name: 'disabled', password: 'examplePassword', enabled: false });
  const kinds: Record<string, () => Promise<number>> = {
    'unknown user': () => login(random(), 'examplePassword'),
    'wrong password': () => login('someone', random()),
    'over-long password': () => login('someone', 'x'.repeat(100) + random()),
    'disabled user': () => login('disabled', 'examplePassword'),
  };
  const times = new Map(Object.keys(kinds).map((kind) => [kind, [] as number[]]));
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    for (const [kind, attempt] of Object.entries(kinds)) {
      const begin = performance.now();
      const status = await attempt();
      times.get(kind)?.push(performance.now() - begin);
      if (status !== 401) throw new Error(`${kind}: ${status}`);
    }
  }
  return Object.fromEntries([...times].map(([kind, each]) => [kind, median(each)]));
}

async function weighAttempts(): Promise<Pick<MeasuredLogins, 'memory' | 'memoryLater'>> {
  const { login } = await serve({ bcryptCost: 4, hashingConcurrency: 12 });
  const address = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
  let next = 0;
  const attack = async (attempts: number) => {
    const end = next + attempts;
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        while (next < end) {
          next += 1;
          await login(`user${next}`, random(), address(next));
        }
      }),
    );
  };
  const weigh = () => {
    global.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return (heapUsed + external) / 2 ** 20;
  };
  await attack(1_000);
  const before = weigh();
  await attack(ATTEMPTS);
  const after = weigh();
  const { now } = Date;
  Date.now = () => now() + WINDOW;
  await setTimeout(CLEANED_AFTER);
  return { memory: after - before, memoryLater: weigh() - before };
}

process.send?.({
  verifications: await countVerifications(),
  failures: await timeFailures(),
  ...(await weighAttempts()),
} satisfies MeasuredLogins);

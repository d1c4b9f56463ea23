import { Agent, request as httpRequest } from 'node:http';
import bcrypt from 'bcrypt';
import express from 'express';
import { MemoryUserRepository, type Permission } from 'kapacitor-auth';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Tarpit } from '../lib/authentication/tarpit.js';
import { createAuth, ROOT } from './support/auth.js';
import { type Answer, basic, serve } from './support/server.js';
import { userNamed } from './support/stored-user.js';

const REQUESTS = 51_200;
const LANES = 32;
const USERS_OF_A_LANE = 8;
const FAILURE_LIMIT = 10;
const USERS = '/kapacitor/v1/users';
const NEWCOMERS_PASSWORD = 'a password of many';

/** The expected state of a user. */
interface Known {
  readonly name: string;
  password: string;
  permissions: Permission[];
  enabled: boolean;
  exists: boolean;
}

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly auth: string;
  readonly client: string;
  readonly body?: object;
}

/** The same numbers each time: mulberry32. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

async function setUp() {
  const repository = new MemoryUserRepository();
  const auth = await createAuth({ auth: { store: repository, failureLimit: FAILURE_LIMIT } }, [ROOT]);
  const app = express().set('trust proxy', 1).use(auth);
  app.use((_req, res) => {
    res.status(299).end();
  });
  const { port } = await serve(app);
  const agent = new Agent({ keepAlive: true, maxSockets: LANES });
  onTestFinished(() => agent.destroy());
  const send = ({ method = 'GET', path, auth, client, body }: Sent): Promise<Answer['status']> =>
    new Promise((resolve, reject) => {
      const headers = { Authorization: basic(auth), 'X-Forwarded-For': client, 'Content-Type': 'application/json' };
      const sent = httpRequest({ host: '127.0.0.1', port, method, path, agent, headers }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode as number));
      });
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body));
    });
  return { repository, send };
}

it('a day of logins, failures and changes of users gets no wrong answer', async () => {
  const { repository, send } = await setUp();
  // Refusals are held back for a second: here for none.
  vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
  const hash = await bcrypt.hash(NEWCOMERS_PASSWORD, 4);
  for (let index = 0; index < REQUESTS / 5; index += 1) {
    repository.insert(userNamed(`newcomer${index}`, { hash, permissions: ['api'] }));
  }
  let nextNewcomer = 0;
  const counts = { cached: 0, first: 0, wrong: 0, change: 0 };
  const wrongAnswers: object[] = [];
  const statuses = new Set<number>();

  const ask = async (kind: keyof typeof counts, sent: Sent, expected: number): Promise<void> => {
    const status = await send(sent);
    counts[kind] += 1;
    statuses.add(status);
    if (status !== expected) wrongAnswers.push({ kind, ...sent, expected, status });
  };

  const runLane = async (lane: number): Promise<void> => {
    const random = createRandom(lane);
    const home = `10.0.0.${lane}`;
    const root = `${ROOT.name}:${ROOT.password}`;
    let failures = 0;
    let strangers = 0;
    const users: Known[] = Array.from({ length: USERS_OF_A_LANE }, (_, index) => ({
      name: `user-${lane}-${index}`,
      password: '',
      permissions: [],
      enabled: false,
      exists: false,
    }));

    const change = async (user: Known): Promise<void> => {
      const path = `${USERS}/${user.name}`;
      const byAdmin = { auth: root, client: home };
      const deed = user.exists ? random(6) : 0;
      if (deed === 0 && user.exists) {
        await ask('change', { method: 'DELETE', path, ...byAdmin }, 204);
        user.exists = false;
      } else if (deed === 0) {
        Object.assign(user, { password: `password ${random(1e9)}`, permissions: ['api'], enabled: true, exists: true });
        const { name, password, permissions } = user;
        await ask('change', { method: 'POST', path: USERS, ...byAdmin, body: { name, password, permissions } }, 200);
      } else if (deed === 1) {
        user.enabled = !user.enabled;
        await ask('change', { method: 'PATCH', path, ...byAdmin, body: { enabled: user.enabled } }, 200);
      } else if (deed <= 3) {
        user.permissions = random(2) === 0 ? ['api'] : ['config_api'];
        const { permissions } = user;
        await ask('change', { method: 'PATCH', path, ...byAdmin, body: { permissions } }, 200);
      } else {
        const own = { auth: `${user.name}:${user.password}`, client: home };
        user.password = `password ${random(1e9)}`;
        const by = deed === 4 && user.enabled ? own : byAdmin;
        await ask('change', { method: 'PATCH', path, ...by, body: { password: user.password } }, 200);
      }
    };

    const use = async ({ name, password, permissions }: Known): Promise<void> => {
      const [path, needed] = random(2) === 0 ? (['tasks', 'api'] as const) : (['config', 'config_api'] as const);
      const sent = { path: `/kapacitor/v1/${path}`, auth: `${name}:${password}`, client: home };
      await ask('cached', sent, permissions.includes(needed) ? 299 : 403);
    };

    const strangersAddress = (): string => {
      strangers += 1;
      return `172.${16 + (lane >> 4)}.${((lane & 15) << 4) + (strangers >> 8)}.${strangers & 255}`;
    };

    const fail = async (): Promise<void> => {
      if (random(10) === 0) {
        failures += 1;
        const sent = { path: '/x', auth: `noisy-${lane}:${failures}`, client: `10.1.0.${lane}` };
        await ask('wrong', sent, failures <= FAILURE_LIMIT ? 401 : 429);
        return;
      }
      const { name, password, permissions, exists, enabled } = users[strangers % USERS_OF_A_LANE] as Known;
      const wrong = [`nobody-${lane}-${strangers}:pw`, `${name}:wrong`, `${name}:${password}`][random(3)] as string;
      const isRight = exists && enabled && wrong === `${name}:${password}`;
      const allowed = permissions.includes('config_api') ? 299 : 403;
      await ask(
        'wrong',
        { path: '/kapacitor/v1/config', auth: wrong, client: strangersAddress() },
        isRight ? allowed : 401,
      );
    };

    for (const user of users) await change(user);
    for (let index = users.length; index < REQUESTS / LANES; index += 1) {
      const dice = random(100);
      const user = users[random(USERS_OF_A_LANE)] as Known;
      const active = users.find(({ exists, enabled }) => exists && enabled);
      if (dice < 80 && active !== undefined) {
        await use(active);
      } else if (dice < 90) {
        const name = `newcomer${nextNewcomer}`;
        nextNewcomer += 1;
        await ask('first', { path: '/kapacitor/v1/tasks', auth: `${name}:${NEWCOMERS_PASSWORD}`, client: home }, 299);
      } else if (dice < 95) {
        await fail();
      } else {
        await change(user);
      }
    }
  };

  await Promise.all(Array.from({ length: LANES }, (_, lane) => runLane(lane)));
  expect(wrongAnswers).toEqual([]);
  expect([...statuses].sort()).toEqual([200, 204, 299, 401, 403, 429]);
  expect(counts.cached + counts.first + counts.wrong + counts.change).toBe(REQUESTS);
}, 480_000);

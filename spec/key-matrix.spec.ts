import { once } from 'node:events';
import { Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CreatedKey, MemoryUserRepository, type User, type UserChanges } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ownSchema } from './support/postgres-repository.js';
import { type SentRequest, send } from './support/server.js';
import { openShop } from './support/shop.js';
import type { ShopTold } from './support/shop-program.js';
import { storeFile } from './support/sqlite-repository.js';
import { startProgram } from './support/store-process.js';

/**
 * The requests that each permission opens, by hand: `t` and `T` reading and writing tasks, `c` and `C` the configuration,
 * `w` writing points, `o` and `O` reading and writing orders, `d` deleting an order, `u` reading users.
 */
const OPENS = { api: 'tToOdu', config_api: 'cC', write_points: 'w', clerk: 'oO', all: 'tTcCwoOdu' } as const;
type PermissionName = keyof typeof OPENS;
/** A permission that names `/orders` decides about it, whatever one for a path above it opens. */
const CLOSES: Readonly<Partial<Record<PermissionName, string>>> = { clerk: 'd' };

/** The requests of the app, with the letter of what opens each. */
const RESOURCES: readonly (readonly [letter: string, method: string, path: string])[] = [
  ['t', 'GET', '/kapacitor/v1/tasks'],
  ['t', 'HEAD', '/kapacitor/v1/tasks'],
  ['T', 'POST', '/kapacitor/v1/tasks'],
  ['c', 'GET', '/kapacitor/v1/config/influxdb'],
  ['C', 'POST', '/kapacitor/v1/config/influxdb'],
  ['w', 'POST', '/kapacitor/v1/write'],
  ['o', 'GET', '/orders/5'],
  ['O', 'POST', '/orders'],
  ['d', 'DELETE', '/orders/5'],
  ['u', 'GET', '/kapacitor/v1/users'],
  ['u', 'GET', '/kapacitor/v1/users/other'],
];

/** The requests of a user about itself: any key may read, and none may change. */
const OWN: readonly (readonly [isAllowed: boolean, method: string, path: string, body?: string])[] = [
  [true, 'GET', '/kapacitor/v1/me'],
  [true, 'GET', '/kapacitor/v1/users/NAME'],
  [true, 'GET', '/kapacitor/v1/users/NAME/keys'],
  [false, 'POST', '/kapacitor/v1/users/NAME/keys', '{"name":"another"}'],
  [false, 'DELETE', '/kapacitor/v1/users/NAME/keys/0000000000000000'],
  [false, 'PATCH', '/kapacitor/v1/users/NAME', '{"password":"another"}'],
];

/** The requests that need an admin. The bodies are refused after the decision, so that nothing changes. */
const ADMINS: readonly (readonly [method: string, path: string, body?: string])[] = [
  ['POST', '/kapacitor/v1/users', '{"name":""}'],
  ['PATCH', '/kapacitor/v1/users/other', '{"type":"neither"}'],
  ['DELETE', '/kapacitor/v1/users/nobody-at-all'],
  ['GET', '/kapacitor/v1/users/other/keys'],
  ['DELETE', '/kapacitor/v1/users/other/keys/0000000000000000'],
];

const OWNERS: Readonly<Record<string, { type?: 'admin'; permissions?: PermissionName[] }>> = {
  boss: { type: 'admin' },
  api: { permissions: ['api'] },
  config: { permissions: ['config_api', 'write_points'] },
  clerk: { permissions: ['api', 'clerk'] },
  all: { permissions: ['all'] },
  nobody: {},
};
const SCOPES: readonly (PermissionName[] | undefined)[] = [
  undefined,
  [],
  ['api'],
  ['clerk'],
  ['config_api', 'clerk'],
  ['write_points'],
  ['all'],
];

/** The model of a user: undefined if it is deleted. */
type Owner = Pick<User, 'type' | 'enabled'> & { readonly permissions: readonly PermissionName[] };

function opens({ type, permissions }: Pick<Owner, 'type' | 'permissions'>, letter: string): boolean {
  if (type === 'admin') return true;
  const isClosed = permissions.some((permission) => CLOSES[permission]?.includes(letter));
  return !isClosed && permissions.some((permission) => OPENS[permission].includes(letter));
}

/** Whether a request must be let through, by the model: the oracle. Undefined: nobody is let in (401). */
function expected(owner: Owner | undefined, scope: PermissionName[] | undefined, isGone: boolean) {
  if (owner === undefined || !owner.enabled || isGone) return undefined;
  const mayBoth = (letter: string) =>
    opens(owner, letter) && (scope === undefined || opens({ type: 'normal', permissions: scope }, letter));
  return { mayBoth, isAdmin: owner.type === 'admin' && scope === undefined };
}

interface Held {
  readonly owner: string;
  readonly scope: PermissionName[] | undefined;
  readonly key: CreatedKey;
}

const pathFor = (path: string, owner: string) => path.replace('NAME', owner);
const outcome = (status: number) => (status === 401 || status === 403 ? status : 'through');

/** Compares every request with every key with the oracle, at every server. Returns the number of compared answers. */
async function compare(
  ports: readonly number[],
  held: readonly Held[],
  owners: ReadonlyMap<string, Owner>,
  gone: ReadonlySet<CreatedKey>,
  when: string,
): Promise<{ compared: number; differences: string[] }> {
  const differences: string[] = [];
  let compared = 0;
  const agent = new Agent({ keepAlive: true });
  for (const port of ports) {
    for (const { owner, scope, key } of held) {
      const verdict = expected(owners.get(owner), scope, gone.has(key));
      const check = async (meant: boolean | undefined, request: SentRequest) => {
        const headers = { Authorization: `Bearer ${key.key}`, 'Content-Type': 'application/json' };
        const { status } = await send(port, { ...request, headers, agent });
        compared += 1;
        const right = verdict === undefined ? 401 : meant ? 'through' : 403;
        if (outcome(status) !== right) {
          differences.push(`${when}: ${owner} [${scope}] ${request.method} ${request.path}: ${status}, not ${right}`);
        }
      };
      for (const [letter, method, path] of RESOURCES) await check(verdict?.mayBoth(letter), { method, path });
      for (const [isAllowed, method, path, body = ''] of OWN) {
        await check(isAllowed, { method, path: pathFor(path, owner), body });
      }
      for (const [method, path, body = ''] of ADMINS) await check(verdict?.isAdmin, { method, path, body });
    }
  }
  agent.destroy();
  return { compared, differences };
}

const STORES = {
  'the memory': () => new MemoryUserRepository(),
  SQLite: () => `sqlite:${storeFile()}`,
  PostgreSQL: () => ownSchema(),
} as const;

describe.each(Object.entries(STORES))('keys in %s', (name, makeStore) => {
  it('are let through as an oracle says, after every change in this and in another process', {
    timeout: 240_000,
  }, async () => {
    const store = makeStore();
    const { auth, server } = openShop(store);
    onTestFinished(() => auth.close());
    await auth.ready;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const here = (server.address() as AddressInfo).port;
    const there = typeof store === 'string' ? await portOf(startProgram('shop-program', [store])) : here;

    const owners = new Map<string, Owner>();
    const held: Held[] = [];
    await auth.users.create({ name: 'root', password: 'pw', type: 'admin' });
    await auth.users.create({ name: 'other', password: 'pw' });
    for (const [owner, given] of Object.entries(OWNERS)) {
      const user = await auth.users.create({ name: owner, password: 'pw', ...given });
      owners.set(owner, user as Owner);
      for (const scope of SCOPES) held.push({ owner, scope, key: await keyOf(owner, scope) });
    }
    const gone = new Set<CreatedKey>();
    const differences: string[] = [];
    let compared = 0;
    const look = async (when: string, only = held) => {
      const seen = await compare([here, there], only, owners, gone, when);
      compared += seen.compared;
      differences.push(...seen.differences);
    };

    /** Changes users here and there in turn, as an admin does. */
    async function change(port: number, owner: string, method: string, path: string, body = ''): Promise<void> {
      const headers = { 'Content-Type': 'application/json' };
      const request = { method, path: `/kapacitor/v1/users${path}`, auth: 'root:pw', headers, body };
      const { status, text } = await send(port, request);
      if (status !== 200 && status !== 204) throw new Error(`${owner} ${method}: ${status} ${text}`);
    }
    async function patch(port: number, owner: string, changes: UserChanges<string>): Promise<void> {
      await change(port, owner, 'PATCH', `/${owner}`, JSON.stringify(changes));
      const { type, permissions, enabled } = (await auth.users.get(owner)) as User;
      owners.set(owner, { type, permissions: permissions as PermissionName[], enabled });
    }
    async function keyOf(owner: string, scope: PermissionName[] | undefined, expires?: Date): Promise<CreatedKey> {
      return auth.keys.create(owner, { name: `key ${held.length}`, permissions: scope, expires });
    }
    const ofOwner = (owner: string) => held.filter((each) => each.owner === owner);

    await look('at first');
    for (const [port, other, where] of [
      [here, there, 'here'],
      [there, here, 'there'],
    ] as const) {
      for (const owner of ['boss', 'clerk']) {
        await patch(port, owner, { enabled: false });
        await look(`${owner} was disabled ${where}`, ofOwner(owner));
        await patch(other, owner, { enabled: true });
        await look(`${owner} was enabled`, ofOwner(owner));
        await patch(port, owner, { type: 'normal', permissions: ['config_api'] });
        await look(`${owner} was demoted ${where}`, ofOwner(owner));
        await patch(port, owner, { password: 'another' });
        await look(`${owner} got another password ${where}`, ofOwner(owner));
        await patch(other, owner, OWNERS[owner] as UserChanges<string>);
        await look(`${owner} is what it was`, ofOwner(owner));
      }
      const revoked = ofOwner('all')[where === 'here' ? 0 : 1] as Held;
      await change(port, 'all', 'DELETE', `/all/keys/${revoked.key.id}`);
      gone.add(revoked.key);
      await look(`a key of all was deleted ${where}`, ofOwner('all'));
      const doomed = where === 'here' ? 'api' : 'config';
      await change(port, doomed, 'DELETE', `/${doomed}`);
      owners.delete(doomed);
      await look(`${doomed} was deleted ${where}`, ofOwner(doomed));
      const again = JSON.stringify({ name: doomed, password: 'pw', permissions: ['api'] });
      await change(other, doomed, 'POST', '', again);
      await look(`another ${doomed} was created`, ofOwner(doomed));
    }
    const end = new Date(Date.now() + 1_000);
    const short = { owner: 'all', scope: undefined, key: await keyOf('all', undefined, end) };
    await look('before the end', [short]);
    await vi.waitUntil(() => Date.now() >= end.getTime(), { timeout: 2_000, interval: 5 });
    gone.add(short.key);
    await look('after the end', [short]);

    expect(differences).toEqual([]);
    expect(compared, name).toBe(COMPARED);
  });
});

/** The answers in all: 22 requests at 2 servers with each key. */
const COMPARED = 22 * 2 * (42 + 2 * (2 * 5 * 7 + 7 + 2 * 7) + 2);

async function portOf(child: ReturnType<typeof startProgram>): Promise<number> {
  const [port] = (await once(child, 'message')) as [ShopTold];
  return port;
}

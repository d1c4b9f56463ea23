import express from 'express';
import { ConfigError, type KapacitorAuth, MemoryUserRepository, type StoreSettings } from 'kapacitor-auth';
import { Counter, Registry } from 'prom-client';
import { describe, expect, it, vi } from 'vitest';
import { createAuth, ROOT } from '../support/auth.js';
import { failure } from '../support/failure.js';
import { serve } from '../support/server.js';

/** A middleware whose metrics are in a registry of its own, and a server behind it. */
async function measured(options: Parameters<typeof createAuth>[0] = {}) {
  const auth = await createAuth(options);
  const registry = new Registry();
  auth.metrics.registerIn(registry);
  const server = await serve(
    express()
      .use(auth)
      .use((_req, res) => void res.end()),
  );
  const tasks = (credentials?: string) =>
    server.send({ path: '/kapacitor/v1/tasks', ...(credentials !== undefined && { auth: credentials }) });
  return { auth, registry, server, tasks };
}

/** The samples of a metric that are not zero, by their labels. */
async function samplesOf(registry: Registry, name: string): Promise<Record<string, number>> {
  const text = await registry.metrics();
  const samples = [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].filter(([, each]) => each === name);
  expect(samples.length).toBeGreaterThan(0);
  return Object.fromEntries(
    samples.map(([, , labels = '', value]) => [labels, Number(value)] as const).filter(([, value]) => value !== 0),
  );
}

const hearAll = () => new Promise(setImmediate);

describe('the metrics', () => {
  it('count logins by outcome, and denied requests', async () => {
    const { registry, tasks } = await measured();
    await tasks('api:pw');
    await tasks('api:pw');
    await tasks('api:wrong');
    await tasks('nobody:pw');
    await tasks('stranger:pw');
    await tasks();
    await hearAll();
    expect(await samplesOf(registry, 'kapacitor_auth_logins_total')).toEqual({
      'outcome="success"': 2,
      'outcome="wrong-password"': 1,
      'outcome="unknown-user"': 1,
    });
    expect(await samplesOf(registry, 'kapacitor_auth_denied_total')).toEqual({ 'status="401"': 1, 'status="403"': 1 });
    expect(await samplesOf(registry, 'kapacitor_auth_cache_requests_total')).toEqual({
      'result="hit"': 1,
      'result="miss"': 4,
    });
  });

  it('count throttled attempts', async () => {
    const { registry, tasks } = await measured({ auth: { failureLimit: 1 } });
    await tasks('api:wrong');
    await tasks('api:wrong again');
    await hearAll();
    expect(await samplesOf(registry, 'kapacitor_auth_logins_total')).toEqual({
      'outcome="throttled"': 1,
      'outcome="wrong-password"': 1,
    });
  });

  it('count successful and failed operations on users', async () => {
    const { auth, registry } = await measured();
    await auth.users.create({ name: 'jane', password: 'secret' });
    await auth.users.update('jane', { type: 'admin' });
    await auth.users.delete('jane');
    await expect(auth.users.delete(ROOT.name)).rejects.toThrow('last admin');
    await hearAll();
    expect(await samplesOf(registry, 'kapacitor_auth_user_operations_total')).toEqual({
      'operation="create",outcome="success"': 1,
      'operation="change",outcome="success"': 1,
      'operation="delete",outcome="success"': 1,
      'operation="delete",outcome="failure"': 1,
    });
  });

  it('show how many passwords wait, how long they wait, and how long bcrypt takes', async () => {
    const { auth, registry } = await measured({ auth: { hashingConcurrency: 1 } });
    const creations = ['a', 'b', 'c'].map((name) => auth.users.create({ name, password: 'secret' }));
    await expect
      .poll(() => samplesOf(registry, 'kapacitor_auth_hashing_queue_length'), { interval: 0 })
      .toEqual({ 'client="known"': expect.any(Number) });
    await Promise.all(creations);
    expect(await samplesOf(registry, 'kapacitor_auth_hashing_queue_length')).toEqual({});
    expect(await samplesOf(registry, 'kapacitor_auth_hashing_wait_seconds_count')).toEqual({ 'operation="hash"': 3 });
    const [seconds] = Object.values(await samplesOf(registry, 'kapacitor_auth_hashing_duration_seconds_sum'));
    expect(seconds).toBeGreaterThan(0.0005);
    expect(seconds).toBeLessThan(3);
  });

  it('show how long the store takes if it answers with a promise', async () => {
    const store = new MemoryUserRepository();
    const slow = Object.assign(Object.create(store) as MemoryUserRepository, {
      find: async (name: string) => store.find(name),
      list: (query: Parameters<typeof store.list>[0]) => store.list(query),
      insert: (user: Parameters<typeof store.insert>[0]) => store.insert(user),
      replace: async () => {
        throw new Error('gone');
      },
      remove: (name: string) => store.remove(name),
    });
    const { auth, registry } = await measured({ auth: { store: slow } });
    await auth.users.get(ROOT.name);
    await auth.users.list();
    await expect(auth.users.update(ROOT.name, { enabled: true })).rejects.toThrow('unavailable');
    expect(await samplesOf(registry, 'kapacitor_auth_store_duration_seconds_count')).toEqual({
      'operation="find"': 2,
      'operation="replace"': 1,
    });
  });

  it('show the state of the store', async () => {
    let settings: StoreSettings | undefined;
    const open = (given: StoreSettings) => {
      settings = given;
    };
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { auth, registry } = await measured({ auth: { store: Object.assign(new MemoryUserRepository(), { open }) } });
    await auth.ready;
    expect(await samplesOf(registry, 'kapacitor_auth_store_state')).toEqual({ 'state="up"': 1 });
    settings?.report('grace', 'gone');
    expect(await samplesOf(registry, 'kapacitor_auth_store_state')).toEqual({ 'state="grace"': 1 });
  });

  it('exist from the start, at zero, with a help text and the right type', async () => {
    const { registry } = await measured();
    const metrics = await registry.getMetricsAsJSON();
    expect(Object.fromEntries(metrics.map(({ name, type }) => [name, type]))).toEqual({
      kapacitor_auth_logins_total: 'counter',
      kapacitor_auth_denied_total: 'counter',
      kapacitor_auth_user_operations_total: 'counter',
      kapacitor_auth_cache_requests_total: 'counter',
      kapacitor_auth_hashing_queue_length: 'gauge',
      kapacitor_auth_store_state: 'gauge',
      kapacitor_auth_hashing_wait_seconds: 'histogram',
      kapacitor_auth_hashing_duration_seconds: 'histogram',
      kapacitor_auth_store_duration_seconds: 'histogram',
    });
    for (const { help } of metrics) expect(help).toMatch(/^[A-Z].*\.$/);
    expect(await registry.metrics()).toContain('kapacitor_auth_logins_total{outcome="overloaded"} 0');
  });

  it('name no user', async () => {
    const { registry, tasks } = await measured();
    await tasks('api:pw');
    await tasks('nameless:pw');
    await hearAll();
    expect(await registry.metrics()).not.toMatch(/"(?:api|nameless)"/);
  });
});

describe('a registry', () => {
  const registered = (registry: Registry, auth: KapacitorAuth, prefix?: string) => () =>
    auth.metrics.registerIn(registry, { prefix });

  it('accepts the metrics of two middlewares with a prefix for each, and they count separately', async () => {
    const { auth, registry } = await measured();
    const other = await createAuth({}, []);
    expect(registered(registry, other)).toThrow(ConfigError);
    expect(registered(registry, other)).toThrow(
      'metrics: the registry has kapacitor_auth_logins_total already: give each middleware a prefix, or a registry, of its own',
    );
    other.metrics.registerIn(registry, { prefix: 'reports_' });
    await auth.users.create({ name: 'jane', password: 'secret' });
    await hearAll();
    const created = { 'operation="create",outcome="success"': 1 };
    expect(await samplesOf(registry, 'kapacitor_auth_user_operations_total')).toEqual(created);
    expect(await samplesOf(registry, 'reports_user_operations_total')).toEqual({});
  });

  it.each(['1st_', 'my-app_', ''])('refuses the prefix %j', async (prefix) => {
    const auth = await createAuth();
    const registry = new Registry();
    expect(registered(registry, auth, prefix)).toThrow('metrics: a prefix consists of letters, digits, _ and :');
    expect(registry.getMetricsAsArray()).toEqual([]);
  });

  it.each<[string, (registry: Registry) => readonly unknown[], string]>([
    [
      'an option that it does not know',
      (registry) => [registry, { prefx: 'a_' }],
      'unknown option "prefx": did you mean prefix?',
    ],
    [
      'a prefix without its name',
      (registry) => [registry, 'a_'],
      'the options of registerIn must be an object with prefix, not a text',
    ],
    ['null for a prefix', (registry) => [registry, { prefix: null }], 'a prefix consists of letters'],
    [
      'options in place of it',
      () => [{ prefix: 'a_' }],
      'registerIn takes a registry of prom-client: registerIn(register)',
    ],
    ['nothing in place of it', () => [], 'registerIn takes a registry of prom-client: registerIn(register)'],
  ])('is refused with %s', async (_what, given, message) => {
    const auth = await createAuth();
    const registry = new Registry();
    const register = auth.metrics.registerIn.bind(auth.metrics) as (...all: readonly unknown[]) => void;
    const refused = failure('CONFIG_INVALID', 500, expect.stringContaining(`metrics: ${message}`) as never);
    expect(() => register(...given(registry))).toThrow(refused);
    expect(registry.getMetricsAsArray()).toEqual([]);
  });

  it('keeps what the app has in it', async () => {
    const auth = await createAuth();
    const registry = new Registry();
    new Counter({ name: 'orders_total', help: 'Orders.', registers: [registry] }).inc();
    auth.metrics.registerIn(registry);
    expect(await registry.metrics()).toContain('orders_total 1');
  });
});

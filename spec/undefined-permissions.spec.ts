import { join } from 'node:path';
import { kapacitorAuth, MemoryUserRepository, type StoreSettings, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openRepository } from './support/sqlite-repository.js';
import { userNamed } from './support/stored-user.js';
import { temporaryFolder } from './support/temporary-folder.js';

const CODE = 'KAPACITOR_AUTH_UNDEFINED_PERMISSION';

/** The warnings of this code until the test is over. */
function heard(): string[] {
  const warnings: string[] = [];
  vi.spyOn(process, 'emitWarning').mockImplementation(((message: string, { code }: { code: string }) => {
    if (code === CODE) warnings.push(message);
  }) as never);
  return warnings;
}

function start(store: string | UserRepository, auth: object = {}, http: object = {}) {
  const started = kapacitorAuth({ http, auth: { store, ...auth } });
  onTestFinished(() => started.close());
  return started;
}

const CLERK = userNamed('kim', { permissions: ['api', 'clerk'] });

describe('a start with users whose permissions are not defined', () => {
  it('warns once of all of them, after it is ready', async () => {
    const warnings = heard();
    const file = join(temporaryFolder(), 'users.db');
    await openRepository(file).insertMany([CLERK, userNamed('sam', { permissions: ['apy', 'clerk'] })]);
    await start(`sqlite:${file}`).ready;
    await expect
      .poll(() => warnings)
      .toEqual([expect.stringContaining('"apy" (did you mean "api"?), "clerk". Define')]);
  });

  it('is not delayed by a store that takes its time, and close() ends the search', async () => {
    const warnings = heard();
    let answer: (inUse: string[]) => void = () => {};
    const inUse = new Promise<string[]>((resolve) => {
      answer = resolve;
    });
    const store = Object.assign(new MemoryUserRepository(), { permissionsInUse: vi.fn(() => inUse) });
    const auth = start(store);
    await auth.ready;
    await expect.poll(() => store.permissionsInUse).toHaveBeenCalledTimes(1);
    await auth.close();
    answer(['clerk']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });

  it('warns also while the store works only in part', async () => {
    const warnings = heard();
    const store: UserRepository = Object.assign(new MemoryUserRepository(), {
      open: ({ report }: StoreSettings) => report('degraded', 'the disk is full'),
    });
    await store.insert(CLERK);
    await start(store).ready;
    await expect.poll(() => warnings).toHaveLength(1);
  });

  it('succeeds if the search fails', async () => {
    const warnings = heard();
    const store = Object.assign(new MemoryUserRepository(), {
      permissionsInUse: vi.fn(() => Promise.reject(new Error('no such column'))),
    });
    const auth = start(store);
    await auth.ready;
    await expect.poll(() => store.permissionsInUse).toHaveBeenCalledTimes(1);
    expect(await auth.users.get('kim')).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('is quiet if all are defined, and if there are no users at all', async () => {
    const warnings = heard();
    const store = new MemoryUserRepository();
    store.insert(userNamed('kim', { permissions: ['api'] }));
    const permissionsInUse = vi.spyOn(store, 'permissionsInUse');
    await start(store).ready;
    expect(permissionsInUse).toHaveBeenCalledTimes(1);
    store.insert(CLERK);
    await start(store, { enabled: false }, { authEnabled: false }).ready;
    expect(permissionsInUse).toHaveBeenCalledTimes(1);
    expect(warnings).toEqual([]);
  });
});

import { StoreError } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PermissionNames } from '../../lib/users/permissions.js';
import {
  listUndefined,
  UndefinedPermissionsSearch,
  undefinedAmong,
  undefinedWarning,
} from '../../lib/users/undefined-permissions.js';

const NAMES = new PermissionNames(['clerk', 'accountant']);

/** A search in a store with these permissions in use, which can stop to answer. */
function searchIn(permissionsInUse: () => readonly string[] | Promise<readonly string[]>) {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const store = { isAnswering: true, permissionsInUse: vi.fn(permissionsInUse) };
  const onFound = vi.fn();
  const search = new UndefinedPermissionsSearch({
    repository: store,
    names: NAMES,
    isAnswering: () => store.isAnswering,
    onFound,
  });
  return { search, store, onFound };
}

const WARNING = undefinedWarning(['clrk'], NAMES);
const tenSeconds = () => vi.advanceTimersByTimeAsync(10_000);

describe('undefined permissions', () => {
  it('are the names that are neither defined nor Kapacitor’s, each once and in order', () => {
    expect(undefinedAmong(['b', 'api', 'clerk', 'a', 'all', 'b', 'none'], NAMES)).toEqual(['a', 'b']);
  });

  it('are listed with the defined ones that were probably meant', () => {
    expect(listUndefined(['clrk', 'former'], NAMES)).toBe('"clrk" (did you mean "clerk"?), "former"');
    const many = Array.from({ length: 12 }, (_, index) => `former-number-${index}`);
    expect(listUndefined(many, NAMES)).toMatch(/"former-number-9" and 2 more$/);
  });

  it('are warned of with what they do and what to do', () => {
    expect(WARNING).toBe(
      'users have permissions that are not defined, and that open nothing: "clrk" (did you mean "clerk"?). Define them ' +
        'under "permissions" in the configuration, or take them away from these users: "kapacitor-auth user list" shows who has them',
    );
  });

  it('cannot write control characters, whatever a repository returns', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(listUndefined(['\u001b[2J'], NAMES)).not.toMatch(/[\u0000-\u001f]/);
  });
});

describe('the search for undefined permissions', () => {
  it('begins when the start has succeeded, and warns once', async () => {
    const { search, store, onFound } = searchIn(async () => ['api', 'clrk']);
    let succeed = () => {};
    search.startAfter(
      new Promise((resolve) => {
        succeed = resolve;
      }),
    );
    await tenSeconds();
    expect(store.permissionsInUse).not.toHaveBeenCalled();
    succeed();
    await tenSeconds();
    await tenSeconds();
    expect(onFound.mock.calls).toEqual([[WARNING]]);
    expect(store.permissionsInUse).toHaveBeenCalledTimes(1);
  });

  it('finds nothing if all are defined', async () => {
    const { search, onFound } = searchIn(() => ['api', 'clerk']);
    search.startAfter(Promise.resolve());
    await tenSeconds();
    expect(onFound).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits for the store after a failed start, and after a failure', async () => {
    const { search, store, onFound } = searchIn(() => ['clrk']);
    store.permissionsInUse.mockImplementationOnce(() => {
      store.isAnswering = false;
      throw new StoreError('the user store is unavailable');
    });
    store.isAnswering = false;
    search.startAfter(Promise.reject(new StoreError('the user store is unavailable')));
    await tenSeconds();
    await tenSeconds();
    expect(store.permissionsInUse).not.toHaveBeenCalled();
    store.isAnswering = true;
    await tenSeconds();
    expect(store.permissionsInUse).toHaveBeenCalledTimes(1);
    store.isAnswering = true;
    await tenSeconds();
    expect(onFound.mock.calls).toEqual([[WARNING]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives up if the store answers others and fails', async () => {
    const { search, store } = searchIn(async () => {
      throw new StoreError('reading the permissions of all users takes too long');
    });
    search.startAfter(Promise.resolve());
    await tenSeconds();
    await tenSeconds();
    expect(store.permissionsInUse).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends when it is closed: before, while and after it reads', async () => {
    let answer: (inUse: string[]) => void = () => {};
    const { search, onFound } = searchIn(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    search.startAfter(Promise.resolve());
    await vi.advanceTimersByTimeAsync(0);
    search.close();
    answer(['clrk']);
    await tenSeconds();
    expect(onFound).not.toHaveBeenCalled();

    const waiting = searchIn(() => ['clrk']);
    waiting.store.isAnswering = false;
    waiting.search.startAfter(Promise.resolve());
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(1);
    waiting.search.close();
    expect(vi.getTimerCount()).toBe(0);

    const closed = searchIn(() => ['clrk']);
    closed.search.close();
    closed.search.startAfter(Promise.reject(new Error('closed')));
    await tenSeconds();
    expect(closed.store.permissionsInUse).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

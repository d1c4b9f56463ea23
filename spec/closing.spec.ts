import { kapacitorAuth, MemoryUserRepository } from 'kapacitor-auth';
import { expect, it, vi } from 'vitest';

it('a middleware that is closed leaves no timer: of the caches, of the limits, of the search for an admin', async () => {
  vi.useFakeTimers();
  try {
    const auth = kapacitorAuth({ auth: { store: 'memory:' } });
    await auth.ready;
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    await auth.close();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

it('a middleware that is closed leaves a repository of the app open, which the app closes itself', async () => {
  const repository = Object.assign(new MemoryUserRepository(), { close: vi.fn() });
  const auth = kapacitorAuth({ auth: { store: repository } });
  await auth.close();
  expect(repository.close).not.toHaveBeenCalled();
});

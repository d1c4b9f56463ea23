import { kapacitorAuth, MemoryUserRepository } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { listen, serveAudited, untilTold } from '../support/audit.js';

describe('the toggle of authentication', () => {
  it('causes an event when it gets another value', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { auth, told } = await serveAudited();
    for (const authEnabled of [true, false, false, true]) auth.authEnabled = authEnabled;
    expect(() => Object.assign(auth, { authEnabled: 'no' })).toThrow('authEnabled must be true or false');
    await untilTold();
    const time = expect.any(Date);
    expect(told).toEqual([
      ['authentication-switched', { time, authEnabled: false }],
      ['authentication-switched', { time, authEnabled: true }],
    ]);
  });
});

describe('a store that does not answer', () => {
  it('causes one event an outage, and store-state follows when it is back', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const store = new MemoryUserRepository();
    const { auth, told, send } = await serveAudited({ config: { auth: { store } } });
    const states: string[] = [];
    auth.on('store-state', ({ state }) => states.push(state));
    for (const reason of ['connect ECONNREFUSED', 'gone again']) {
      const find = vi.spyOn(store, 'find').mockImplementation(() => {
        throw new Error(reason);
      });
      for (let index = 0; index < 3; index += 1) await send({ path: '/x', auth: 'api:pw' });
      find.mockRestore();
      await send({ path: '/x', auth: 'api:pw' });
    }
    await untilTold();
    const outages = told.filter(([event]) => event === 'store-unavailable');
    expect(outages).toEqual([
      ['store-unavailable', { time: expect.any(Date), reason: 'connect ECONNREFUSED' }],
      ['store-unavailable', { time: expect.any(Date), reason: 'gone again' }],
    ]);
    expect(states).toEqual(['down', 'up', 'down', 'up']);
  });

  it('causes an event if it cannot be opened at the start', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const open = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const auth = kapacitorAuth({ auth: { store: Object.assign(new MemoryUserRepository(), { open }) } });
    onTestFinished(() => auth.close());
    const told = listen(auth);
    await expect(auth.ready).rejects.toThrow('unavailable');
    await untilTold();
    expect(told).toEqual([['store-unavailable', { time: expect.any(Date), reason: 'connect ECONNREFUSED' }]]);
  });

  it('causes no event when the app closes', async () => {
    const { auth, told } = await serveAudited();
    await auth.close();
    await untilTold();
    expect(told).toEqual([]);
  });
});

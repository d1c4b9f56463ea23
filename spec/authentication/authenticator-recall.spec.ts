import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { basicCredentials } from '../../lib/authentication/credentials.js';
import { attempt, NAME, ORIGIN, PASSWORD, setUpAuthenticator } from '../support/authenticator.js';
import { from } from '../support/origin.js';

describe('a login from the cache', () => {
  const header = basicCredentials(NAME, PASSWORD);

  it('goes through the throttle once at each new address, without bcrypt', async () => {
    const { authenticator, throttle, verify } = await setUpAuthenticator();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    const elsewhere = from('192.0.2.2');
    expect(authenticator.recall(header, elsewhere)).toBeUndefined();
    const admit = vi.spyOn(throttle, 'admit');
    expect(await authenticator.authenticate(...attempt(NAME, PASSWORD, elsewhere))).toMatchObject({ name: NAME });
    expect(authenticator.recall(header, elsewhere)).toMatchObject({ name: NAME });
    expect(authenticator.recall(header, ORIGIN)).toMatchObject({ name: NAME });
    await authenticator.authenticate(...attempt(NAME, PASSWORD, elsewhere));
    expect(admit).toHaveBeenCalledTimes(2);
    expect(verify).toHaveBeenCalledOnce();
  });

  it('counts nothing, even if many come at once from a new address', async () => {
    const { authenticator, verify } = await setUpAuthenticator();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    const elsewhere = from('192.0.2.2');
    const logins = Array.from({ length: 50 }, () => authenticator.authenticate(...attempt(NAME, PASSWORD, elsewhere)));
    for (const user of await Promise.all(logins)) expect(user).toMatchObject({ name: NAME });
    expect(verify).toHaveBeenCalledOnce();
  });

  it('does not reveal a cached password to a client that has failed too often', async () => {
    const { authenticator } = await setUpAuthenticator();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    const elsewhere = from('192.0.2.2');
    for (let index = 0; index < 10; index += 1) {
      expect(await authenticator.authenticate(...attempt(NAME, `wrong ${index}`, elsewhere))).toBeUndefined();
    }
    for (const password of [PASSWORD, 'wrong']) {
      await expect(authenticator.authenticate(...attempt(NAME, password, elsewhere))).rejects.toMatchObject({
        code: 'THROTTLED',
      });
    }
    expect(authenticator.recall(header, elsewhere)).toBeUndefined();
    const asIfFromThere = { ...elsewhere, headers: { 'x-forwarded-for': ORIGIN.ip as string } };
    expect(authenticator.recall(header, asIfFromThere)).toBeUndefined();
    // One proxy for both, and an app that takes the client's address from a header of its own.
    const behindTheSameProxy = { ...elsewhere, socket: ORIGIN.socket as object };
    expect(authenticator.recall(header, behindTheSameProxy)).toBeUndefined();
  });

  it('works from many addresses, and after another verification from more', async () => {
    const { authenticator } = await setUpAuthenticator();
    const login = (ip: string) => authenticator.authenticate(...attempt(NAME, PASSWORD, from(ip)));
    await login('192.0.2.1');
    for (let index = 0; index < 199; index += 1) await login(`10.0.0.${index}`);
    expect(authenticator.recall(header, ORIGIN)).toMatchObject({ name: NAME });
    await login('192.0.2.2');
    expect(authenticator.recall(header, ORIGIN)).toBeUndefined();
    expect(await login('192.0.2.1')).toMatchObject({ name: NAME });
    expect(authenticator.recall(header, ORIGIN)).toMatchObject({ name: NAME });
  });

  it('does not store an address of any length, because an app may take it from a header', async () => {
    const { authenticator, cache } = await setUpAuthenticator();
    const set = vi.spyOn(cache, 'set');
    const origin = from('x'.repeat(10_000));
    expect(await authenticator.authenticate(...attempt(NAME, PASSWORD, origin))).toMatchObject({ name: NAME });
    expect(set.mock.calls[0]?.[1].origins.size).toBe(0);
    expect(await authenticator.authenticate(...attempt(NAME, PASSWORD, origin))).toMatchObject({ name: NAME });
  });
});

describe('a closed authenticator', () => {
  it('has no cached login, and leaves no timer', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { authenticator } = await setUpAuthenticator();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    authenticator.close();
    expect(authenticator.recall(basicCredentials(NAME, PASSWORD), ORIGIN)).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});

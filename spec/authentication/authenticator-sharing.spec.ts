import { describe, expect, it, vi } from 'vitest';
import { attempt, holdVerification, NAME, PASSWORD, setUpAuthenticator } from '../support/authenticator.js';
import { from } from '../support/origin.js';

describe('a verification in progress', () => {
  it('does not decide an equal attempt after a change of the password', async () => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    const finish = holdVerification(verify);
    const tooEarly = authenticator.authenticate(...attempt(NAME, 'another'));
    await vi.waitFor(() => expect(verify).toHaveBeenCalledOnce());
    await users.update(NAME, { password: 'another' });
    const login = authenticator.authenticate(...attempt(NAME, 'another'));
    finish();
    expect(await tooEarly).toBeUndefined();
    expect(await login).toMatchObject({ name: NAME });
  });

  it('is not shared between a known and an unknown client: only the latter may have to wait', async () => {
    const { authenticator, throttle, verify } = await setUpAuthenticator();
    throttle.remember('192.0.2.1', NAME);
    const finish = holdVerification(verify);
    const stranger = authenticator.authenticate(...attempt(NAME, PASSWORD, from('192.0.2.2')));
    await vi.waitFor(() => expect(verify).toHaveBeenCalledOnce());
    const known = authenticator.authenticate(...attempt(NAME, PASSWORD, from('192.0.2.1')));
    expect(await known).toMatchObject({ name: NAME });
    expect(verify.mock.calls.map(([, , admission]) => admission?.isKnown)).toEqual([false, true]);
    finish(PASSWORD);
    expect(await stranger).toMatchObject({ name: NAME });
  });
});

import { describe, expect, it, vi } from 'vitest';
import { newSecret } from '../../lib/users/secret-text.js';
import { attempt, NAME, setUpAuthenticator } from '../support/authenticator.js';
import { presented, setUpSecrets } from '../support/secrets.js';

describe('a client that hangs up while its login waits', () => {
  it('counts as a failure of its own address', async () => {
    const { authenticator, throttle } = await setUpAuthenticator();
    const counted = vi.spyOn(throttle, 'attempt');
    const socket: { remoteAddress?: string } = { remoteAddress: '192.0.2.9' };
    const login = authenticator.authenticate(...attempt(NAME, 'wrong', { headers: {}, socket }));
    delete socket.remoteAddress;
    expect(await login).toBeUndefined();
    expect(counted.mock.calls.map(([{ client }]) => client)).toEqual(['192.0.2.9']);
  });

  it('counts so with a key as well', async () => {
    const { authenticator, throttle } = setUpSecrets();
    const counted = vi.spyOn(throttle, 'attempt');
    const socket: { remoteAddress?: string } = { remoteAddress: '192.0.2.9' };
    const login = authenticator.authenticateSecret(presented(newSecret('key').text), { headers: {}, socket });
    delete socket.remoteAddress;
    expect(await login).toBeUndefined();
    expect(counted.mock.calls.map(([{ client }]) => client)).toEqual(['192.0.2.9']);
  });
});

import { describe, expect, it, vi } from 'vitest';
import { appBehind } from '../support/app-behind.js';
import { createAuth } from '../support/auth.js';
import { serve } from '../support/server.js';

describe('the toggle', () => {
  it('takes effect at the next request', async () => {
    const auth = await createAuth({ http: { authEnabled: false } });
    const { send } = await serve(appBehind(auth));
    const open = await send({ path: '/x' });
    expect(open.body).toEqual({ name: 'ADMIN_USER', type: 'admin', permissions: [], enabled: true });
    auth.authEnabled = true;
    expect(auth.authEnabled).toBe(true);
    expect((await send({ path: '/x' })).status).toBe(401);
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    auth.authEnabled = false;
    expect((await send({ path: '/x' })).status).toBe(200);
    expect(warn).toHaveBeenCalledWith('authentication is off: every request runs as the admin ADMIN_USER', {
      type: 'KapacitorAuthWarning',
      code: 'KAPACITOR_AUTH_CONFIG',
    });
  });

  it('refuses a value that is not a boolean, so that nothing stays open by mistake', async () => {
    const auth = await createAuth();
    expect(() => {
      auth.authEnabled = 'no' as never;
    }).toThrow('authEnabled must be true or false');
    expect(auth.authEnabled).toBe(true);
  });

  it.each(['authenabled', 'allowedHost'])('cannot be set under a misspelt name: %s', async (name) => {
    const auth = await createAuth();
    expect(() => Object.assign(auth, { [name]: true })).toThrow(`Cannot add property ${name}`);
  });
});

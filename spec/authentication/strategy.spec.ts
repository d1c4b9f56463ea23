import type { IncomingMessage } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { PasswordHasher } from '../../lib/authentication/password-hasher.js';
import { Tarpit } from '../../lib/authentication/tarpit.js';
import { OverloadedError } from '../../lib/errors.js';
import { createAuth } from '../support/auth.js';
import { BROWSER } from '../support/browser-headers.js';
import { basic } from '../support/server.js';

/** Drives the strategy as Passport does, and gives what it calls. */
async function drive(strategy: object, headers: Record<string, string>, url = '/', more = {}): Promise<unknown[]> {
  return new Promise((resolve) => {
    const attempt = Object.create(strategy);
    attempt.success = (...args: unknown[]) => resolve(['success', ...args]);
    attempt.fail = (...args: unknown[]) => resolve(['fail', ...args]);
    attempt.error = (...args: unknown[]) => resolve(['error', ...args]);
    attempt.authenticate({ headers, url, ...more } as IncomingMessage);
  });
}

const CHALLENGE = 'Basic realm="Kapacitor", charset="UTF-8"';

describe('the strategy', () => {
  it('has the name of passport-http’s strategy', async () => {
    expect((await createAuth()).strategy.name).toBe('basic');
  });

  it('succeeds with the user, without the hash', async () => {
    const { strategy } = await createAuth();
    const [outcome, user] = await drive(strategy, { authorization: basic('api:pw') });
    expect(outcome).toBe('success');
    expect(JSON.parse(JSON.stringify(user))).toEqual({
      name: 'api',
      type: 'normal',
      permissions: ['api'],
      enabled: true,
    });
  });

  it.each([
    [{}, 'unable to parse authentication credentials'],
    [{ authorization: 'Basic !!!' }, 'unable to parse authentication credentials'],
    [{ authorization: basic(':pw') }, 'username required'],
    [{ authorization: basic('api:wrong') }, 'authorization failed'],
    [{ authorization: basic('unknown:pw') }, 'authorization failed'],
    [{ 'sec-fetch-mode': 'navigate' }, 'unable to parse authentication credentials'],
    [{ 'sec-fetch-mode': 'no-cors' }, 'unable to parse authentication credentials'],
  ])('fails with the challenge and Kapacitor’s message for %j', async (headers: Record<string, string>, reason) => {
    const { strategy } = await createAuth();
    expect(await drive(strategy, headers)).toEqual(['fail', CHALLENGE, 401, reason]);
  });

  it.each([
    { 'x-requested-with': 'XMLHttpRequest' },
    { 'x-requested-with': 'xmlhttprequest' },
    { 'sec-fetch-mode': 'cors' },
    { 'sec-fetch-mode': 'same-origin' },
    { ...BROWSER, accept: '*/*' },
  ])('sends no challenge to a script: %j', async (headers: Record<string, string>) => {
    const { strategy } = await createAuth();
    const outcome = await drive(strategy, headers);
    expect(outcome).toEqual(['fail', undefined, 401, 'unable to parse authentication credentials']);
  });

  it('escapes the realm', async () => {
    const { strategy } = await createAuth({ http: { realm: 'my "own" \\ realm' } });
    const [, challenge] = await drive(strategy, {});
    expect(challenge).toBe('Basic realm="my \\"own\\" \\\\ realm", charset="UTF-8"');
  });

  it('reads credentials in the query only if it is configured to', async () => {
    const url = '/?u=api&p=pw';
    expect((await drive((await createAuth()).strategy, {}, url))[0]).toBe('fail');
    const { strategy } = await createAuth({ http: { queryCredentials: true } });
    expect((await drive(strategy, {}, url))[0]).toBe('success');
    expect((await drive(strategy, { authorization: basic('api:wrong') }, url))[0]).toBe('fail');
  });

  it('finds no credentials in the query of a request without a target', async () => {
    const { strategy } = await createAuth({ http: { queryCredentials: true } });
    const [outcome, , status] = await drive(strategy, {}, null as never);
    expect([outcome, status]).toEqual(['fail', 401]);
  });

  it('fails late with 429, and without a challenge, after too many failures', async () => {
    const hold = vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
    const auth = await createAuth({ auth: { failureLimit: 1 } });
    const wrong = { authorization: basic('api:wrong') };
    expect(await drive(auth.strategy, wrong)).toMatchObject(['fail', CHALLENGE, 401, 'authorization failed']);
    expect(hold).not.toHaveBeenCalled();
    const headers = { authorization: basic('api:pw') };
    const [outcome, challenge, status, reason] = await drive(auth.strategy, headers);
    expect([outcome, challenge, status]).toEqual(['fail', undefined, 429]);
    expect(hold).toHaveBeenCalledOnce();
    expect(reason).toMatchObject({ code: 'THROTTLED', headers: { 'Retry-After': '600' } });
  });

  it('lets a person log in again at a page that is locked after too many failures', async () => {
    vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
    const { strategy } = await createAuth({ auth: { failureLimit: 1 } });
    await drive(strategy, { authorization: basic('api:wrong') });
    const headers = { authorization: basic('api:pw'), 'sec-fetch-mode': 'navigate' };
    const [outcome, challenge, status, reason] = await drive(strategy, headers);
    expect([outcome, challenge, status]).toEqual(['fail', CHALLENGE, 401]);
    expect(reason).toMatchObject({ code: 'THROTTLED' });
    expect((await drive(strategy, { ...headers, 'sec-fetch-mode': 'cors' }))[2]).toBe(429);
  });

  it('does not ask for a password again while too many passwords wait', async () => {
    vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
    vi.spyOn(PasswordHasher.prototype, 'verify').mockRejectedValue(new OverloadedError(1, 'too many passwords wait'));
    const headers = { authorization: basic('api:pw'), 'sec-fetch-mode': 'navigate' };
    const [outcome, challenge, status, reason] = await drive((await createAuth()).strategy, headers);
    expect([outcome, challenge, status]).toEqual(['fail', undefined, 503]);
    expect(reason).toMatchObject({ code: 'OVERLOADED' });
  });

  it.each([true, false])('sets Retry-After unless the answer has begun: %s', async (headersSent) => {
    vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
    const { strategy } = await createAuth({ auth: { failureLimit: 1 } });
    const headers = { authorization: basic('api:wrong') };
    await drive(strategy, headers);
    const setHeader = vi.fn();
    expect((await drive(strategy, headers, '/', { res: { headersSent, setHeader } }))[2]).toBe(429);
    expect(setHeader.mock.calls).toEqual(headersSent ? [] : [['Retry-After', 600]]);
  });

  it('reports an error if the store fails', async () => {
    const auth = await createAuth();
    await auth.close();
    const [outcome, error] = await drive(auth.strategy, { authorization: basic('api:pw') });
    expect(outcome).toBe('error');
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

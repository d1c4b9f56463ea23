import type { AuditEvents } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import * as requestContext from '../../lib/request/audit-context.js';
import { appBehind } from '../support/app-behind.js';
import { serveAudited, untilTold } from '../support/audit.js';
import { createAuth } from '../support/auth.js';
import { type SentRequest, serve } from '../support/server.js';
import { USERS } from '../support/users-server.js';

// Only to be counted: they do what they do.
vi.mock('../../lib/request/audit-context.js', { spy: true });

/** An audited app that notes when an answer is written out, beside what its listeners note. */
async function serveNoted() {
  const notes: string[] = [];
  const served = await serveAudited({
    before: [
      (_req, res, next) => {
        const end = res.end.bind(res) as (...given: unknown[]) => typeof res;
        res.end = (...given: unknown[]) => {
          notes.push('answer');
          return end(...given);
        };
        next();
      },
    ],
  });
  return { ...served, notes };
}

const REQUESTS: [keyof AuditEvents, SentRequest, number][] = [
  ['login', { path: '/kapacitor/v1/tasks', auth: 'api:pw' }, 299],
  ['login-failed', { path: '/kapacitor/v1/tasks', auth: 'api:wrong' }, 401],
  ['login-failed', { path: '/kapacitor/v1/tasks', headers: { Authorization: 'Basic' } }, 401],
  ['denied', { path: '/kapacitor/v1/tasks' }, 401],
  ['denied', { path: '/kapacitor/v1/config', auth: 'api:pw' }, 403],
  ['denied', { method: 'DELETE', path: `${USERS}/api`, auth: 'api:pw' }, 403],
  ['user-created', { method: 'POST', path: USERS, auth: 'root:r00t', body: '{"name":"new","password":"p"}' }, 200],
  ['user-changed', { method: 'PATCH', path: `${USERS}/api`, auth: 'root:r00t', body: '{"permissions":[]}' }, 200],
  ['user-deleted', { method: 'DELETE', path: `${USERS}/api`, auth: 'root:r00t' }, 204],
  ['user-operation-failed', { method: 'DELETE', path: `${USERS}/root`, auth: 'root:r00t' }, 409],
  ['user-operation-failed', { method: 'POST', path: USERS, auth: 'root:r00t', body: '{' }, 400],
];

describe('a listener', () => {
  it.each(REQUESTS)('for %s runs after the answer is written', async (event, request, expected) => {
    const { auth, notes, send } = await serveNoted();
    // Whoever is known brings no login with them, which would be told before.
    if (event !== 'login' && request.auth !== undefined) await send({ path: '/', auth: request.auth });
    await untilTold();
    notes.splice(0);
    auth.on(event, () => notes.push('listener'));
    expect((await send(request)).status).toBe(expected);
    await untilTold();
    expect(notes).toEqual(['answer', 'listener']);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('secret'))],
    ['never ends', () => new Promise(() => {})],
    [
      'takes its time',
      () => {
        const until = performance.now() + 50;
        while (performance.now() < until);
      },
    ],
  ])('that %s breaks no request', async (what, listener) => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { auth, told, send } = await serveAudited();
    for (const event of ['login', 'login-failed', 'denied', 'user-created'] as const) auth.on(event, listener);
    const statuses: number[] = [];
    for (const request of [
      { path: '/kapacitor/v1/tasks', auth: 'api:pw' },
      { path: '/kapacitor/v1/tasks', auth: 'api:wrong' },
      { path: '/kapacitor/v1/config', auth: 'api:pw' },
      { method: 'POST', path: USERS, auth: 'root:r00t', body: '{"name":"new","password":"p"}' },
    ]) {
      statuses.push((await send(request)).status);
    }
    expect(statuses).toEqual([299, 401, 403, 200]);
    await vi.waitFor(() =>
      expect(told.map(([event]) => event)).toEqual(['login', 'login-failed', 'denied', 'login', 'user-created']),
    );
    const isFailing = what === 'throws' || what === 'rejects';
    expect(warnings.mock.calls).toEqual(
      isFailing
        ? [
            [
              expect.stringMatching(/^a listener of the event login failed: Error\. The message is left out/),
              { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_LISTENER_FAILED' },
            ],
          ]
        : [],
    );
  });

  it('does not run after it was removed', async () => {
    const { auth, told, send } = await serveAudited();
    const listener = vi.fn();
    expect(auth.on('denied', listener)).toBe(auth);
    await send({ path: '/x' });
    expect(auth.off('denied', listener)).toBe(auth);
    await send({ path: '/x' });
    await untilTold();
    expect(listener).toHaveBeenCalledTimes(1);
    expect(told).toHaveLength(2);
  });

  it('that does not exist costs no work: no details are created', async () => {
    const contextOf = vi.mocked(requestContext.contextOf);
    contextOf.mockClear();
    const auth = await createAuth();
    const { send } = await serve(appBehind(auth));
    await send({ path: '/x' });
    await send({ path: '/x', auth: 'api:wrong' });
    await send({ path: '/x', auth: 'api:pw' });
    await send({ path: '/kapacitor/v1/config', auth: 'api:pw' });
    expect(contextOf).not.toHaveBeenCalled();
    auth.on('denied', () => {});
    await send({ path: '/x' });
    expect(contextOf).toHaveBeenCalledTimes(1);
  });
});

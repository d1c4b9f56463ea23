import { createServer, request as httpRequest, type RequestListener } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import type { KapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAuth } from '../support/auth.js';
import { basic, serve } from '../support/server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** The warnings about failed logins with this setting. */
async function warningsOf(trustProxy: unknown, headers: Record<string, string>, failureLimit = 3): Promise<unknown[]> {
  const auth = await createAuth({ auth: { failureLimit } });
  const app = express();
  if (trustProxy !== undefined) app.set('trust proxy', trustProxy);
  app.use(auth);
  app.use((_req, res) => {
    res.status(299).end();
  });
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const { send } = await serve(app);
  expect((await send({ path: '/x', auth: 'api:pw', headers })).status).toBe(299);
  expect(warn).not.toHaveBeenCalled();
  await send({ path: '/x', auth: 'api:wrong', headers });
  await send({ path: '/x', auth: 'api:wrong', headers });
  return warn.mock.calls;
}

const FORWARDED = { 'X-Forwarded-For': '192.0.2.1' };
const options = { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_PROXY' };

describe('a warning about the proxy', () => {
  it('comes once if Express does not know the proxy', async () => {
    expect(await warningsOf(undefined, FORWARDED)).toEqual([
      [
        expect.stringMatching(
          /X-Forwarded-For, and the setting "trust proxy" is false: .* Set "trust proxy" to the number/,
        ),
        options,
      ],
    ]);
  });

  it('comes once if Express trusts every client', async () => {
    expect(await warningsOf(true, {})).toEqual([
      [
        expect.stringMatching(/the setting "trust proxy" is true: .* Set "trust proxy" to the number or the addresses/),
        options,
      ],
    ]);
  });

  it('comes once if the setting is a number in quotes', async () => {
    expect(await warningsOf('1', FORWARDED)).toEqual([
      [expect.stringMatching(/"trust proxy" is the text "1", .* Set "trust proxy" to a number$/), options],
    ]);
  });

  it.each([
    ['there is no proxy', undefined, {}, 3],
    ['the proxies are counted', 1, FORWARDED, 3],
    ['the proxies have names', 'loopback', FORWARDED, 3],
    ['failures are not counted', true, FORWARDED, 0],
  ])('does not come if %s', async (_what, trustProxy, headers, failureLimit) => {
    expect(await warningsOf(trustProxy, headers as Record<string, string>, failureLimit)).toEqual([]);
  });
});

/** Serves an app at a Unix socket; resolves requests, as its proxy sends them, with the status. */
async function serveAtSocket(auth: KapacitorAuth, trustProxy?: unknown) {
  const app = express();
  if (trustProxy !== undefined) app.set('trust proxy', trustProxy);
  app.use(auth, (_req, res) => {
    res.status(299).end();
  });
  const server = createServer(app as RequestListener);
  const socketPath = join(temporaryFolder(), 'app');
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (credentials: string, forwarded?: string, more: object = {}): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = {
        Authorization: basic(credentials),
        ...(forwarded !== undefined && { 'X-Forwarded-For': forwarded }),
      };
      httpRequest({ socketPath, path: '/x', agent: false, headers, ...more }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
}

describe('behind a proxy that connects through a Unix socket', () => {
  it.each(['loopback', 'loopback, 10.0.0.0/8', 1])('distinguishes clients with "trust proxy" %j', async (trust) => {
    const auth = await createAuth({ auth: { failureLimit: 2 } });
    const ask = await serveAtSocket(auth, trust);
    const from: unknown[] = [];
    auth.on('login-failed', (event) => from.push(event.from));
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const guesses = [];
    // The proxy adds its address after the client's own text.
    for (const made of ['198.51.100.1', '198.51.100.2', '198.51.100.3']) {
      guesses.push(await ask(`api:wrong ${made}`, `${made}, 192.0.2.1`));
    }
    expect(guesses).toEqual([401, 401, 429]);
    expect(await ask('api:pw', '192.0.2.2')).toBe(299);
    expect(new Set(from)).toEqual(new Set(['192.0.2.1']));
  });

  it('skips addresses of trusted proxies, as Express does', async () => {
    const auth = await createAuth();
    const ask = await serveAtSocket(auth, 'loopback, 10.0.0.0/8');
    const from: unknown[] = [];
    auth.on('login-failed', (event) => from.push(event.from));
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await ask('api:wrong', '192.0.2.1, 10.0.0.1, 127.0.0.1');
    await ask('api:wrong', '10.0.0.2,10.0.0.1');
    await new Promise(setImmediate);
    expect(from).toEqual(['192.0.2.1', '10.0.0.2']);
  });

  it.each([undefined, '10.0.0.1'])('accepts no forwarded address without trust: %j', async (trust) => {
    const auth = await createAuth({ auth: { failureLimit: 2 } });
    const ask = await serveAtSocket(auth, trust);
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const statuses = [];
    for (let index = 1; index <= 3; index += 1) statuses.push(await ask(`api:wrong ${index}`, `192.0.2.${index}`));
    expect(statuses).toEqual([401, 401, 429]);
  });

  it.each([
    ['loopback', /through a Unix socket: .* count as if the proxy connected from 127\.0\.0\.1\. Set .* to the number/],
    ['10.0.0.1', /through a Unix socket: .* count as one\. Set "trust proxy" to the number of your proxies$/],
    [undefined, /"trust proxy" is false/],
  ])('causes one warning: %j', async (trust, message) => {
    const ask = await serveAtSocket(await createAuth(), trust);
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await ask('api:wrong', '192.0.2.1');
    await ask('api:wrong', '192.0.2.2');
    expect(warn.mock.calls).toEqual([[expect.stringMatching(message), options]]);
  });

  it.each([1, 'loopback'])('causes no warning with a correct setting: %j', async (trust) => {
    const ask = await serveAtSocket(await createAuth(), trust);
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await ask('api:wrong', trust === 1 ? '192.0.2.1' : undefined);
    expect(warn).not.toHaveBeenCalled();
  });

  it('accepts the host of a page from the proxy', async () => {
    const auth = await createAuth();
    const ask = await serveAtSocket(auth, 'loopback');
    const headers = (forwarded: string) => ({
      method: 'DELETE',
      path: '/kapacitor/v1/users/api',
      headers: {
        Authorization: basic('root:r00t'),
        Origin: 'https://public.example',
        'X-Forwarded-Host': forwarded,
      },
    });
    expect(await ask('', undefined, headers('evil.example'))).toBe(403);
    expect(await ask('', undefined, headers('public.example'))).toBe(204);
  });
});

describe('a warning about another proxy', () => {
  it('comes once if its addresses are invalid', async () => {
    expect(await warningsOf(1, { 'X-Forwarded-For': 'somebody' })).toEqual([
      [expect.stringMatching(/without an address in it: .* Let your proxy write the address/), options],
    ]);
  });

  it('comes once if there is no Express to read them', async () => {
    const auth = await createAuth();
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { send } = await serve((req, res) => auth(req, res, () => res.end()));
    await send({ path: '/x', auth: 'api:wrong' });
    expect(warn).not.toHaveBeenCalled();
    for (let time = 0; time < 2; time += 1) await send({ path: '/x', auth: 'api:wrong', headers: FORWARDED });
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/nothing reads without Express: .* Set req\.ip to the address/), options],
    ]);
  });
});

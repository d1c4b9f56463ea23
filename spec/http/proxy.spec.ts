import express from 'express';
import { describe, expect, it, vi } from 'vitest';
import { createAuth } from '../support/auth.js';
import { serve } from '../support/server.js';

/** What is warned of when logins fail behind this setting. */
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

describe('the operator', () => {
  it('is told once of a proxy that Express does not know', async () => {
    expect(await warningsOf(undefined, FORWARDED)).toEqual([
      [
        expect.stringMatching(/X-Forwarded-For, and the setting "trust proxy" is false: .* Set it to the number/),
        options,
      ],
    ]);
  });

  it('is told once that whoever asks is believed', async () => {
    expect(await warningsOf(true, {})).toEqual([
      [expect.stringMatching(/the setting "trust proxy" is true: .* Set it to the number or the addresses/), options],
    ]);
  });

  it('is told once of a number that is a text', async () => {
    expect(await warningsOf('1', FORWARDED)).toEqual([
      [expect.stringMatching(/"trust proxy" is the text "1", .* Set it to a number$/), options],
    ]);
  });

  it.each([
    ['there is no proxy', undefined, {}, 3],
    ['the proxies are counted', 1, FORWARDED, 3],
    ['the proxies have names', 'loopback', FORWARDED, 3],
    ['failures are not counted', true, FORWARDED, 0],
  ])('is not told anything where %s', async (_what, trustProxy, headers, failureLimit) => {
    expect(await warningsOf(trustProxy, headers as Record<string, string>, failureLimit)).toEqual([]);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { type KapacitorAuth, kapacitorAuth } from 'kapacitor-auth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Exchange, type Scenario, scenarios } from '../support/exchanges.js';
import { type Answer, send } from '../support/server.js';

/** What the app behind the guard answers: nothing of ours does. */
const REACHED = { status: 299, marker: 'x-reached' };

it('every recorded exchange is in the list', () => {
  expect(scenarios).toHaveLength(7);
  expect(scenarios.flatMap(({ exchanges }) => exchanges)).toHaveLength(370);
});

/** Neither store depends on the version of Express: each version has one of them. */
const STORE = process.env['EXPRESS'] === '4' ? 'memory' : 'sqlite';

describe(`with the ${STORE} store`, () => {
  describe.each(scenarios)('$scenario', (scenario) => {
    let auth: KapacitorAuth;
    let server: Server;
    let folder: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-'));
      auth = kapacitorAuth({
        http: { authEnabled: scenario.authEnabled, ...scenario.config?.http },
        auth: {
          store: STORE === 'memory' ? 'memory:' : `sqlite:${join(folder, 'users.db')}`,
          bcryptCost: 4,
          // As with a file of Kapacitor's.
          minimumPasswordLength: 0,
        },
      });
      for (const user of scenario.users) await auth.users.create(user);
      const app = express();
      app.use(auth);
      app.use((_req, res) => {
        res.status(REACHED.status).set(REACHED.marker, 'yes').end();
      });
      server = app.listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
    });

    afterAll(async () => {
      await new Promise((resolve) => server.close(resolve));
      await auth.close();
      rmSync(folder, { recursive: true });
    });

    it.each(playlist(scenario))('%s', async (_title, { request, ...expected }) => {
      const { port } = server.address() as AddressInfo;
      const headers = request.body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' };
      const answer = await send(port, { ...request, headers: { ...headers, ...request.headers } });
      check(answer, expected, isUsersApi(request.path));
    });
  });
});

function playlist({ exchanges }: Scenario): [string, Exchange][] {
  const refused = exchanges.flatMap(nameOfRefused);
  return exchanges.map((exchange, index) => {
    const { method, path, auth } = exchange.request;
    const who = auth === undefined ? '' : ` as ${auth.split(':')[0]}`;
    const title = `${index + 1}. ${method} ${path}${who}${exchange.title ? ` (${exchange.title})` : ''}`;
    return [title, withoutUsers(exchange, refused)];
  });
}

/** A user whom Kapacitor has made, and who is refused here. */
function nameOfRefused({ request, response, ours }: Exchange): string[] {
  const isRefused = request.method === 'POST' && response.status === 200 && (ours?.status ?? 200) >= 400;
  const { name } = (response.body ?? {}) as { name?: string };
  return isRefused && name ? [name] : [];
}

/** Kapacitor's list has those whom it has made. */
function withoutUsers(exchange: Exchange, names: readonly string[]): Exchange {
  const { users } = (exchange.response.body ?? {}) as { users?: { name: string }[] };
  if (users === undefined) return exchange;
  const body = { users: users.filter(({ name }) => !names.includes(name)) };
  return { ...exchange, response: { ...exchange.response, body } };
}

function isUsersApi(path: string): boolean {
  return /^\/kapacitor\/v1(preview)?\/users(?=[/?]|$)/.test(path);
}

/** Checks an answer against ours, where there is one, and else against Kapacitor's. */
function check(answer: Answer, { response, ours, compare }: Omit<Exchange, 'request'>, isUsers: boolean): void {
  const status = ours?.status ?? response.status;
  const isGuards = status === 401 || status === 403;
  const isGranted = ours?.granted === true || (!isUsers && !isGuards && ours?.status === undefined);
  if (isGranted && !isUsers) {
    expect(answer.headers[REACHED.marker]).toBe('yes');
    return;
  }
  expect(answer.status).toBe(ours?.granted === true ? 200 : status);
  expect(answer.headers[REACHED.marker]).toBeUndefined();
  const body = ours === undefined ? response.body : (ours.body ?? errorBody(ours.error));
  if (body !== undefined && compare !== 'status') expect(answer.body).toEqual(body);
  if (response.contentType !== undefined && answer.text !== '') {
    expect(answer.headers['content-type']).toBe(response.contentType);
  }
  for (const [name, value] of Object.entries(ours?.headers ?? {})) expect(answer.headers[name]).toBe(value);
  for (const name of ours?.noHeaders ?? []) expect(answer.headers[name]).toBeUndefined();
}

function errorBody(error: string | undefined): unknown {
  return error === undefined ? undefined : { error, message: error };
}

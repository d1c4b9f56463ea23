import { Agent } from 'node:http';
import { connect } from 'node:net';
import STRINGS from 'big-list-of-naughty-strings/blns.json' with { type: 'json' };
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAuth } from '../support/auth.js';
import { basic, serve } from '../support/server.js';

const USERS = '/kapacitor/v1/users';

async function setUp() {
  // Most of them fail to log in.
  const auth = await createAuth({ auth: { failureLimit: 0 } });
  const app = express();
  app.use(auth);
  app.use((_req, res) => {
    res.status(299).end();
  });
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  return { auth, ...(await serve(app, { agent })) };
}

/** Sends a header that an HTTP client would not let out. */
function sendHeader(port: number, header: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no answer to ${JSON.stringify(header)}`)));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(Number(answer.split(' ')[1])));
    socket.on('error', reject);
    socket.write(`GET /x HTTP/1.1\r\nHost: localhost\r\n${header}\r\nConnection: close\r\n\r\n`);
  });
}

/** Each test makes some thousand requests. */
describe('every naughty string', { timeout: 60_000 }, () => {
  it('is in the list', () => {
    expect(STRINGS.length).toBeGreaterThan(400);
  });

  it('as a name makes a user who can log in, or is refused', async () => {
    const { send } = await setUp();
    for (const name of STRINGS) {
      const body = JSON.stringify({ name, password: 'pw', permissions: ['api'] });
      const created = await send({ method: 'POST', path: USERS, auth: 'root:r00t', body });
      expect([200, 400, 409], name).toContain(created.status);
      const login = await send({ path: '/x', auth: `${name}:pw` });
      expect(login.status, name).toBe(created.status === 400 ? 401 : 299);
      const path = `${USERS}/${encodeURIComponent(name.toWellFormed())}`;
      const shown = await send({ path, auth: 'root:r00t' });
      if (created.status === 200) expect(shown.body).toMatchObject({ name });
      else expect([200, 400, 404], name).toContain(shown.status);
    }
  });

  it('as a password lets its user in and nobody else, or is refused', async () => {
    const { auth, send } = await setUp();
    for (const [index, password] of STRINGS.entries()) {
      const name = `user${index}`;
      const body = JSON.stringify({ name, password, permissions: ['api'] });
      const created = await send({ method: 'POST', path: USERS, auth: 'root:r00t', body });
      expect([200, 400], password).toContain(created.status);
      const login = await send({ path: '/x', auth: `${name}:${password}` });
      expect(login.status, password).toBe(created.status === 200 ? 299 : 401);
      const other = await send({ path: '/x', auth: `${name}:${password}x` });
      expect(other.status, password).toBe(401);
      if (created.status === 400) expect(await auth.users.get(name)).toBeUndefined();
    }
  });

  it('in a header gets an answer', async () => {
    const { port, send } = await setUp();
    for (const text of STRINGS) {
      for (const header of [`Authorization: ${text}`, `Authorization: Basic ${text}`, `X-Requested-With: ${text}`]) {
        expect([400, 401], header).toContain(await sendHeader(port, header));
      }
      expect(await sendHeader(port, `Authorization: ${basic(text)}`), text).toBe(401);
    }
    expect((await send({ path: '/x', auth: 'api:pw' })).status).toBe(299);
  });

  it('in a path, a query and a body gets an answer', async () => {
    const { send } = await setUp();
    for (const text of STRINGS) {
      const encoded = encodeURIComponent(text.toWellFormed());
      for (const path of [
        `/${encoded}`,
        `${USERS}?pattern=${encoded}`,
        `${USERS}?after=${encoded}`,
        `${USERS}?limit=${encoded}`,
        `${USERS}?fields=${encoded}`,
      ]) {
        expect((await send({ path, auth: 'root:r00t' })).status, path).toBeLessThan(500);
        expect((await send({ path, auth: 'nobody:pw' })).status, path).toBe(403);
      }
      expect((await send({ method: 'POST', path: USERS, auth: 'root:r00t', body: text })).status, text).toBe(400);
    }
  });
});

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import express from 'express';
import { KapacitorAuthError, kapacitorAuth, StoreError } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';

const folder = mkdtempSync(join(__dirname, 'users-'));
const auth = kapacitorAuth({ auth: { bcryptCost: 4, store: `sqlite:${join(folder, 'users.db')}` } });
let server: Server;

beforeAll(async () => {
  await auth.users.create({ name: 'somebody', password: 'examplePassword', permissions: ['api'] });
  const app = express();
  app.use(auth);
  app.get('/api/tasks', (req, res) => {
    res.json({ for: req.user.name });
  });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(async () => {
  server.close();
  await auth.close();
  rmSync(folder, { recursive: true });
});

test.each([
  ['wrong', 401],
  ['examplePassword', 200],
])('the password %s is answered with %i', async (password, status) => {
  const { port } = server.address() as AddressInfo;
  const headers = { Authorization: `Basic ${btoa(`somebody:${password}`)}` };
  const response = await fetch(`http://127.0.0.1:${port}/api/tasks`, { headers });
  expect(response.status).toBe(status);
});

test('an error is one of the tree, from each entry', async () => {
  await expect(auth.users.create({ name: '', password: 'examplePassword' })).rejects.toBeInstanceOf(KapacitorAuthError);
  expect(() => new PostgresUserRepository('postgres://host/database')).toThrow(StoreError);
});

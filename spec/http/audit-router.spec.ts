import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { createAuth } from '../support/auth.js';
import { serve } from '../support/server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const AUDIT = '/kapacitor/v1/audit';

/** An audit log that has these lines when the app starts. */
async function setUp(text = '', former?: string) {
  const auditLog = join(temporaryFolder(), 'audit.log');
  writeFileSync(auditLog, text);
  if (former !== undefined) writeFileSync(`${auditLog}.1`, former);
  const auth = await createAuth({ auth: { auditLog } }, []);
  auth.authEnabled = false;
  const { send } = await serve(express().use(auth));
  const ask = async (query = '') => send({ path: `${AUDIT}${query}` });
  const numbers = async (query = '') => (await ask(query)).body.events.map(({ n }: { n?: number }) => n).filter(Number);
  return { auth, auditLog, send, ask, numbers };
}

const lines = (from: number, to: number, rest = '') =>
  Array.from(
    { length: to - from + 1 },
    (_, index) => `{"time":"2027-01-01T00:00:00.000Z","event":"x","n":${from + index}${rest}}\n`,
  ).join('');
const descending = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => from - index);

describe('GET /kapacitor/v1/audit', () => {
  it('shows the last hundred events, the newest first', async () => {
    const { numbers } = await setUp(lines(1, 250));
    expect((await numbers()).slice(0, 90)).toEqual(descending(250, 161));
    expect(await numbers('?limit=1000')).toEqual(descending(250, 1));
    expect((await numbers('?limit=')).length).toBeLessThanOrEqual(100);
  });

  it('goes on with the file that logrotate has moved away', async () => {
    const { numbers, auditLog } = await setUp(lines(4, 5), lines(1, 3));
    expect(await numbers()).toEqual([5, 4, 3, 2, 1]);
    renameSync(auditLog, `${auditLog}.1`);
    expect(await numbers()).toEqual([5, 4]);
  });

  it('leaves out lines that are no events, and the last one as long as it is incomplete', async () => {
    const { numbers } = await setUp(`${lines(1, 2)}no event\n7\n[]\n{"n":8\n${lines(3, 3)}`, `${lines(9, 9)}{"n":10}`);
    expect(await numbers('?limit=50')).toEqual([3, 2, 1, 9]);
  });

  it('reads long lines, and no more of a long file than it needs', async () => {
    const { numbers } = await setUp(lines(1, 2_000, `,"text":"${'é'.repeat(8_000)}"`));
    expect((await numbers('?limit=50')).slice(0, 40)).toEqual(descending(2_000, 1_961));
    expect((await numbers('?limit=1000')).length).toBeGreaterThan(400);
  });

  it.each(['0', '1001', '-1', '1.5', 'abc', '1e2'])('refuses the limit %s', async (limit) => {
    const { ask } = await setUp();
    const error = `limit must be a number from 1 to 1000, not "${limit}"`;
    expect(await ask(`?limit=${limit}`)).toMatchObject({ status: 400, body: { error } });
  });

  it('is for admins alone', async () => {
    const auth = await createAuth({ auth: { auditLog: join(temporaryFolder(), 'audit.log') } });
    const { send } = await serve(express().use(auth));
    for (const [user, status] of [
      ['root:r00t', 200],
      ['api:pw', 403],
      ['nobody:pw', 403],
    ] as const) {
      const answer = await send({ path: AUDIT, auth: user });
      expect(answer.status, user).toBe(status);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(auth.can(await auth.users.get(user.split(':')[0] as string), 'GET', AUDIT)).toBe(status === 200);
    }
    expect((await send({ path: AUDIT })).status).toBe(401);
    const { body, text } = await send({ path: `${AUDIT}?limit=1000`, auth: 'root:r00t' });
    expect(body.events.map(({ event }: { event: string }) => event)).toContain('denied');
    expect(text).not.toMatch(/r00t|\$2b\$|revision/);
  });

  it('is 404 without an audit log', async () => {
    const { send } = await serve(express().use(await createAuth()));
    const error = 'no audit log is kept: set [auth] audit-log';
    expect(await send({ path: AUDIT, auth: 'root:r00t' })).toMatchObject({ status: 404, body: { error } });
    expect((await send({ path: AUDIT, method: 'POST', auth: 'root:r00t' })).status).toBe(405);
  });

  it('is 404 for a log that cannot be read', async () => {
    const { ask, auditLog } = await setUp();
    renameSync(auditLog, `${auditLog}.2`);
    mkdirSync(auditLog);
    const error = 'no audit log can be read: let [auth] audit-log name a file that is readable';
    expect(await ask()).toMatchObject({ status: 404, body: { error } });
  });
});

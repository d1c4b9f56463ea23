import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { AuditLog } from '../../lib/observe/audit-log.js';
import { onEveryEvent } from '../../lib/observe/audit-sinks.js';
import { API_USER, createAuth, ROOT } from '../support/auth.js';
import { failure } from '../support/failure.js';
import { serve } from '../support/server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** On a busy machine. */
const SOON = { timeout: 10_000 };

const clock = vi.hoisted(() => ({ time: 0 }));
vi.mock('../../lib/clock.js', () => ({ now: () => clock.time }));

const time = new Date('2026-11-24T12:00:00Z');
const line = (user: string) => `{"time":"2026-11-24T12:00:00.000Z","event":"login","user":"${user}"}\n`;
const read = (path: string) => readFileSync(path, 'utf8');

let warnings: string[];
beforeEach(() => {
  warnings = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((message, options) => {
    warnings.push(`${(options as { code: string }).code}: ${message}`);
  });
});

/** A log that is closed when the test is over. */
function openLog(path: string): AuditLog {
  const log = new AuditLog(path);
  onTestFinished(() => log.close());
  return log;
}

/** Writes that this user logged in. */
function write(log: AuditLog, user: string): void {
  const details = { time, user };
  log.write('login', details);
}

/** POSIX has it. */
const MAKE_PIPE = 'mkfifo';

describe('the audit log', () => {
  it('has one line for each event of an app', async () => {
    const path = join(temporaryFolder(), 'audit.log');
    const log = openLog(path);
    const auth = await createAuth();
    onEveryEvent(auth, (event, details) => log.write(event, details));
    const { send } = await serve(express().use(auth));
    await send({ path: '/kapacitor/v1/tasks?u=a&p=secret', auth: 'api:wrong', headers: { 'X-Request-Id': 'r1' } });
    await send({ path: '/kapacitor/v1/users', method: 'DELETE', auth: 'api:pw' });
    await auth.users.delete(API_USER.name);
    await log.close();
    const lines = read(path)
      .trimEnd()
      .split('\n')
      .map((each) => JSON.parse(each));
    expect(lines).toMatchObject([
      { event: 'login-failed', user: 'api', from: '127.0.0.1', path: '/kapacitor/v1/tasks', reason: 'wrong-password' },
      { event: 'login', user: 'api' },
      { event: 'denied', user: 'api', method: 'DELETE', status: 403 },
      { event: 'user-deleted', user: { name: 'api', type: 'normal', permissions: ['api'], enabled: true } },
    ]);
    expect(lines[0]).toMatchObject({ requestId: 'r1' });
    expect(read(path)).not.toMatch(/secret|wrong"|\$2/);
    expect(warnings).toEqual([]);
  });

  it('is readable only by its owner if it is new, and keeps content and mode otherwise', async () => {
    const path = join(temporaryFolder(), 'audit.log');
    const first = openLog(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    write(first, 'a');
    await first.close();
    chmodSync(path, 0o640);
    const second = openLog(path);
    write(second, 'b');
    await second.close();
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(read(path)).toBe(line('a') + line('b'));
    expect(warnings).toEqual([]);
  });

  it('causes a warning if every user may read it', () => {
    const path = join(temporaryFolder(), 'audit.log');
    writeFileSync(path, '');
    chmodSync(path, 0o644);
    openLog(path);
    expect(warnings).toEqual([
      `KAPACITOR_AUTH_CONFIG: every user of this machine may read or change the audit log ${path}: run chmod o= ${path}`,
    ]);
  });

  it('starts a new line after an incomplete one of a killed process', async () => {
    const path = join(temporaryFolder(), 'audit.log');
    writeFileSync(path, '{"time":"2026', { mode: 0o600 });
    const log = openLog(path);
    write(log, 'a');
    await log.close();
    expect(read(path)).toBe(`{"time":"2026\n${line('a')}`);
  });

  it('is written soon, without close()', async () => {
    const path = join(temporaryFolder(), 'audit.log');
    write(openLog(path), 'a');
    await expect.poll(() => read(path), SOON).toBe(line('a'));
  });

  it('has every event before close(), and none after it', async () => {
    const path = join(temporaryFolder(), 'audit.log');
    const log = openLog(path);
    const auth = await createAuth(undefined, [ROOT]);
    onEveryEvent(auth, (event, details) => log.write(event, details));
    auth.authEnabled = false;
    const closing = log.close();
    expect(log.close()).toBe(closing);
    await closing;
    auth.authEnabled = true;
    await new Promise(setImmediate);
    expect(read(path)).toMatch(/^\{[^\n]*"event":"authentication-switched","authEnabled":false\}\n$/);
  });

  it.each([
    [
      'its folder is not there',
      'gone/audit.log',
      (folder: string) =>
        `there is no folder ${folder}/gone: create it, writable for the user that this program runs as`,
    ],
    [
      'its folder is a file',
      'file/audit.log',
      (folder: string) => `${folder}/file is not a folder: name a file in a folder`,
    ],
    ['it is a folder', 'folder', () => 'it is a folder: name a file in it, such as audit.log'],
    [
      'it is a pipe without a reader',
      'pipe',
      () => 'it is a socket, or a pipe without a reader: name a file, or start the reader first',
    ],
    [
      'its name cannot be one',
      'x'.repeat(300),
      (folder: string) => `ENAMETOOLONG: name too long, open '${folder}/${'x'.repeat(300)}': name another file`,
    ],
  ])('causes an error at once when %s', (_what, name, reason) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'folder'));
    execFileSync(MAKE_PIPE, [join(folder, 'pipe')]);
    const path = join(folder, name);
    const message = `cannot open the audit log ${path}: ${reason(folder)}`;
    expect(() => new AuditLog(path)).toThrow(failure('CONFIG_INVALID', 500, message));
    expect(() => new AuditLog(path)).toThrow(expect.objectContaining({ cause: expect.any(Error) }));
  });

  it('may be a pipe with a slow reader', async () => {
    const path = join(temporaryFolder(), 'pipe');
    execFileSync(MAKE_PIPE, [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    onTestFinished(() => closeSync(reader));
    const log = openLog(path);
    const users = Array.from({ length: 3_000 }, (_, index) => `user${index}`);
    for (const user of users) write(log, user);
    let text = '';
    const chunk = Buffer.alloc(1 << 20);
    await expect
      .poll(() => {
        try {
          text += chunk.toString('utf8', 0, readSync(reader, chunk));
        } catch (error) {
          expect(error).toMatchObject({ code: 'EAGAIN' });
        }
        return text.length;
      }, SOON)
      .toBe(users.map(line).join('').length);
    expect(text).toBe(users.map(line).join(''));
    expect(warnings).toEqual([]);
  });
});

describe('a rotated audit log', () => {
  it('continues in a new file within a second', async () => {
    const path = join(temporaryFolder(), 'audit.log');
    const log = openLog(path);
    write(log, 'a');
    await expect.poll(() => read(path), SOON).toBe(line('a'));
    renameSync(path, `${path}.1`);
    clock.time += 999;
    write(log, 'b');
    await expect.poll(() => read(`${path}.1`), SOON).toBe(line('a') + line('b'));
    clock.time += 1;
    write(log, 'c');
    write(log, 'd');
    await expect.poll(() => statSync(path, { throwIfNoEntry: false })?.size, SOON).toBe(2 * line('c').length);
    expect(read(path)).toBe(line('c') + line('d'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(read(`${path}.1`)).toBe(line('a') + line('b'));
  });

  it('continues in a file that was created in its place', async () => {
    const path = join(temporaryFolder(), 'audit.log');
    const log = openLog(path);
    renameSync(path, `${path}.1`);
    writeFileSync(path, '', { mode: 0o640 });
    clock.time += 1_000;
    write(log, 'a');
    await expect.poll(() => read(path), SOON).toBe(line('a'));
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(read(`${path}.1`)).toBe('');
  });

  it('continues in the moved file while no new one can be opened, with a warning', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const folder = join(temporaryFolder(), 'logs');
    mkdirSync(folder);
    const path = join(folder, 'audit.log');
    const log = openLog(path);
    renameSync(folder, `${folder}.1`);
    clock.time += 1_000;
    write(log, 'a');
    await expect.poll(() => read(`${folder}.1/audit.log`), SOON).toBe(line('a'));
    vi.advanceTimersByTime(1_000);
    expect(warnings).toEqual([
      `KAPACITOR_AUTH_AUDIT_LOST: audit events lost: 0, waiting in memory: 0. Cannot write ${path}: ` +
        `it was moved, and a new one cannot be opened: ENOENT: no such file or directory, open '${path}'`,
    ]);
    mkdirSync(folder);
    clock.time += 1_000;
    write(log, 'b');
    await expect.poll(() => statSync(path, { throwIfNoEntry: false })?.size, SOON).toBe(line('b').length);
    rmSync(`${folder}.1`, { recursive: true });
    await log.close();
    expect(warnings).toHaveLength(1);
  });

  it('continues in the same file if the check fails', async () => {
    const folder = join(temporaryFolder(), 'logs');
    mkdirSync(folder);
    const path = join(folder, 'audit.log');
    const log = openLog(path);
    renameSync(folder, `${folder}.1`);
    writeFileSync(folder, 'a file, so that there is nothing below it');
    clock.time += 1_000;
    write(log, 'a');
    await expect.poll(() => read(`${folder}.1/audit.log`), SOON).toBe(line('a'));
    expect(warnings).toEqual([]);
  });
});

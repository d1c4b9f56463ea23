import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';

import { json, serveAnswer } from './servers.js';
import { done, failed } from './stores.js';

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;
const BY = `by "command line: ${userInfo().username}"`;

/** A config file, with an audit log unless another setting is given, and what runs commands with it. */
function configured(setting = 'audit-log = "audit.log"') {
  const folder = temporaryFolder();
  const config = join(folder, 'kapacitor.conf');
  writeFileSync(config, `[auth]\nenabled = true\nbcrypt-cost = 4\nstore = "sqlite:./users.db"\n${setting}\n`);
  const on = (args: readonly string[], input = '') => run([...args, '--config', config], { input });
  return { folder, log: join(folder, 'audit.log'), on };
}

const shown = (stdout: string) => stdout.replace(TIME, 'TIME').trimEnd().split('\n');

describe('audit', () => {
  it('shows what the command line and servers have done, the newest last', async () => {
    const { folder, on } = configured();
    await on(['user', 'add', 'root', '--type', 'admin', '--password-stdin'], 'rootPassword');
    await on(['user', 'add', 'stan', '--password-stdin'], 'stanPassword');
    await on(['user', 'disable', 'stan']);
    await on(['user', 'delete', 'root', '--yes']);
    await on(['export', join(folder, 'users.jsonl')]);
    await on(['import', join(folder, 'users.jsonl')]);
    await on(['backup', join(folder, 'copy.db')]);
    const all = [
      `TIME  user "root" was created ${BY}`,
      `TIME  user "stan" was created ${BY}`,
      `TIME  user "stan" was changed ${BY}: enabled`,
      `TIME  user "root" could not be deleted ${BY}: the last admin cannot be deleted or demoted`,
      `TIME  2 users were exported to ${join(folder, 'users.jsonl')} ${BY}`,
      `TIME  an import (JSON lines) ${BY}: done, 0 added, 0 replaced`,
      `TIME  the store was copied to ${join(folder, 'copy.db')} ${BY}`,
    ];
    expect(shown((await on(['audit'])).stdout)).toEqual(all);
    expect(shown((await on(['audit', '--limit', '2'])).stdout)).toEqual(all.slice(-2));
    const { events } = JSON.parse((await on(['audit', '--limit', '2', '--json'])).stdout);
    expect(events).toMatchObject([{ event: 'users-imported', outcome: 'done' }, { event: 'store-backed-up' }]);
  });

  it('shows where a request came from, and every line, whoever has written it', async () => {
    const { log, on } = configured();
    const lines = [
      { time: '2026-11-30T12:00:00.123Z', event: 'login', user: 'stan', how: 'key', from: '10.0.0.1' },
      { time: '2026-11-30T12:00:00Z', event: 'token-created', user: 'stan', by: 'x', expires: 'later' },
      { time: '2026-11-30T12:00:00Z', event: 'audit-lost', count: 3 },
      { time: '2026-11-30T12:00:00Z', event: 'user-created' },
      { time: '2026-11-30T12:00:00Z', event: 'toString' },
      { event: 'a\u001b[2J\u202eb' },
    ];
    writeFileSync(log, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    expect(await on(['audit'])).toEqual(
      done(
        '2026-11-30T12:00:00Z  user "stan" logged in with a key, from 10.0.0.1\n' +
          '2026-11-30T12:00:00Z  a token for user "stan" was signed by "x", until later\n' +
          '2026-11-30T12:00:00Z  3 events were lost: the disk was full or too slow\n' +
          '2026-11-30T12:00:00Z  user-created\n' +
          '2026-11-30T12:00:00Z  toString\n' +
          '(no time)  a\\u001b[2J\\u202eb\n',
      ),
    );
  });

  it('shows nothing of an empty log, and says so if there is none', async () => {
    expect(await configured().on(['audit'])).toEqual(done(''));
    expect(await configured('').on(['audit'])).toEqual(failed(1, 'no audit log is kept: set [auth] audit-log'));
    const { log, on } = configured('audit-log = "audit.log/x"');
    writeFileSync(log, '');
    expect((await on(['audit'])).stderr).toMatch(
      /^kapacitor-auth: cannot read the audit log .*audit\.log.x: ENOTDIR.*\n$/,
    );
  });

  it.each(['0', '1001', '-1', 'x', '1.5'])('takes no --limit %s', async (limit) => {
    const { on } = configured();
    const { exitCode, stderr } = await on(['audit', '--limit', limit]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('It must be a number from 1 to 1000');
  });

  it('asks a server', async () => {
    const events = [
      { time: '2026-11-30T12:00:01.000Z', event: 'user-deleted', user: { name: 'stan' }, by: 'root' },
      { time: '2026-11-30T12:00:00.000Z', event: 'login', user: 'root', how: 'password' },
    ];
    const { asked, on } = await serveAnswer(json(200, { events }));
    expect(await on(['audit', '--limit', '7'])).toEqual(
      done('2026-11-30T12:00:00Z  user "root" logged in\n2026-11-30T12:00:01Z  user "stan" was deleted by "root"\n'),
    );
    expect(asked[0]).toMatch(/^GET \/kapacitor\/v1\/audit\?limit=7 /);
  });

  it("prints a server's refusal, and knows a server without an audit log", async () => {
    const none = 'no audit log is kept: set [auth] audit-log';
    const { on } = await serveAnswer(json(404, { error: none, message: none }));
    expect(await on(['audit'])).toEqual(failed(1, none));
    const other = await serveAnswer(json(200, { events: ['x'] }));
    expect(await other.on(['audit'])).toEqual(
      failed(
        4,
        'the server does not answer with events. A real Kapacitor has none to show, and neither has an older version',
      ),
    );
    const kapacitor = await serveAnswer(json(404, { error: 'Not Found' }));
    expect((await kapacitor.on(['audit'])).exitCode).toBe(4);
  });
});

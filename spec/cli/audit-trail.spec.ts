import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliOptions, run } from '../support/cli.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A config file with an audit log, and a command line that is about it. */
function audited() {
  const folder = temporaryFolder();
  const config = join(folder, 'kapacitor.conf');
  const log = join(folder, 'log', 'audit.log');
  mkdirSync(join(folder, 'log'));
  writeFileSync(
    config,
    ['[auth]', 'enabled = true', 'bcrypt-cost = 4', 'store = "sqlite:./users.db"', 'audit-log = "log/audit.log"'].join(
      '\n',
    ),
  );
  const on = (args: readonly string[], options?: CliOptions) => run([...args, '--config', config], options);
  const told = (): Record<string, unknown>[] =>
    readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  return { folder, log, on, told };
}

const add = ['user', 'add', 'stan', '--type', 'admin', '--password-stdin'];
const by = `command line: ${userInfo().username}`;

describe('the configured audit log', () => {
  it('has each change of the command line with its account, and no secret', async () => {
    const { folder, log, on, told } = audited();
    await on(add, { input: 'stanPassword' });
    await on(['user', 'set', 'stan', '--type', 'normal']);
    await on(['user', 'passwd', 'stan', '--password-stdin'], { input: 'anotherPassword' });
    await on(['export', join(folder, 'users.jsonl')]);
    await on(['backup', join(folder, 'copy.db')]);
    await on(['import', join(folder, 'users.jsonl')]);
    expect(told()).toMatchObject([
      { event: 'user-created', by, user: { name: 'stan' }, time: expect.any(String) },
      { event: 'user-operation-failed', by, operation: 'change', user: 'stan', code: 'LAST_ADMIN' },
      { event: 'user-changed', by, changed: ['password'] },
      { event: 'users-exported', by, count: 1, to: join(folder, 'users.jsonl') },
      { event: 'store-backed-up', by, to: join(folder, 'copy.db') },
      {
        event: 'users-imported',
        by,
        format: 'JSON lines',
        outcome: 'done',
        added: 0,
        replaced: 0,
        kept: 0,
        refused: 0,
      },
    ]);
    expect(readFileSync(log, 'utf8')).not.toMatch(/Password|\$2/);
  });

  it('has each admin that an import adds, changes or demotes, with the user before', async () => {
    const { on, told } = audited();
    const { hash } = userNamed('stan');
    const line = (name: string, type: string, enabled = true) =>
      `${JSON.stringify({ name, type, permissions: [], enabled, hash })}\n`;
    await on(['import', '-'], { input: line('root', 'admin') + line('eve', 'normal') + line('kim', 'normal') });
    await on(['import', '-', '--overwrite'], {
      input: line('root', 'normal') + line('eve', 'admin') + line('kim', 'normal', false),
    });
    expect(told()).toMatchObject([
      { event: 'user-created', by, user: { name: 'root', type: 'admin' } },
      { event: 'users-imported', outcome: 'done', added: 3 },
      {
        event: 'user-changed',
        by,
        user: { name: 'eve', type: 'admin' },
        before: { type: 'normal' },
        changed: ['type'],
      },
      {
        event: 'user-changed',
        by,
        user: { name: 'root', type: 'normal' },
        before: { type: 'admin' },
        changed: ['type'],
      },
      { event: 'users-imported', outcome: 'done', added: 0, replaced: 3 },
    ]);
  });

  it('causes a warning if others may read it, and an incomplete line in it is ended', async () => {
    const { log, on, told } = audited();
    writeFileSync(log, '{"event":"begun"}');
    chmodSync(log, 0o644);
    const { stderr } = await on(add, { input: 'stanPassword' });
    expect(stderr).toContain(
      `warning: every user of this machine may read or change the audit log ${log}: run chmod o= ${log}`,
    );
    expect(told()).toMatchObject([{ event: 'begun' }, { event: 'user-created' }]);
  });

  it('is not opened by a command that only reads', async () => {
    const { log, on } = audited();
    await on(add, { input: 'stanPassword' });
    rmSync(log);
    for (const args of [
      ['user', 'list'],
      ['user', 'show', 'stan'],
      ['can', 'stan', 'GET', '/'],
    ]) {
      expect((await on(args)).exitCode).toBe(0);
    }
    expect(existsSync(log)).toBe(false);
  });

  it('causes one warning if it cannot be written, and the command succeeds', async () => {
    const { folder, on } = audited();
    rmSync(join(folder, 'log'), { recursive: true });
    const { exitCode, stderr } = await on(add, { input: 'stanPassword' });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('kapacitor-auth: warning: this is not in the audit log: cannot open the audit log');
    expect((await on(['user', 'show', 'stan'])).exitCode).toBe(0);
  });
});

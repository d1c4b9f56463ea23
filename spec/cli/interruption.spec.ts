import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { SqliteUserRepository } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { beforeInterruption } from '../../lib/cli/interruption.js';
import type { Streams } from '../../lib/cli/output.js';
import { writePrivateFile } from '../../lib/cli/private-file.js';
import { askHidden, askYesOrNo } from '../../lib/cli/prompt.js';
import { run } from '../support/cli.js';
import { openRepository } from '../support/sqlite-repository.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** Sends a signal that does not reach the process. Answers with which signal it would have ended. */
function interrupt(signal: (typeof SIGNALS)[number]): unknown {
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  const remove = vi.spyOn(process, 'removeAllListeners').mockReturnThis();
  const listener = process.listeners(signal).find(({ name }) => name === 'endProcess');
  listener?.(signal);
  const sent = kill.mock.lastCall?.[1];
  expect(remove.mock.calls.map(([each]) => each)).toEqual(sent === undefined ? [] : SIGNALS);
  kill.mockRestore();
  remove.mockRestore();
  return sent;
}

describe('an interruption', () => {
  it.each([
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGTERM'],
    ['SIGHUP', 'SIGHUP'],
    // It would leave an image of the memory.
    ['SIGQUIT', 'SIGTERM'],
  ] as const)('by %s ends the process by %s after all clean-up', (signal, sent) => {
    const done: string[] = [];
    const forgetters = [
      beforeInterruption(() => {
        done.push('one');
        throw new Error('it cannot be done');
      }),
      beforeInterruption(() => done.push('two')),
      beforeInterruption(() => done.push('three')),
    ];
    forgetters.pop()?.();
    expect(interrupt(signal)).toBe(sent);
    expect(done).toEqual(['one', 'two']);
    for (const forget of forgetters) forget();
    expect(interrupt(signal)).toBeUndefined();
  });

  it.each(SIGNALS)('by %s leaves no file of an export', async (signal) => {
    const folder = temporaryFolder();
    await writePrivateFile(join(folder, 'file'), { force: false }, async (write) => {
      await write('hashes');
      expect(readdirSync(folder)).toHaveLength(1);
      interrupt(signal);
      expect(readdirSync(folder)).toEqual([]);
      throw new Error('interrupted');
    }).catch(() => {});
  });

  it.each([
    ['a password', (streams: Streams) => askHidden(streams, 'Password:', 'no terminal')],
    ['an answer', (streams: Streams) => askYesOrNo(streams, 'Delete?', 'no terminal')],
  ])('during a question for %s restores the terminal', async (_what, ask) => {
    const setRawMode = vi.fn();
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode });
    const stderr = Object.assign(new PassThrough(), { isTTY: true });
    let shown = '';
    stderr.on('data', (chunk) => {
      shown += chunk;
    });
    const asked = ask({ stdin, stdout: stderr, stderr } as unknown as Streams).catch(() => {});
    await vi.waitFor(() => expect(shown).toMatch(/Password:|Delete/));
    setRawMode.mockClear();
    expect(interrupt('SIGHUP')).toBe('SIGHUP');
    expect(setRawMode.mock.calls).toEqual([[false]]);
    await vi.waitFor(() => expect(shown.endsWith('\u001b[?25h\n')).toBe(true));
    stdin.write('\u0003');
    await asked;
    expect(interrupt('SIGHUP')).toBeUndefined();
  });

  it('during a backup removes its file', async () => {
    const folder = temporaryFolder();
    const users = join(folder, 'users', 'users.db');
    openRepository(users);
    let left: string[] | undefined;
    const real = SqliteUserRepository.prototype.backup;
    vi.spyOn(SqliteUserRepository.prototype, 'backup').mockImplementationOnce(async function (
      this: SqliteUserRepository,
      to,
    ) {
      const copying = real.call(this, to);
      await vi.waitFor(() => expect(readdirSync(folder)).toContainEqual(expect.stringContaining('-backup-')), {
        interval: 0,
      });
      interrupt('SIGTERM');
      left = readdirSync(folder);
      await copying;
    });
    await run(['backup', join(folder, 'copy.db'), '--store', `sqlite:${users}`]);
    expect(left).toEqual(['users']);
    expect(existsSync(join(folder, 'copy.db'))).toBe(false);
  });

  it('during an import is recorded in the audit log, with the numbers so far and each admin', async () => {
    const folder = temporaryFolder();
    const config = join(folder, 'kapacitor.conf');
    const log = join(folder, 'audit.log');
    writeFileSync(config, '[auth]\nenabled = true\nstore = "sqlite:./users.db"\naudit-log = "audit.log"\n');
    const line = (name: string, type: string) => JSON.stringify({ ...userNamed(name), type, revision: undefined });
    const lines = Array.from({ length: 1_001 }, (_, index) => line(`user${index}`, index === 7 ? 'admin' : 'normal'));
    const real = SqliteUserRepository.prototype.insertMany;
    vi.spyOn(SqliteUserRepository.prototype, 'insertMany')
      .mockImplementationOnce(function (this: SqliteUserRepository, users) {
        return real.call(this, users);
      })
      .mockImplementationOnce(() => {
        interrupt('SIGINT');
        throw new Error('the disk is full');
      });
    const { exitCode } = await run(['import', '-', '--config', config], { input: lines.join('\n') });
    expect(exitCode).toBe(4);
    const told = readFileSync(log, 'utf8').trimEnd().split('\n');
    expect(told.map((each) => JSON.parse(each))).toMatchObject([
      { event: 'user-created', user: { name: 'user7', type: 'admin' }, by: expect.stringContaining('command line') },
      { event: 'users-imported', outcome: 'interrupted', added: 1_000, replaced: 0 },
      { event: 'users-imported', outcome: 'failed', added: 1_000, replaced: 0, reason: expect.any(String) },
    ]);
    expect(told.join()).not.toContain('$2');
  });
});

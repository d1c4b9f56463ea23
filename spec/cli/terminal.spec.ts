import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { binary, environmentOf, run } from '../support/cli.js';
import { TerminalRun } from '../support/pty.js';
import { openRepository } from '../support/sqlite-repository.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Milliseconds, for some starts of a process on a machine that does much else. */
const DONE_WITHIN = 60_000;
const ENTER = '\r';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CURSOR_IS_SHOWN = '\u001b[?25h';
const CURSOR_IS_HIDDEN = '\u001b[?25l';

async function storeWith(...names: readonly string[]) {
  const file = join(temporaryFolder(), 'users.db');
  const repository = openRepository(file);
  await repository.insertMany([userNamed('root', { type: 'admin' }), ...names.map((name) => userNamed(name))]);
  return { repository, store: ['--store', `sqlite:${file}`] };
}

describe('a password at a terminal', () => {
  it(
    'is asked for twice, hidden, until it keeps the rules',
    async () => {
      const { repository, store } = await storeWith();
      const terminal = new TerminalRun(['user', 'add', 'ユーザー', '--permission', 'api', ...store]);
      await terminal.shows('kapacitor-auth: Password of ユーザー: ');
      terminal.type(`short${ENTER}`);
      await terminal.shows('kapacitor-auth: password must be at least 8 characters: try again');
      await terminal.shows('Password of ユーザー: ');
      terminal.type(`longEnough${ENTER}`);
      await terminal.shows('kapacitor-auth: Once more: ');
      terminal.type(`longEnouhg${ENTER}`);
      await terminal.shows('kapacitor-auth: the passwords differ: try again');
      await terminal.shows('Password of ユーザー: ');
      terminal.type(`longEnough${ENTER}`);
      await terminal.shows('Once more: ');
      terminal.type(`longEnough${ENTER}`);
      await terminal.shows('NAME      TYPE    PERMISSIONS  STATE\nユーザー  normal  api          enabled\n');
      expect(await terminal.ended).toBe(0);
      expect(terminal.raw).not.toMatch(/short|longEn/);
      // No colours: only the cursor is moved, hidden and shown.
      expect(terminal.raw).not.toMatch(new RegExp(`${'\u001b'}\\[[\\d;]*m`));
      expect(terminal.raw.lastIndexOf(CURSOR_IS_SHOWN)).toBeGreaterThan(terminal.raw.lastIndexOf(CURSOR_IS_HIDDEN));
      const { default: bcrypt } = await import('bcrypt');
      expect(await bcrypt.compare('longEnough', (await repository.find('ユーザー'))?.hash ?? '')).toBe(true);
    },
    DONE_WITHIN,
  );

  it(
    'is not set after Ctrl-C, which restores the terminal',
    async () => {
      const { repository, store } = await storeWith('stan');
      const terminal = new TerminalRun(['user', 'passwd', 'stan', ...store]);
      await terminal.shows('New password of stan: ');
      terminal.type(`half${CTRL_C}`);
      expect(await terminal.ended).toBe(130);
      expect(terminal.text).toContain('\nkapacitor-auth: interrupted: nothing was changed\n');
      expect(terminal.raw.lastIndexOf(CURSOR_IS_SHOWN)).toBeGreaterThan(terminal.raw.lastIndexOf(CURSOR_IS_HIDDEN));
      expect(repository.find('stan')).toEqual(userNamed('stan'));
    },
    DONE_WITHIN,
  );
});

describe('a question at a terminal', () => {
  it(
    'deletes no user after Ctrl-D',
    async () => {
      const { repository, store } = await storeWith('a', 'b');
      const terminal = new TerminalRun(['user', 'delete', 'a', 'b', ...store]);
      await terminal.shows('kapacitor-auth: Delete a, b? [y/N] ');
      terminal.type(CTRL_D);
      expect(await terminal.ended).toBe(130);
      expect(terminal.text).toContain('kapacitor-auth: interrupted: nothing was changed\n');
      expect(repository.find('a')).toEqual(userNamed('a'));
    },
    DONE_WITHIN,
  );
});

describe('a terminal', () => {
  it(
    'is restored when an import is interrupted, and another import completes it',
    async () => {
      const folder = temporaryFolder();
      const line = (index: number) => JSON.stringify({ ...userNamed(`user${index}`), revision: undefined });
      writeFileSync(join(folder, 'many'), Array.from({ length: 30_000 }, (_, index) => line(index)).join('\n'));
      const terminal = new TerminalRun(['import', 'many', '--store', 'sqlite:users.db'], { cwd: folder });
      await terminal.shows(' of 30000 users [=');
      terminal.type(CTRL_C);
      expect(await terminal.ended).toBe(130);
      expect(terminal.text).toContain(
        'kapacitor-auth: interrupted: the users stored so far stay, and the same import completes it\n',
      );
      expect(terminal.raw.lastIndexOf(CURSOR_IS_SHOWN)).toBeGreaterThan(terminal.raw.lastIndexOf(CURSOR_IS_HIDDEN));
      const { stdout } = await run([
        'import',
        join(folder, 'many'),
        '--json',
        '--store',
        `sqlite:${join(folder, 'users.db')}`,
      ]);
      const { new: added, unchanged } = JSON.parse(stdout);
      expect(unchanged).toBeGreaterThanOrEqual(1_000);
      expect(added + unchanged).toBe(30_000);
    },
    DONE_WITHIN,
  );
});

describe('a reader that closes the output', () => {
  it(
    'ends the output quietly',
    async () => {
      const names = Array.from({ length: 20_000 }, (_, index) => `user${index}`);
      const { store } = await storeWith(...names);
      const command = [...binary(), 'user', 'list', ...store].map((word) => `'${word}'`).join(' ');
      const { stdout, stderr } = await promisify(execFile)(
        'bash',
        ['-c', `${command} | head -n 1; echo "\${PIPESTATUS[0]}"`],
        {
          env: environmentOf({}),
        },
      );
      expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^NAME .*\n0\n$/), stderr: '' });
    },
    DONE_WITHIN,
  );
});

describe('a file that a shell creates', () => {
  it(
    'causes a warning if others may read the hashes in it',
    async () => {
      const { store } = await storeWith();
      const folder = temporaryFolder();
      const command = [...binary(), 'export', ...store].map((word) => `'${word}'`).join(' ');
      const { stderr } = await promisify(execFile)(
        'bash',
        ['-c', `umask 022; ${command} > open; umask 077; ${command} > closed`],
        {
          cwd: folder,
          env: environmentOf({}),
        },
      );
      const exported = 'kapacitor-auth: exported 1 user\n';
      expect(stderr).toBe(
        `kapacitor-auth: warning: others may read the output file, and it holds password hashes: chmod 600\n${exported}${exported}`,
      );
    },
    DONE_WITHIN,
  );
});

describe('a command that a signal ends', () => {
  it(
    'ends by that signal, and leaves no temporary hashes',
    async () => {
      const [program, ...before] = binary();
      const interrupt = async (signal: NodeJS.Signals) => {
        const folder = temporaryFolder();
        const child = spawn(program, [...before, 'import', '-', '--store', 'sqlite:users.db'], {
          cwd: folder,
          env: environmentOf({ TMPDIR: folder }),
        });
        const ended = once(child, 'exit');
        // More than a pipe holds: it is told when all of it has been read.
        await new Promise((resolve) => child.stdin.write(`stan:${userNamed('stan').hash}\n`.repeat(20_000), resolve));
        child.kill(signal);
        return { ended: await ended, left: readdirSync(folder).filter((name) => name.startsWith('kapacitor-auth')) };
      };
      expect(await Promise.all([interrupt('SIGTERM'), interrupt('SIGHUP')])).toEqual([
        { ended: [null, 'SIGTERM'], left: [] },
        { ended: [null, 'SIGHUP'], left: [] },
      ]);
    },
    DONE_WITHIN,
  );
});

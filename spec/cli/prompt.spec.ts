import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/cli/cli-error.js';
import type { Streams } from '../../lib/cli/output.js';
import { requireTerminal } from '../../lib/cli/prompt.js';
import { createAuth } from '../support/auth.js';
import { run, runTyping, type Step } from '../support/cli.js';
import { ownSchema } from '../support/postgres-repository.js';
import { serve } from '../support/server.js';
import { openRepository } from '../support/sqlite-repository.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function storeWith(...names: readonly string[]) {
  const file = join(temporaryFolder(), 'users.db');
  const repository = openRepository(file);
  await repository.insertMany(names.map((name) => userNamed(name)));
  const store = ['--store', `sqlite:${file}`];
  return { repository, on: (args: readonly string[], ...steps: Step[]) => runTyping([...args, ...store], steps) };
}

describe('a new password', () => {
  it('is asked for until it keeps the rules and is typed twice alike', async () => {
    const { on } = await storeWith('stan');
    const result = await on(
      ['user', 'passwd', 'stan'],
      ['New password of stan: ', 'short\r'],
      // The prompt is drawn again with each letter.
      ['at least 8 characters: try again\n', ''],
      ['New password of stan: ', 'longEnough\r'],
      ['Once more: ', 'longEnouhg\r'],
      ['the passwords differ: try again\n', ''],
      ['New password of stan: ', 'longEnough\r'],
      ['Once more: ', 'longEnough\r'],
    );
    expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('stan') });
    expect(result.stderr).toContain('kapacitor-auth: password must be at least 8 characters: try again\n');
    expect(result.stderr).toContain('kapacitor-auth: the passwords differ: try again\n');
    expect(result.stdout + result.stderr).not.toMatch(/longEn|short/);
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('is not set after %s', async (_key, typed) => {
    const { on, repository } = await storeWith('stan');
    const result = await on(['user', 'passwd', 'stan'], ['New password of stan: ', typed]);
    expect(result.exitCode).toBe(130);
    expect(result.stderr).toMatch(/kapacitor-auth: interrupted: nothing was changed\n$/);
    expect(repository.find('stan')).toEqual(userNamed('stan'));
  });

  it('is not read from a terminal with --password-stdin', async () => {
    const { on } = await storeWith('stan');
    expect(await on(['user', 'passwd', 'stan', '--password-stdin'])).toMatchObject({
      exitCode: 2,
      stderr: 'kapacitor-auth: --password-stdin reads piped input, and nothing is piped in: leave it out to be asked\n',
    });
  });
});

describe('a question', () => {
  it.each([
    ['y\r', 0],
    ['YES\r', 0],
    ['no\r', 1],
    ['\r', 1],
    ['\u0003', 130],
    ['\u0004', 130],
  ])('is answered by %j', async (typed, exitCode) => {
    const { on } = await storeWith('a', 'b', 'c', 'd', 'e', 'f');
    const result = await on(
      ['user', 'delete', 'a', 'b', 'c', 'd', 'e', 'f'],
      ['Delete 6 users, a, b, c, d, e, …? [y/N] ', typed],
    );
    expect(result.exitCode).toBe(exitCode);
    expect(result.stdout).toBe(
      exitCode === 0 ? 'deleted a\ndeleted b\ndeleted c\ndeleted d\ndeleted e\ndeleted f\n' : '',
    );
  });
});

describe('the terminal for a question', () => {
  const streams = (stdin: boolean, stdout: boolean, stderr: boolean) =>
    ({ stdin: { isTTY: stdin }, stdout: { isTTY: stdout }, stderr: { isTTY: stderr } }) as Streams;

  it('is asked on standard error if that is a terminal, so that the output can be piped', () => {
    const everywhere = streams(true, true, true);
    expect(requireTerminal(everywhere, '')).toBe(everywhere.stderr);
    const logged = streams(true, true, false);
    expect(requireTerminal(logged, '')).toBe(logged.stdout);
  });

  it.each([streams(true, false, false), streams(false, true, true)])('is not asked without a terminal', (none) => {
    expect(() => requireTerminal(none, 'there is no terminal')).toThrow(new UsageError('there is no terminal'));
  });
});

describe("the caller's own password", () => {
  it('is asked for, also when the output is piped', async () => {
    const server = await serve(express().use(await createAuth()));
    const args = ['user', 'show', 'root', '--json', '-url', server.url.replace('://', '://root@')];
    const result = await runTyping(args, [[`Password of root at ${server.url}: `, 'r00t\r']], true);
    expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^{"name":"root",.*}\n$/) });
  });
});

describe('a terminal', () => {
  it('shows the progress of a large import, and not of a small one', async () => {
    const folder = temporaryFolder();
    const lines = Array.from({ length: 10_001 }, (_, index) =>
      JSON.stringify({ ...userNamed(`user${index}`), revision: undefined }),
    );
    writeFileSync(join(folder, 'many'), lines.join('\n'));
    writeFileSync(join(folder, 'few'), lines.slice(1).join('\n'));
    const importFile = (name: string) =>
      runTyping(['import', join(folder, name), '--store', `sqlite:${join(folder, `${name}.db`)}`], []);
    const many = await importFile('many');
    expect(many).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^JSON lines: 10001 new, /) });
    expect(many.stderr).toContain('10001 of 10001 users [========================] 100 %, 0s to go');
    expect((await importFile('few')).stderr).not.toContain(' of 10000 users');
  });

  it('gets no hashes by accident, and is not read for an import', async () => {
    const { on } = await storeWith();
    expect(await on(['export'])).toMatchObject({
      exitCode: 2,
      stderr: 'kapacitor-auth: the password hashes would be shown on the terminal: name a FILE, or - to show them\n',
    });
    expect(await on(['import', '-'])).toMatchObject({
      exitCode: 2,
      stderr: 'kapacitor-auth: nothing is piped in: name a file\n',
    });
  });
});

describe('a backup', () => {
  it('is left to pg_dump if the users are in PostgreSQL', async () => {
    expect(await run(['backup', 'x', '--store', ownSchema()])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'kapacitor-auth: "backup" copies SQLite stores. Back up users in PostgreSQL with ' +
        'pg_dump --schema=SCHEMA DATABASE, which includes the functions, or with "export"\n',
    });
  });
});

/** Whatever the password is, this prints a hash of it, or says why not. */
const hash = (args: readonly string[], input: string | Buffer = '') =>
  run(['hash', ...args], { input, env: { KAPACITOR_AUTH_BCRYPT_COST: '4' } });

async function hashedPassword(args: readonly string[], input: string | Buffer, password: string): Promise<boolean> {
  const { stdout } = await hash(args, input);
  const { default: bcrypt } = await import('bcrypt');
  return bcrypt.compare(password, stdout.trimEnd());
}

const refused = (exitCode: number, message: string) => ({
  exitCode,
  stdout: '',
  stderr: `kapacitor-auth: ${message}\n`,
});

function fileWith(content: string): string {
  const path = join(temporaryFolder(), 'password');
  writeFileSync(path, content);
  return path;
}

describe('a password', () => {
  it.each([
    ['with a line end', 'a pässword\n', 'a pässword'],
    ['with a line end of Windows', 'a pässword\r\n', 'a pässword'],
    ['without a line end', 'a pässword', 'a pässword'],
    ['with blanks around it, which belong to it', ' a password \n', ' a password '],
    ['with more lines, which do not', 'a password\nanother\n', 'a password'],
    ['in the form that is hashed', 'a pa\u0308ssword\u00a0\n', 'a pässword '],
  ])('is the first line of standard input, or of a file: %s', async (_what, content, password) => {
    expect(await hashedPassword(['--password-stdin'], content, password)).toBe(true);
    expect(await hashedPassword(['--password-file', fileWith(content)], '', password)).toBe(true);
  });

  it.each([
    ['\n', 2, 'the first line of standard input is empty: it must be the password'],
    ['', 2, 'the first line of standard input is empty: it must be the password'],
    [Buffer.from([0xff, 0xfe, 0x0a]), 2, 'the password in standard input is not UTF-8'],
    ['x'.repeat(10_000), 2, 'the first line of standard input is too long for a password'],
    ['short\n', 1, 'password must be at least 8 characters'],
    ['x'.repeat(73), 1, 'password must be at most 72 bytes'],
    ['a\tpassword\n', 1, 'password must not contain control characters'],
  ])('keeps the rules: not %j', async (input, exitCode, message) => {
    expect(await hash(['--password-stdin'], input)).toEqual(refused(exitCode, message));
  });

  it('comes from one source, and a prompt appears only on a terminal', async () => {
    expect(await hash([])).toEqual(
      refused(
        2,
        'there is no terminal to ask for the password. Pipe it in with --password-stdin, or name a file that holds it ' +
          'with --password-file FILE',
      ),
    );
    expect(await hash(['--password-stdin', '--password-file', 'x'])).toEqual(
      refused(2, '--password-stdin and --password-file exclude each other: leave one of them out'),
    );
    expect(await hash(['--password-file', 'hunter2'])).toEqual(
      refused(2, 'cannot read the password file: there is no such file'),
    );
    expect((await hash(['--password-file', temporaryFolder()])).stderr).toMatch(/EISDIR/);
  });

  it('may not be a refused one', async () => {
    const list = fileWith('password\nletmein1\n');
    const result = await run(['hash', '--password-stdin'], {
      input: 'letmein1',
      env: { KAPACITOR_AUTH_REFUSED_PASSWORDS: list },
    });
    expect(result).toEqual(refused(1, 'password is one of the refused passwords: choose another'));
  });
});

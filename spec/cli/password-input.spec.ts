import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';

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

  it('comes from one of them, and is never asked for where nobody can be', async () => {
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

  it('is none of the refused ones', async () => {
    const list = fileWith('password\nletmein1\n');
    const result = await run(['hash', '--password-stdin'], {
      input: 'letmein1',
      env: { KAPACITOR_AUTH_REFUSED_PASSWORDS: list },
    });
    expect(result).toEqual(refused(1, 'password is one of the refused passwords: choose another'));
  });
});

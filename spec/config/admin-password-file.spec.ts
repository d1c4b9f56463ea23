import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { ConfigError } from '../../lib/errors.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { configFile, fromCode, ON, passwordReadBy } from './resolve.js';

const PASSWORD = 'correct horse';
/** POSIX has it. */
const MAKE_PIPE = 'mkfifo';

/** A file that is gone when the test is over. */
function passwordFile(content: string | Uint8Array): string {
  const path = join(temporaryFolder(), 'admin-password');
  writeFileSync(path, content);
  return path;
}

async function passwordOf(path: string): Promise<string> {
  return passwordReadBy(fromCode({ auth: { admin: { name: 'root', passwordFile: path } } }).admin);
}

async function refusalOfFile(path: string): Promise<ConfigError> {
  const error = await passwordOf(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  return error as ConfigError;
}

describe("the file of the first admin's password", () => {
  it.each([
    ['a relative path in a file', 'secret.txt', (folder: string) => join(folder, 'secret.txt')],
    ['a path in the home folder', '~/secret.txt', () => join(homedir(), 'secret.txt')],
    ['an absolute path', '/run/secrets/x', () => '/run/secrets/x'],
  ])('is found at a path like any other: %s', async (_, written, expected) => {
    const path = configFile(`${ON}admin-username = "root"\nadmin-password-file = "${written}"\n`);
    const { admin } = resolveConfig(path, {}, {});
    await expect(passwordReadBy(admin)).rejects.toThrow(
      `[auth] admin-password-file: cannot read ${expected(dirname(path))}: there is no such file`,
    );
  });

  it('is read when the password is needed', async () => {
    const path = join(temporaryFolder(), 'later');
    const { admin } = fromCode({ auth: { admin: { name: 'root', passwordFile: path } } });
    writeFileSync(path, PASSWORD);
    await expect(passwordReadBy(admin)).resolves.toBe(PASSWORD);
  });

  it.each([
    ['no line end', PASSWORD],
    ['a line end', `${PASSWORD}\n`],
    ['a line end of Windows', `${PASSWORD}\r\n`],
    ['a byte order mark', `\ufeff${PASSWORD}\n`],
  ])('may have %s around the password, which do not belong to it', async (_, content) => {
    await expect(passwordOf(passwordFile(content))).resolves.toBe(PASSWORD);
  });

  it('keeps the blanks of a password', async () => {
    await expect(passwordOf(passwordFile('  two words \n'))).resolves.toBe('  two words ');
  });

  it.each([
    ['nothing', '', 'is empty: write the password in it'],
    ['a line end alone', '\n', 'is empty: write the password in it'],
  ])('is refused with %s in it', async (_, content, problem) => {
    const path = passwordFile(content);
    const error = await refusalOfFile(path);
    expect(error.message).toBe(`[auth] admin-password-file: ${path} ${problem}`);
    expect(error.cause).toBeUndefined();
  });

  it.each([
    ['two lines', 'hunter2\nhunter2\n', 'password must not contain control characters'],
    ['two line ends', 'hunter2\n\n', 'password must not contain control characters'],
    ['too many bytes', 'hunter2'.repeat(11), 'password must be at most 72 bytes'],
  ])('is refused with %s in it, and the error does not repeat them', async (_, content, problem) => {
    const path = passwordFile(content);
    const error = await refusalOfFile(path);
    expect(error.message).toBe(
      `[auth] admin-password-file: ${path}: ${problem}: write the password in it, and nothing else`,
    );
    expect(error.stack).not.toContain('hunter2');
  });

  it('is refused if it is not UTF-8, and the error does not repeat its bytes', async () => {
    const path = passwordFile(Buffer.from('hunter2é', 'latin1'));
    const error = await refusalOfFile(path);
    expect(error.message).toBe(
      `[auth] admin-password-file: cannot read ${path}: it is not a text in UTF-8: save it as UTF-8`,
    );
    expect(error.cause).toBeUndefined();
  });

  it('is refused when it is a folder, or cannot be read for another reason', async () => {
    const folder = join(temporaryFolder(), 'a folder');
    mkdirSync(folder);
    const error = await refusalOfFile(folder);
    expect(error.message).toBe(
      `[auth] admin-password-file: cannot read ${folder}: it is a folder: name the file in it`,
    );
    const below = join(passwordFile(''), 'x');
    expect((await refusalOfFile(below)).message).toMatch(
      new RegExp(`^\\[auth\\] admin-password-file: cannot read ${below}: ENOTDIR`),
    );
  });

  it('is refused at once if it is a pipe, a device or a large file', async () => {
    const folder = temporaryFolder();
    execFileSync(MAKE_PIPE, [join(folder, 'pipe')]);
    for (const path of [join(folder, 'pipe'), '/dev/zero']) {
      expect((await refusalOfFile(path)).message).toBe(
        `[auth] admin-password-file: cannot read ${path}: it is not a regular file`,
      );
    }
    const long = passwordFile('x'.repeat(5_000));
    expect((await refusalOfFile(long)).message).toBe(
      `[auth] admin-password-file: cannot read ${long}: it has 5000 bytes, and at most 4096 are allowed`,
    );
  });
});

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { shellQuoted } from '../../lib/safe-text.js';
import { binary, run } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const script = async (shell: string) => (await run(['completion', shell])).stdout;

/**
 * The words that bash offers in place of the last one.
 *
 * @param command what the script finds as kapacitor-auth
 */
async function offered(words: readonly string[], command = 'false'): Promise<string[]> {
  const program = `${await script('bash')}
kapacitor-auth() { ${command} "$@"; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_kapacitor_auth
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', program, 'bash', 'kapacitor-auth', ...words]);
  return stdout.split('\n').filter(Boolean);
}

describe('completion in bash', () => {
  it.each([
    [
      [''],
      [
        'user',
        'key',
        'permission',
        'whoami',
        'can',
        'audit',
        'token',
        'hash',
        'check-config',
        'import',
        'export',
        'backup',
        'serve',
        'completion',
      ],
    ],
    [
      ['user', ''],
      ['list', 'show', 'add', 'set', 'passwd', 'enable', 'disable', 'delete'],
    ],
    [['user', 'e'], ['enable']],
    [['--store', 'sqlite:./users.db', 'user', 'p'], ['passwd']],
    [
      ['user', 'add', 'stan', '--pass'],
      ['--password-stdin', '--password-file'],
    ],
    [
      ['user', 'add', 'stan', '--type', ''],
      ['admin', 'normal'],
    ],
    [
      ['user', 'set', 'stan', '--permission', 'a'],
      ['api', 'all'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [
      ['import', '--format', ''],
      ['kapacitor', 'htpasswd', 'jsonl'],
    ],
    [['import', ''], []],
    [['export', '--sk'], ['--skip-verify']],
    [['--v'], ['--version']],
  ])('offers after %j: %j', async (words, expected) => {
    expect(await offered(words)).toEqual(expected);
  });
});

describe('completion of permissions in bash', () => {
  const program = binary()
    .map((word) => shellQuoted(word))
    .join(' ');

  function configWith(name: string): string {
    const file = join(temporaryFolder(), 'kapacitor.conf');
    writeFileSync(file, `[permissions.${name}]\n"/orders" = "read"\n`);
    return file;
  }

  it.each([
    ['before the command', (file: string) => ['--config', file, 'user', 'add', 'kim', '--permission', 'c']],
    ['as Kapacitor writes it', (file: string) => ['user', 'set', 'kim', '-config', file, '--permission', 'c']],
    ['behind an equals sign', (file: string) => ['--config', '=', file, 'import', 'users', '--permission', 'c']],
  ])('offers those of the config file on the line: %s', async (_where, words) => {
    expect(await offered(words(configWith('clerk')), program)).toEqual(['config_api', 'clerk']);
  });

  it('goes on behind a comma', async () => {
    const line = ['--config', configWith('clerk'), 'user', 'add', 'kim', '--permission'];
    expect(await offered([...line, 'api,cl'], program)).toEqual(['api,clerk']);
  });

  it('asks no server, and needs no config', async () => {
    const line = ['user', 'add', 'kim', '--permission', 'c'];
    const refuse = 'echo clerk; echo asked >&2; false';
    expect(await offered(['--url', 'http://root@localhost:9092', ...line], refuse)).toEqual(['config_api']);
    expect(await offered(['--config', '/none/kapacitor.conf', ...line], program)).toEqual(['config_api']);
  });
});

describe('the scripts for other shells', () => {
  it('contain every command and every option', async () => {
    const bash = await script('bash');
    const words = new Set(bash.match(/(?<=[' ])--[a-z-]+|(?<=')user [a-z]+(?=')/g));
    expect(words.size).toBeGreaterThan(25);
    const [zsh, fish] = await Promise.all([script('zsh'), script('fish')]);
    for (const word of words) expect(zsh).toContain(word);
    for (const word of words) expect(fish).toContain(word.startsWith('--') ? `-l ${word.slice(2)}` : word);
  });

  it('quote descriptions', async () => {
    expect(await script('fish')).toContain("-d 'do not verify the server'\\''s certificate (also -skipVerify)'");
    expect(await script('zsh')).toContain("'--url:the users of a server: http://USER@HOST:9092 (also -url)'");
  });

  it('exist for three shells', async () => {
    const { exitCode, stderr } = await run(['completion', 'tcsh']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("value 'tcsh' is invalid for argument 'SHELL'. Allowed choices are bash, zsh, fish");
  });
});

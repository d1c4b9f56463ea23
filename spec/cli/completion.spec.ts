import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { run } from '../support/cli.js';

const script = async (shell: string) => (await run(['completion', shell])).stdout;

/** The words that bash offers in place of the last one. */
async function offered(words: readonly string[]): Promise<string[]> {
  const program = `${await script('bash')}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_kapacitor_auth
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', program, 'bash', 'kapacitor-auth', ...words]);
  return stdout.split('\n').filter(Boolean);
}

describe('completion in bash', () => {
  it.each([
    [[''], ['user', 'permission', 'whoami', 'can', 'hash', 'check-config', 'import', 'export', 'backup', 'completion']],
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

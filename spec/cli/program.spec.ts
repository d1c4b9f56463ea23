import { describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/cli/cli-error.js';
import { normalizeArguments } from '../../lib/cli/program.js';
import packageJson from '../../package.json' with { type: 'json' };
import { run, runWith } from '../support/cli.js';

describe('arguments', () => {
  it("may be written as for Kapacitor's own command line", () => {
    expect(normalizeArguments(['-url', 'http://host:9092', '-config', 'FILE', '-skipVerify', 'user', 'list'])).toEqual([
      '--url',
      'http://host:9092',
      '--config',
      'FILE',
      '--skip-verify',
      'user',
      'list',
    ]);
  });

  it.each([
    ['-skipVerify=true', ['--skip-verify']],
    ['-skipVerify=1', ['--skip-verify']],
    ['--skip-verify', ['--skip-verify']],
    ['-skipVerify=false', []],
    ['-url=http://host', ['--url=http://host']],
    ['-h', ['-h']],
    ['-', ['-']],
  ])('turn %s into %j', (given, expected) => {
    expect(normalizeArguments([given])).toEqual(expected);
  });

  it('after -- are names', () => {
    expect(normalizeArguments(['user', 'show', '--', '-url', '-password'])).toEqual([
      'user',
      'show',
      '--',
      '-url',
      '-password',
    ]);
  });

  it.each([
    ['--password', 'hunter2'],
    ['--password=hunter2'],
    ['-password', 'hunter2'],
    ['--passwd', 'hunter2'],
    ['--pass=hunter2'],
    ['--passphrase=hunter2'],
    ['-p', 'hunter2'],
    ['-phunter2'],
    ['--pw', 'hunter2'],
  ])('may not be passwords: %s', (...args) => {
    let error: unknown;
    try {
      normalizeArguments(['user', 'add', 'stan', ...args]);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UsageError);
    const { message } = error as UsageError;
    expect(message).toMatch(/^a password is never an argument: .* --password-stdin or --password-file FILE$/);
    expect(message).not.toContain('hunter2');
  });

  it.each([
    '--permission',
    '-permission',
    '--permission=api',
    '--password-stdin',
    '--password-file',
    '--password-file=x',
  ])('may be %s', (option) => {
    expect(normalizeArguments([option])).toEqual([option.replace(/^-(?!-)/, '--')]);
  });
});

describe('the command line', () => {
  it('prints its version and its help, with the exit codes', async () => {
    expect(await run(['--version'])).toEqual({ exitCode: 0, stdout: `${packageJson.version}\n`, stderr: '' });
    const { exitCode, stdout, stderr } = await run(['--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: kapacitor-auth /);
    for (const code of [0, 1, 2, 3, 4, 70, 130]) expect(stdout).toMatch(new RegExp(`^ {2}${code} +\\w`, 'm'));
    expect((await run(['user', 'add', '-help'])).stdout).toMatch(
      /^Usage: kapacitor-auth user add [\s\S]*--password-stdin[\s\S]*--store/,
    );
    expect((await run(['help', 'can'])).stdout).toMatch(/^Usage: kapacitor-auth can /);
  });

  it.each([
    [
      [],
      'a command is missing. The commands are user, key, permission, whoami, can, audit, token, hash, check-config, import, export, backup, serve, completion',
    ],
    [['user'], 'a command is missing. The commands are list, show, add, set, passwd, enable, disable, delete'],
    [['usr'], "unknown command 'usr'\n(Did you mean user?)"],
    [['user', 'lst'], "unknown command 'lst'\n(Did you mean list?)"],
    [['user', 'show'], "missing required argument 'NAME'"],
    [['user', 'list', '--jsn'], "unknown option '--jsn'\n(Did you mean --json?)"],
    [['user', 'list', '--token=secret'], "unknown option '--token'"],
    [['http://root:secret@host', 'user', 'list'], "unknown command 'http://root@host'"],
  ])('explains what is wrong with %j, and prints the usage', async (args, message) => {
    const { exitCode, stdout, stderr } = await run(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/\nUsage: kapacitor-auth .*\nFor more, run "kapacitor-auth.* --help"\.\n$/);
    expect(stderr.startsWith(`kapacitor-auth: ${message}\n`)).toBe(true);
    expect(stderr).not.toContain('secret');
  });

  it.each([
    ['user', 'add', 'stan', 'hunter2'],
    ['user', 'passwd', 'stan', 'hunter2'],
    ['hash', 'hunter2'],
    ['hash', '-phunter2'],
  ])('refuses a password as an argument: %s %s', async (...args) => {
    const { exitCode, stderr } = await run(args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('a password is never an argument: other users of this machine can see arguments');
    expect(stderr).not.toContain('hunter2');
  });

  it('says where to report a bug, without secrets', async () => {
    const environment = new Proxy<Record<string, string>>(
      {},
      {
        get() {
          throw new TypeError(`postgres://app:secret@host/db has $2b$10$${'a'.repeat(53)}`);
        },
      },
    );
    const { exitCode, stdout, stderr } = await runWith(environment, ['user', 'list']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 70, stdout: '' });
    expect(stderr).toMatch(
      /^kapacitor-auth: this is a bug in kapacitor-auth\. Please report it with these lines:\nTypeError: postgres:\/\/app@host\/db has \(a hash\)\n {4}at /,
    );
  });
});

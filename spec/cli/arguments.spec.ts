import { describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/cli/cli-error.js';
import { normalizeArguments } from '../../lib/cli/program.js';

describe('arguments', () => {
  it("may be those of Kapacitor's own command line", () => {
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
  ])('%s is %j', (given, expected) => {
    expect(normalizeArguments([given])).toEqual(expected);
  });

  it('are names behind --', () => {
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
  ])('are no passwords: %s', (...args) => {
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

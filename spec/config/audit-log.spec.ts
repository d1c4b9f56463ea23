import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { configFile, fromCode, fromEnvironment, fromFile, fromFileWithUsers, problemsOf } from './resolve.js';

describe('audit-log', () => {
  it('is none by default', () => {
    expect(fromCode({}).config.auth.auditLog).toBeUndefined();
    expect(fromFile('').config.auth.auditLog).toBeUndefined();
  });

  it("starts at the file's folder in a file, and may be absolute or in the home folder", () => {
    const path = configFile('[auth]\naudit-log = "log/audit.jsonl"\n');
    expect(resolveConfig(path, {}, {}).config.auth.auditLog).toBe(join(dirname(path), 'log', 'audit.jsonl'));
    expect(fromFile('[auth]\naudit-log = "/var/log/audit.jsonl"\n').config.auth.auditLog).toBe('/var/log/audit.jsonl');
    expect(fromFile('[auth]\naudit-log = "~/audit.jsonl"\n').config.auth.auditLog).toBe(join(homedir(), 'audit.jsonl'));
  });

  it('starts at the working folder in the environment and in code, which comes first', () => {
    const path = configFile('[auth]\naudit-log = "/file"\n');
    const environment = { KAPACITOR_AUTH_AUDIT_LOG: 'environment' };
    expect(fromEnvironment(environment).config.auth.auditLog).toBe(join(process.cwd(), 'environment'));
    expect(resolveConfig(path, {}, environment).config.auth.auditLog).toBe(join(process.cwd(), 'environment'));
    expect(resolveConfig(path, { auth: { auditLog: './code' } }, environment).config.auth.auditLog).toBe(
      join(process.cwd(), 'code'),
    );
  });

  it('is the path of a file, and nothing else', () => {
    expect(problemsOf(() => fromFileWithUsers('[auth]\naudit-log = true\n'))).toEqual([
      'kapacitor.conf, line 2: [auth] audit-log: must be the path of a file, in quotes, not true',
    ]);
    expect(problemsOf(() => fromCode({ auth: { auditLog: '' } }))).toEqual([
      'auth.auditLog: must be the path of a file, in quotes, not ""',
    ]);
    expect(problemsOf(() => fromCode({ auth: { audit_log: 'x' } }))).toEqual([
      'auth.audit_log is not known: did you mean auth.auditLog?',
    ]);
  });
});

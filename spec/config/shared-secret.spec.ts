import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { kapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { checkConfig } from '../../lib/config/report.js';
import { ConfigError } from '../../lib/errors.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { configFile, fromCode, fromEnvironment, fromFile, problemsOf, reportOf, settingOf } from './resolve.js';

const SECRET = 'a secret with exactly 32 bytes..';
const OTHER = 'another one, which has more bytes';
const EMPTY = 'must not be empty: everybody can sign tokens with an empty secret. To accept no tokens, leave it out';
const WEAK =
  'the secret has fewer than 32 bytes, so somebody who has one token may find it out: make one with  openssl rand -base64 32';

/** A config file with users, whose last section is `[http]`. */
function withHttp(...lines: readonly string[]): string {
  return `[auth]\nenabled = true\n[http]\nauth-enabled = true\n${lines.join('\n')}\n`;
}

/** A file with a secret that is gone when the test is over. */
function secretFile(content: string | Uint8Array): string {
  const path = join(temporaryFolder(), 'shared-secret');
  writeFileSync(path, content);
  return path;
}

function secretIn({ readSharedSecret }: ReturnType<typeof resolveConfig>): string | undefined {
  return readSharedSecret?.().secret;
}

function weaknessIn({ readSharedSecret }: ReturnType<typeof resolveConfig>): string | undefined {
  return readSharedSecret?.().weakness;
}

describe('the shared secret', () => {
  it('is none by default', () => {
    expect(fromCode({}).readSharedSecret).toBeUndefined();
    expect(fromFile('').readSharedSecret).toBeUndefined();
  });

  it('comes from code, or else the environment, or else the file', () => {
    const path = configFile(withHttp('shared-secret = "in the file"'));
    const environment = { KAPACITOR_HTTP_SHARED_SECRET: 'in the environment' };
    expect(secretIn(resolveConfig(path, {}, {}))).toBe('in the file');
    expect(secretIn(resolveConfig(path, {}, environment))).toBe('in the environment');
    expect(secretIn(resolveConfig(path, { http: { sharedSecret: 'in code' } }, environment))).toBe('in code');
    expect(secretIn(resolveConfig(path, { http: { sharedSecret: undefined } }, {}))).toBe('in the file');
  });

  it('is taken as it stands, with blanks and of any length', () => {
    const secret = ` ü \t${'x'.repeat(5_000)} `;
    expect(secretIn(fromCode({ http: { sharedSecret: secret } }))).toBe(secret);
    expect(secretIn(fromEnvironment({ KAPACITOR_HTTP_SHARED_SECRET: ' ' }))).toBe(' ');
  });

  it('is none if it is empty in a file, as in the files that Kapacitor prints', () => {
    const { readSharedSecret, warnings } = fromFile(withHttp('shared-secret = ""'));
    expect(readSharedSecret).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('cannot be empty in code or in the environment', () => {
    expect(problemsOf(() => fromCode({ http: { sharedSecret: '' } }))).toEqual([`http.sharedSecret: ${EMPTY}`]);
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_HTTP_SHARED_SECRET: '' }))).toEqual([
      `KAPACITOR_HTTP_SHARED_SECRET: ${EMPTY}`,
    ]);
    // It could be meant to switch off the tokens of the file.
    const file = withHttp(`shared-secret = "${SECRET}"`);
    expect(problemsOf(() => fromFile(file, { KAPACITOR_HTTP_SHARED_SECRET: '' }))).toHaveLength(1);
  });

  it.each([
    ['a number', 12_345_678, 'must be a text in quotes that is not empty'],
    ['a buffer', Buffer.from(SECRET), 'must be a text in quotes that is not empty'],
    ['half of a surrogate pair', `hunter2\ud800${SECRET}`, 'must be well-formed Unicode'],
  ])('cannot be %s, and the message does not repeat it', (_, sharedSecret, problem) => {
    expect(problemsOf(() => fromCode({ http: { sharedSecret } }))).toEqual([`http.sharedSecret: ${problem}`]);
  });

  it('does not matter without users', () => {
    const text = '[http]\nshared-secret = 12345678\n';
    expect(fromFile(text).warnings).toContainEqual(
      expect.stringMatching(/shared-secret: .* \(ignored: \[auth\] enabled/),
    );
    expect(problemsOf(() => fromFile(text, { KAPACITOR_AUTH_ENABLED: 'true' }))).toHaveLength(1);
  });

  it('is in neither the configuration nor its report', () => {
    const { config } = fromCode({ http: { sharedSecret: SECRET } });
    expect(inspect(config, { depth: 9, showHidden: true })).not.toContain(SECRET);
    const report = reportOf(withHttp(`shared-secret = "${SECRET}"`));
    expect(settingOf(report, 'shared-secret')).toEqual({ value: '(secret)', from: 'kapacitor.conf, line 5' });
    expect(JSON.stringify(report)).not.toContain(SECRET);
  });
});

describe('the file of the shared secret', () => {
  it.each([
    ['no line end', SECRET],
    ['a line end', `${SECRET}\n`],
    ['a line end of Windows', `${SECRET}\r\n`],
    ['a byte order mark', `\ufeff${SECRET}\n`],
  ])('may have %s around the secret, which do not belong to it', (_, content) => {
    expect(secretIn(fromCode({ http: { sharedSecretFile: secretFile(content) } }))).toBe(SECRET);
  });

  it('is named by each source, and replaces the secret of a weaker one', () => {
    const path = secretFile(SECRET);
    const text = withHttp(`shared-secret = "${OTHER}"`);
    const fromVariable = fromFile(text, { KAPACITOR_HTTP_SHARED_SECRET_FILE: path });
    expect(secretIn(fromVariable)).toBe(SECRET);
    expect(secretIn(fromFile(withHttp(`shared-secret-file = "${path}"`)))).toBe(SECRET);
    expect(secretIn(resolveConfig(configFile(text), { http: { sharedSecretFile: path } }, {}))).toBe(SECRET);
    const code = { http: { sharedSecretFile: path } };
    expect(secretIn(fromCode(code, { KAPACITOR_HTTP_SHARED_SECRET: OTHER }))).toBe(SECRET);
    expect(secretIn(fromCode({ http: { sharedSecret: OTHER } }, { KAPACITOR_HTTP_SHARED_SECRET_FILE: path }))).toBe(
      OTHER,
    );
  });

  it('is relative to the folder of the config file', () => {
    const path = configFile(withHttp('shared-secret-file = "secret.txt"'));
    writeFileSync(join(dirname(path), 'secret.txt'), SECRET);
    expect(secretIn(resolveConfig(path, {}, {}))).toBe(SECRET);
  });

  it('may stand beside the empty secret of a file that Kapacitor has printed', () => {
    const path = secretFile(SECRET);
    expect(secretIn(fromFile(withHttp('shared-secret = ""', `shared-secret-file = "${path}"`)))).toBe(SECRET);
  });

  it('cannot stand beside a secret of the same source', () => {
    const path = secretFile(SECRET);
    const text = withHttp(`shared-secret = "${OTHER}"`, `shared-secret-file = "${path}"`);
    expect(problemsOf(() => fromFile(text))).toEqual([
      'kapacitor.conf, line 5: [http] shared-secret: a secret and a file with one ' +
        '(kapacitor.conf, line 6: [http] shared-secret-file) are both set: remove one of the two',
    ]);
    expect(
      fromFile(text.replace('enabled = true', 'enabled = false').replace('auth-enabled = true', '')).config,
    ).toBeDefined();
  });

  it.each([
    ['nothing', '', 'is empty: write the secret in it'],
    ['a line end alone', '\n', 'is empty: write the secret in it'],
    ['two lines', 'hunter2\nhunter2\n', 'has several lines: write the secret in it, and nothing else'],
  ])('is refused with %s in it, and the error does not repeat them', (_, content, problem) => {
    const path = secretFile(content);
    const { readSharedSecret } = fromCode({ http: { sharedSecretFile: path } });
    expect(readSharedSecret).toThrow(new ConfigError(`[http] shared-secret-file: ${path} ${problem}`));
  });

  it('is refused if it is missing, large or no text', () => {
    const refusal = (path: string) => expect(fromCode({ http: { sharedSecretFile: path } }).readSharedSecret);
    const folder = temporaryFolder();
    refusal(join(folder, 'x')).toThrow(`cannot read ${join(folder, 'x')}: there is no such file`);
    refusal(secretFile('x'.repeat(5_000))).toThrow('it has 5000 bytes, and at most 4096 are allowed');
    refusal(secretFile(Buffer.from([0xff, 0xfe]))).toThrow('it is not a text in UTF-8');
  });

  it('is read when the middleware is made, which an unreadable one stops', async () => {
    const path = secretFile('');
    const make = () => kapacitorAuth({ http: { sharedSecretFile: path }, auth: { store: 'memory:' } });
    expect(make).toThrow(`[http] shared-secret-file: ${path} is empty`);
    writeFileSync(path, SECRET);
    const auth = make();
    expect(inspect(auth.config, { depth: 9, showHidden: true })).not.toContain(SECRET);
    await auth.close();
  });

  it('is a problem of check-config if it cannot be read, and is no reason not to start without users', () => {
    const path = join(temporaryFolder(), 'x');
    const text = withHttp(`shared-secret-file = "${path}"`);
    const problem = `[http] shared-secret-file: cannot read ${path}: there is no such file`;
    expect(reportOf(text).problems).toEqual([`kapacitor.conf, line 5: ${problem}`]);
    expect(checkConfig(undefined, { KAPACITOR_HTTP_SHARED_SECRET_FILE: path }).problems).toEqual([
      `KAPACITOR_HTTP_SHARED_SECRET_FILE: ${problem}`,
    ]);
    expect(reportOf(`[http]\nshared-secret-file = "${path}"\n`).problems).toEqual([]);
  });
});

describe('a warning about the shared secret', () => {
  it('comes for one under 32 bytes, from each source', () => {
    expect(weaknessIn(fromCode({ http: { sharedSecret: SECRET.slice(1) } }))).toBe(`http.sharedSecret: ${WEAK}`);
    expect(weaknessIn(fromEnvironment({ KAPACITOR_HTTP_SHARED_SECRET: 'hunter2' }))).toBe(
      `KAPACITOR_HTTP_SHARED_SECRET: ${WEAK}`,
    );
    const path = secretFile('hunter2\n');
    expect(weaknessIn(fromCode({ http: { sharedSecretFile: path } }))).toBe(
      `[http] shared-secret-file: ${path}: ${WEAK}`,
    );
  });

  it('counts bytes', () => {
    expect(weaknessIn(fromCode({ http: { sharedSecret: SECRET } }))).toBeUndefined();
    expect(weaknessIn(fromCode({ http: { sharedSecret: 'ü'.repeat(15) } }))).toBeDefined();
    expect(weaknessIn(fromCode({ http: { sharedSecret: 'ü'.repeat(16) } }))).toBeUndefined();
  });

  it('is in the report of check-config, where there are users', () => {
    const weak = 'shared-secret = "hunter2"';
    expect(reportOf(withHttp(weak)).warnings).toContain(`kapacitor.conf, line 5: [http] shared-secret: ${WEAK}`);
    expect(reportOf(`[http]\nauth-enabled = false\n${weak}\n`).warnings).not.toContainEqual(
      expect.stringContaining(WEAK),
    );
  });

  it('reaches the process when the middleware is made', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    onTestFinished(() => void process.off('warning', listen));
    await kapacitorAuth({ http: { sharedSecret: 'hunter2' }, auth: { store: 'memory:' } }).close();
    await new Promise(setImmediate);
    const ours = warnings.filter(({ name }) => name === 'KapacitorAuthWarning');
    expect(ours.map(({ message }) => message)).toEqual([`http.sharedSecret: ${WEAK}`]);
  });

  it('comes if others may read the file that has it', () => {
    const path = configFile(withHttp(`shared-secret = "${SECRET}"`));
    chmodSync(path, 0o644);
    expect(resolveConfig(path, {}, {}).warnings).toEqual([
      `${path}, line 5: [http] shared-secret: other users of this machine may read the file (its mode is 0644): chmod 600 it, ` +
        'or name a file of its own with shared-secret-file',
    ]);
    chmodSync(path, 0o600);
    expect(resolveConfig(path, {}, {}).warnings).toEqual([]);
  });
});

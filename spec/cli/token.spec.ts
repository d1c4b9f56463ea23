import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { run } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { handmadeToken, inSeconds, SECRET } from '../support/tokens.js';
import { failed, storeWith } from './stores.js';

const HOUR = 3_600_000;
const ENV = { KAPACITOR_HTTP_SHARED_SECRET: SECRET };

/** The parts of a token that anybody can read. */
function read(token: string): unknown[] {
  return token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
}

/** A store with these users in the memory of no server, and what makes tokens for them. */
async function tokensOf(...names: readonly string[]) {
  const { store, repository } = await storeWith(...names);
  const on = (args: readonly string[], env: Record<string, string> = ENV) =>
    run(['token', '--store', store, ...args], { env });
  return { store, repository, on };
}

describe('token', () => {
  it('prints a token that is signed with the shared secret, and nothing else', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-03-01T12:00:00.900Z') });
    onTestFinished(() => void vi.useRealTimers());
    const { on } = await tokensOf('stan');
    const { exitCode, stdout, stderr } = await on(['stan']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toBe(`${handmadeToken({ username: 'stan', exp: inSeconds(HOUR) })}\n`);
  });

  it.each([
    ['15m', 900],
    ['90s', 90],
    ['1s', 1],
    ['30d', 2_592_000],
    ['1d12h', 129_600],
    ['366d', 31_622_400],
  ])('counts for %s', async (expires, seconds) => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-03-01T12:00:00Z') });
    onTestFinished(() => void vi.useRealTimers());
    const { on } = await tokensOf('stan');
    const { stdout } = await on(['stan', '--expires', expires]);
    expect(read(stdout)[1]).toEqual({ username: 'stan', exp: inSeconds(0) + seconds });
  });

  it.each([
    ['soon', 'It must be a duration such as 15m, 12h or 30d'],
    ['3600', 'It must be a duration such as 15m, 12h or 30d'],
    ['-1h', 'It must be a duration such as 15m, 12h or 30d'],
    ['0', 'It must be from 1s to 366d'],
    ['999ms', 'It must be from 1s to 366d'],
    ['367d', 'It must be from 1s to 366d'],
  ])('refuses to count for %j', async (expires, problem) => {
    const { on } = await tokensOf('stan');
    const { exitCode, stderr } = await on(['stan', `--expires=${expires}`]);
    expect(exitCode).toBe(2);
    expect(stderr.split('\n')[0]).toBe(
      `kapacitor-auth: option '--expires <TIME>' argument '${expires}' is invalid. ${problem}`,
    );
  });

  it('takes the secret of the config file, or that of a file', async () => {
    const { store } = await storeWith('stan');
    const folder = temporaryFolder();
    const config = join(folder, 'kapacitor.conf');
    const lines = (line: string) =>
      `[http]\nauth-enabled = true\n${line}\n[auth]\nenabled = true\nstore = "${store}"\n`;
    writeFileSync(join(folder, 'secret'), `${SECRET}\n`, { mode: 0o600 });
    for (const line of [`shared-secret = "${SECRET}"`, 'shared-secret-file = "secret"']) {
      writeFileSync(config, lines(line), { mode: 0o600 });
      const { stdout, stderr } = await run(['token', 'stan', '-config', config]);
      expect(stderr).toBe('');
      expect(read(stdout)[0]).toEqual({ alg: 'HS256', typ: 'JWT' });
    }
    writeFileSync(config, lines('shared-secret-file = "missing"'));
    expect(await run(['token', 'stan', '-config', config])).toEqual(
      failed(3, `[http] shared-secret-file: cannot read ${join(folder, 'missing')}: there is no such file`),
    );
    // Other commands need no secret.
    expect((await run(['user', 'show', 'stan', '-config', config])).exitCode).toBe(0);
  });

  it('says what to write if there is no secret', async () => {
    const { on } = await tokensOf('stan');
    expect(await on(['stan'], {})).toEqual(
      failed(
        3,
        'there is no shared secret to sign with: write  shared-secret = "…"  below [http] of the config file, or set ' +
          'KAPACITOR_HTTP_SHARED_SECRET, to that of the server. To make one: openssl rand -base64 32',
      ),
    );
  });

  it('warns of a weak secret, without it', async () => {
    const { on } = await tokensOf('stan');
    const { exitCode, stderr } = await on(['stan'], { KAPACITOR_HTTP_SHARED_SECRET: 'hunter2' });
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(
      /^kapacitor-auth: warning: KAPACITOR_HTTP_SHARED_SECRET: the secret has fewer than 32 bytes/,
    );
    expect(stderr).not.toContain('hunter2');
  });

  it('refuses a user who cannot log in', async () => {
    const { repository, on } = await tokensOf('stan');
    expect(await on(['kim'])).toEqual(
      failed(1, 'there is no user "kim". Names are case-sensitive: "user list" shows them'),
    );
    expect((await on(['..'])).stderr).toBe('kapacitor-auth: username must not be "." or ".."\n');
    const stan = await repository.find('stan');
    await repository.replace({ ...(stan as NonNullable<typeof stan>), enabled: false }, stan?.revision as string);
    expect(await on(['stan'])).toEqual(
      failed(1, 'stan is disabled, and a token would let nobody in: "user enable stan"'),
    );
  });

  it.each(['memory:', 'sqlite:/nowhere/users.db'])(
    'signs for any user if the users are elsewhere: %s',
    async (store) => {
      const { exitCode, stdout, stderr } = await run(['token', 'kim'], {
        env: { ...ENV, KAPACITOR_AUTH_STORE: store },
      });
      expect({ exitCode, stderr }).toEqual({
        exitCode: 0,
        stderr: `kapacitor-auth: no users are in ${store}, so it is not known here whether there is a user "kim"\n`,
      });
      expect(read(stdout)[1]).toMatchObject({ username: 'kim' });
    },
  );

  it('works on no server', async () => {
    const { exitCode, stderr } = await run(['token', 'stan', '-url', 'http://root@localhost:9'], { env: ENV });
    expect(exitCode).toBe(2);
    expect(stderr).toBe('kapacitor-auth: this command works on a store, and not on a server: leave out --url\n');
  });

  it('is in the audit log, without the token', async () => {
    const { store, on } = await tokensOf('stan');
    const log = join(dirname(store.replace('sqlite:', '')), 'audit.jsonl');
    const { stdout } = await on(['stan'], { ...ENV, KAPACITOR_AUTH_AUDIT_LOG: log });
    const line = await readFile(log, 'utf8');
    const [, { exp }] = read(stdout) as [unknown, { exp: number }];
    expect(JSON.parse(line)).toMatchObject({
      event: 'token-created',
      user: 'stan',
      by: expect.stringMatching(/^command line: /),
    });
    expect(new Date(JSON.parse(line).expires).getTime()).toBe(exp * 1_000);
    expect(line).not.toContain(stdout.trim());
  });
});

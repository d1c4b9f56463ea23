import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import bcrypt from 'bcrypt';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LoginService } from '../../lib/authentication/login-service.js';
import { PasswordDuty } from '../../lib/authentication/password-duty.js';
import type { SessionReader } from '../../lib/authentication/session-reader.js';
import { KapacitorStrategy } from '../../lib/authentication/strategy.js';
import { Tarpit } from '../../lib/authentication/tarpit.js';
import { newSecret } from '../../lib/users/secret-text.js';
import { giveSecret, setUpSecrets } from '../support/secrets.js';
import { basic } from '../support/server.js';

interface Asked {
  readonly url?: string;
  readonly headers?: Record<string, string>;
  /** The text of the session's cookie. */
  readonly session?: string;
  readonly isForged?: boolean;
}

/** Logins with keys and sessions, whose requests tell their session and whether they are forged. */
function setUp({ queryCredentials = false } = {}) {
  const all = setUpSecrets();
  const cookies = new WeakMap<IncomingMessage, Asked>();
  const sessions: SessionReader = {
    mayHave: ({ cookie }) => cookie !== undefined,
    read: (req) => cookies.get(req)?.session,
    mayUse: (req) => cookies.get(req)?.isForged !== true,
  };
  const audit = vi.fn();
  const duty = new PasswordDuty('/users', true);
  const logins = new LoginService(all.authenticator, { realm: 'R', queryCredentials, sessions, duty, audit });
  const requestOf = (asked: Asked) => {
    const { url = '/', session } = asked;
    const headers = session === undefined ? { ...asked.headers } : { ...asked.headers, cookie: 'of-a-session' };
    const req = Object.assign(new IncomingMessage(new Socket()), { url, headers, ip: '192.0.2.1' });
    cookies.set(req, asked);
    return req;
  };
  const login = async (asked: Asked) => {
    const outcome = await logins.login(requestOf(asked));
    if (outcome.kind === 'user') return all.authenticator.credentialOf(outcome.user)?.kind;
    return outcome.kind === 'challenge' ? `${outcome.reason}, ${outcome.hasCredentials}` : outcome.kind;
  };
  return { ...all, logins, audit, requestOf, login };
}

const NONE = 'unable to parse authentication credentials, false';
const MALFORMED = 'unable to parse authentication credentials, true';
const FAILED = 'authorization failed, true';

describe('a login with a key', () => {
  it.each<[string, (key: string) => Asked, string]>([
    ['Bearer', (key) => ({ headers: { authorization: `Bearer ${key}` } }), 'key'],
    ['Token', (key) => ({ headers: { authorization: `token ${key}` } }), 'key'],
    ['Basic with its owner’s name', (key) => ({ headers: { authorization: basic(`jane:${key}`) } }), 'key'],
    ['Basic without a name', (key) => ({ headers: { authorization: basic(`:${key}`) } }), 'key'],
    ['Basic with another name', (key) => ({ headers: { authorization: basic(`kim:${key}`) } }), FAILED],
    ['Basic with the key as the name', (key) => ({ headers: { authorization: basic(`${key}:`) } }), FAILED],
    ['a typing error', (key) => ({ headers: { authorization: `Bearer ${key}x` } }), FAILED],
    ['another scheme', (key) => ({ headers: { authorization: `Digest ${key}` } }), MALFORMED],
    ['the query, which is off', (key) => ({ url: `/?u=jane&p=${key}` }), NONE],
    ['the cookie of a session', (key) => ({ session: key }), NONE],
  ])('may come in %s: %#', async (_what, ask, outcome) => {
    const { repository, login } = setUp();
    const { text } = giveSecret(repository, 'jane');
    // The second time it may come from the cache.
    expect([await login(ask(text)), await login(ask(text))]).toEqual([outcome, outcome]);
  });

  it.each<[string, (key: string) => Asked, string]>([
    ['its owner’s name', (key) => ({ url: `/?u=jane&p=${key}` }), 'key'],
    ['another name', (key) => ({ url: `/?u=kim&p=${key}` }), FAILED],
    ['no name', (key) => ({ url: `/?p=${key}` }), MALFORMED],
    ['a wrong header beside it', (key) => ({ url: `/?u=jane&p=${key}`, headers: { authorization: 'x' } }), MALFORMED],
    ['a session beside it', (key) => ({ url: `/?u=kim&p=${key}`, session: 'kas_' }), FAILED],
  ])('may come in the query where that is on, with %s', async (_what, ask, outcome) => {
    const { repository, login } = setUp({ queryCredentials: true });
    expect(await login(ask(giveSecret(repository, 'jane').text))).toBe(outcome);
  });

  it('takes no bcrypt, however many wrong keys there are, and is throttled', async () => {
    vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
    const compare = vi.spyOn(bcrypt, 'compare');
    const { login } = setUp();
    const outcomes: (string | undefined)[] = [];
    for (let index = 0; index < 150; index += 1) {
      const { text } = newSecret('key');
      const authorization = index % 2 === 0 ? `Bearer ${text}` : basic(`jane:${text}`);
      outcomes.push(await login({ headers: { authorization } }));
    }
    expect(outcomes).toEqual([...Array(100).fill(FAILED), ...Array(50).fill('refusal')]);
    expect(compare).not.toHaveBeenCalled();
  });
});

describe('a login with a session', () => {
  let all: ReturnType<typeof setUp>;
  let session: string;

  beforeEach(() => {
    all = setUp({ queryCredentials: true });
    session = giveSecret(all.repository, 'jane', { kind: 'session' }).text;
  });

  it('is that of its user, from the cache as well, unless the request is forged', async () => {
    const { login } = all;
    for (let time = 0; time < 2; time += 1) {
      expect(await login({ session, isForged: true })).toBe('forged');
      expect(await login({ session })).toBe('session');
    }
  });

  it('answers without a promise if the store does, and with one if not', async () => {
    const { login, logins, requestOf, repository, kept } = all;
    await login({ session });
    expect(logins.login(requestOf({ session }))).toMatchObject({ kind: 'user' });
    const find = repository.find.bind(repository);
    vi.spyOn(repository, 'find').mockImplementation((async (name: string) => find(name)) as never);
    expect(await login({ session })).toBe('session');
    kept.removeAll('jane', 'session');
    const [resolved, findSecret] = [Promise.resolve(), kept.find.bind(kept)];
    vi.spyOn(kept, 'find').mockImplementation((digest) => resolved.then(() => findSecret(digest)) as never);
    expect(await login({ session })).toBe(NONE);
  });

  it.each<[string, () => Asked]>([
    ['ended', () => ({ session: newSecret('session').text })],
    ['odd', () => ({ session: '\0' })],
    ['empty', () => ({ session: '' })],
    ['ended, and the request is forged', () => ({ session: newSecret('session').text, isForged: true })],
  ])('counts as no credentials if it is %s, and is no failed login', async (_what, ask) => {
    const { login, audit, told } = all;
    for (let time = 0; time < 20; time += 1) expect(await login(ask())).toBe(NONE);
    expect([audit.mock.calls, told()]).toEqual([[], []]);
  });

  it.each<[string, () => Asked, string]>([
    ['a wrong password', () => ({ headers: { authorization: basic('jane:x') } }), FAILED],
    ['a malformed header', () => ({ headers: { authorization: 'x' } }), MALFORMED],
    ['a wrong password in the query', () => ({ url: '/?u=jane&p=x' }), FAILED],
    ['half of the credentials in the query', () => ({ url: '/?u=jane' }), MALFORMED],
  ])('is not looked at beside other credentials: %s', async (_what, ask, outcome) => {
    const { login } = all;
    await login({ session });
    expect(await login({ ...ask(), session })).toBe(outcome);
  });

  it('does not work outside of its cookie, cached or not', async () => {
    const { login, logins } = all;
    for (let time = 0; time < 2; time += 1) {
      for (const authorization of [`Bearer ${session}`, `Cookie ${session}`, session]) {
        expect(await login({ headers: { authorization } })).toBe(MALFORMED);
        const verification = { credentials: authorization, origin: { headers: {}, ip: '192.0.2.1' } };
        expect(await logins.verify(verification)).toBeUndefined();
      }
      expect(await login({ headers: { authorization: basic(`jane:${session}`) } })).toBe(FAILED);
      await login({ session });
    }
  });

  it('is an error while the store fails', async () => {
    const { login, kept } = all;
    await login({ session });
    vi.spyOn(kept, 'find').mockImplementation(() => {
      throw new Error('down');
    });
    expect(await login({ session })).toBe('error');
    expect(await login({ session: newSecret('session').text })).toBe('error');
  });

  it('is refused with 403 by the strategy if the request is forged', async () => {
    const { logins, requestOf } = all;
    const strategy = Object.create(new KapacitorStrategy(logins));
    const failed = new Promise((resolve) => {
      strategy.fail = (...given: unknown[]) => resolve(given);
    });
    strategy.authenticate(requestOf({ session, isForged: true }));
    expect(await failed).toEqual([undefined, 403, 'a page of another site may not do this']);
  });

  it('is told from no credentials by the guard', () => {
    const { logins, requestOf } = all;
    const [withCookie, without] = [requestOf({ session: '' }), requestOf({})];
    expect([withCookie, without].map((req) => [logins.mayHaveAny(req), logins.hasCredentials(req)])).toEqual([
      [true, false],
      [false, false],
    ]);
  });
});

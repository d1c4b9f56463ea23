import { generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { JsonWebTokens } from '../../lib/authentication/json-web-tokens.js';
import { handmadeToken, inSeconds, SECRET } from '../support/tokens.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = new Date('2026-03-01T12:00:00.500Z');
const HS256 = { alg: 'HS256', typ: 'JWT' };

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

function tokensWith(secret = SECRET): JsonWebTokens {
  const tokens = new JsonWebTokens(secret);
  onTestFinished(() => tokens.close());
  return tokens;
}

function claims(others: object = {}): Record<string, unknown> {
  return { username: 'someone', exp: inSeconds(HOUR), ...others };
}

/** The token of a key pair, whose public key an attacker knows. */
function withPublicKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [header, payload] = handmadeToken(claims(), { header: { alg: 'RS256' } }).split('.');
  return `${header}.${payload}.${sign('sha256', Buffer.from(`${header}.${payload}`), privateKey).toString('base64url')}`;
}

function withoutSignature(header: object, signature = ''): string {
  return handmadeToken(claims(), { header }).replace(/[^.]*$/, signature);
}

/** A spelling of the same bytes that a lenient decoder takes: the last character has bits that do not count. */
function withOtherLastCharacter(token: string): string {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + ALPHABET[ALPHABET.indexOf(token.at(-1) as string) ^ 1];
}

describe('a JSON Web Token', () => {
  it.each([
    ['HS256', 'sha256'],
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ])('counts until it ends if it is signed with %s', async (alg, hash) => {
    const tokens = tokensWith();
    const token = handmadeToken(claims(), { header: { alg, typ: 'JWT' }, hash });
    const expected = { username: 'someone', expires: inSeconds(HOUR) * 1_000 };
    expect(await tokens.verify(token)).toEqual(expected);
    vi.setSystemTime(expected.expires - 1);
    expect(await tokens.verify(token)).toEqual(expected);
    vi.setSystemTime(expected.expires);
    expect(await tokens.verify(token)).toMatchObject({ failure: 'expired-token' });
    // And without the memory.
    expect(await tokensWith().verify(token)).toMatchObject({ failure: 'expired-token' });
  });

  it.each([
    ['a header without typ', { header: { alg: 'HS256' } }, () => ({})],
    ['a header with more fields', { header: { ...HS256, kid: 'x', cty: 'JWT' } }, () => ({})],
    [
      'more claims, in each other',
      {},
      () => ({ iat: inSeconds(0), nbf: inSeconds(0), roles: [{ a: 1 }, { a: 1 }], aud: 'x' }),
    ],
    ['colons and escapes in its claims', {}, () => ({ ':': '":\\"', 'username ': '\u2028', é: ['a:b'] })],
    ['a name that no user can have', {}, () => ({ username: '../x' })],
    ['an end in a fraction of a second', {}, () => ({ exp: inSeconds(HOUR) + 0.25 })],
    ['366 days to live', {}, () => ({ exp: inSeconds(366 * DAY) })],
  ])('counts with %s', async (_, signing, others) => {
    const token = handmadeToken(claims(others()), signing);
    expect(await tokensWith().verify(token)).toMatchObject({
      expires: expect.any(Number),
    });
  });

  it('is verified with the shortest secret as with a long one', async () => {
    for (const secret of ['x', 'ü'.repeat(500)]) {
      expect(await tokensWith(secret).verify(handmadeToken(claims(), { secret }))).toMatchObject({
        username: 'someone',
      });
      expect(await tokensWith().verify(handmadeToken(claims(), { secret }))).toMatchObject({ failure: 'wrong-token' });
    }
  });

  it('never counts with an empty secret', async () => {
    expect(await tokensWith('').verify(handmadeToken(claims(), { secret: '' }))).toMatchObject({
      failure: 'malformed-token',
    });
  });
});

const EXPIRED = ['expired-token', 'invalid token: Token is expired'] as const;
const WRONG = ['wrong-token', 'invalid token: signature is invalid'] as const;
const SEGMENTS = ['malformed-token', 'invalid token: token contains an invalid number of segments'] as const;
const METHOD = ['malformed-token', 'invalid token: unexpected signing method'] as const;
const BASE64URL = ['malformed-token', 'invalid token: token is not base64url'] as const;
const JSON_OBJECTS = [
  'malformed-token',
  'invalid token: header and claims must be JSON objects without duplicates',
] as const;
const NO_END = ['unacceptable-token', 'token expiration required'] as const;
const NO_NAME = ['unacceptable-token', 'username in token must be a string'] as const;

type Case = readonly [situation: string, make: () => string, refusal: readonly [failure: string, reason: string]];

const good = (): string => handmadeToken(claims());
const signed = (others: () => object) => (): string => handmadeToken(claims(others()));
const headed = (header: unknown) => (): string => handmadeToken(claims(), { header });
const text = (json: string) => (): string => handmadeToken(json.replace('EXP', String(inSeconds(HOUR))));

describe('a JSON Web Token does not count', () => {
  it.each<Case>([
    ['with another secret', () => handmadeToken(claims(), { secret: `${SECRET} ` }), WRONG],
    ['with an empty secret', () => handmadeToken(claims(), { secret: '' }), WRONG],
    ['with the hash of another algorithm', () => handmadeToken(claims(), { header: { alg: 'HS512' } }), WRONG],
    [
      'with the claims of another token',
      () => good().replace(/\.[^.]+\./, `.${handmadeToken(claims({ username: 'root' })).split('.')[1]}.`),
      WRONG,
    ],
    ['with a part of the signature', () => good().slice(0, -3), WRONG],
    ['with alg none and no signature', () => withoutSignature({ alg: 'none' }), BASE64URL],
    ['with alg none and a signature', headed({ alg: 'none' }), METHOD],
    ['with alg None', headed({ alg: 'None' }), METHOD],
    ['with alg hs256', headed({ alg: 'hs256' }), METHOD],
    ['with alg HS1', headed({ alg: 'HS1' }), METHOD],
    ['with an alg that every object has', headed({ alg: 'constructor' }), METHOD],
    ['with a list of algorithms', headed({ alg: ['HS256'] }), METHOD],
    ['without alg', headed({ typ: 'JWT' }), METHOD],
    ['with RS256', withPublicKey, METHOD],
    ['with ES256', headed({ alg: 'ES256' }), METHOD],
    ['with two alg', () => handmadeToken(claims(), { header: '{"alg":"none","alg":"HS256"}' }), JSON_OBJECTS],
    [
      'with two alg, one of them escaped',
      () => handmadeToken(claims(), { header: '{"alg":"HS256","\\u0061lg":"HS256"}' }),
      JSON_OBJECTS,
    ],
    [
      'with crit',
      headed({ ...HS256, crit: ['exp'] }),
      ['malformed-token', 'invalid token: extensions are not supported'],
    ],
    [
      'with an unencoded payload',
      headed({ ...HS256, b64: false, crit: ['b64'] }),
      ['malformed-token', 'invalid token: extensions are not supported'],
    ],
    [
      'with crit that every object inherits',
      () => handmadeToken(claims(), { header: '{"alg":"HS256","__proto__":{"crit":["x"]},"crit":[]}' }),
      ['malformed-token', 'invalid token: extensions are not supported'],
    ],
    ['with a header that is a list', headed(['HS256']), JSON_OBJECTS],
    ['with a header that is null', headed(null), JSON_OBJECTS],
    ['with a header that is no JSON', headed('{"alg":"HS256"'), JSON_OBJECTS],
    ['with a byte order mark', headed(`\ufeff${JSON.stringify(HS256)}`), JSON_OBJECTS],
    [
      'with claims that are not UTF-8',
      () => handmadeToken(Buffer.from('{"username":"caf\xe9"}', 'latin1')),
      JSON_OBJECTS,
    ],
    ['with claims that are a list', text('["username","someone"]'), JSON_OBJECTS],
    ['with claims that are a text', text('"someone"'), JSON_OBJECTS],
    ['with two usernames', text('{"username":"someone","exp":EXP,"username":"root"}'), JSON_OBJECTS],
    [
      'with two usernames, one of them escaped',
      text('{"username":"someone","exp":EXP,"\\u0075sername":"root"}'),
      JSON_OBJECTS,
    ],
    ['with two ends', text('{"username":"someone","exp":1,"exp":EXP}'), JSON_OBJECTS],
    [
      'with two ends of one value',
      text('{"username":"someone","exp":EXP,"exp":EXP}'.replaceAll('EXP', '99999999999')),
      JSON_OBJECTS,
    ],
    ['with a duplicate deeper inside', text('{"username":"someone","exp":EXP,"a":[{"b":1,"b":2}]}'), JSON_OBJECTS],
    ['with two __proto__', text('{"username":"someone","exp":EXP,"__proto__":1,"__proto__":2}'), JSON_OBJECTS],
    ['with one segment', () => 'x', SEGMENTS],
    ['with no segment', () => '', SEGMENTS],
    ['with two segments', () => good().replace(/\.[^.]*$/, ''), SEGMENTS],
    ['with four segments', () => `${good()}.x`, SEGMENTS],
    ['with five segments, as encrypted ones have', () => `${good()}.x.y`, SEGMENTS],
    ['with empty segments', () => '..', BASE64URL],
    ['without claims', () => good().replace(/\.[^.]+\./, '..'), BASE64URL],
    ['without a header', () => good().replace(/^[^.]+/, ''), BASE64URL],
    ['without a signature', () => withoutSignature(HS256), BASE64URL],
    ['with padding', () => `${good()}=`, BASE64URL],
    ['with a blank', () => ` ${good()}`, BASE64URL],
    ['with the letters of base64', () => withoutSignature(HS256, 'a+/b'), BASE64URL],
    ['with another spelling of the same signature', () => withOtherLastCharacter(good()), BASE64URL],
    [
      'with over 8 KiB',
      signed(() => ({ x: 'x'.repeat(8_192) })),
      ['malformed-token', 'invalid token: token is too long'],
    ],
    ['when it has ended', signed(() => ({ exp: inSeconds(0) })), EXPIRED],
    ['when it ended a second ago', signed(() => ({ exp: inSeconds(-1_000) })), EXPIRED],
    ['when it ended long ago', signed(() => ({ exp: 0 })), EXPIRED],
    ['with a negative end', signed(() => ({ exp: -1 })), EXPIRED],
    ['when it ended a fraction of a second ago', signed(() => ({ exp: inSeconds(0) + 0.25 })), EXPIRED],
    [
      'with an end over a year ahead',
      signed(() => ({ exp: inSeconds(366 * DAY + 2_000) })),
      ['unacceptable-token', 'invalid token: token expires too late'],
    ],
    [
      'with an end in milliseconds',
      signed(() => ({ exp: Date.now() + HOUR })),
      ['unacceptable-token', 'invalid token: token expires too late'],
    ],
    [
      'with an infinite end',
      text('{"username":"someone","exp":1e400}'),
      ['unacceptable-token', 'invalid token: token expires too late'],
    ],
    ['without an end', signed(() => ({ exp: undefined })), NO_END],
    ['with an end that is a text', signed(() => ({ exp: String(inSeconds(HOUR)) })), NO_END],
    ['with an end that is null', signed(() => ({ exp: null })), NO_END],
    ['with an end that is a list', signed(() => ({ exp: [inSeconds(HOUR)] })), NO_END],
    ['with an end that is true', signed(() => ({ exp: true })), NO_END],
    [
      'before it begins',
      signed(() => ({ nbf: inSeconds(1_000) })),
      ['unacceptable-token', 'invalid token: Token is not valid yet'],
    ],
    [
      'with a beginning that is a text',
      signed(() => ({ nbf: '0' })),
      ['unacceptable-token', 'invalid token: "nbf" must be a number'],
    ],
    [
      'before it was issued',
      signed(() => ({ iat: inSeconds(1_000) })),
      ['unacceptable-token', 'invalid token: Token used before issued'],
    ],
    [
      'with an issue that is a text',
      signed(() => ({ iat: 'now' })),
      ['unacceptable-token', 'invalid token: "iat" must be a number'],
    ],
    ['without a username', signed(() => ({ username: undefined })), NO_NAME],
    ['with a username that is a list', signed(() => ({ username: ['someone'] })), NO_NAME],
    ['with a username that is null', signed(() => ({ username: null })), NO_NAME],
    ['with a username of another case', text('{"Username":"someone","exp":EXP}'), NO_NAME],
    [
      'with an empty username',
      signed(() => ({ username: '' })),
      ['unacceptable-token', 'token must contain a username'],
    ],
    ['with sub in place of username', signed(() => ({ username: undefined, sub: 'someone' })), NO_NAME],
  ])('%s', async (_, make, [failure, reason]) => {
    const tokens = tokensWith();
    const token = make();
    for (let time = 0; time < 2; time += 1) expect(await tokens.verify(token)).toEqual({ failure, reason });
    expect(await tokens.verify(good())).toMatchObject({ username: 'someone' });
  });
});

describe('a verified token', () => {
  it('is remembered until it ends', async () => {
    const verify = vi.spyOn(crypto.subtle, 'verify');
    const tokens = tokensWith();
    const token = good();
    for (let time = 0; time < 3; time += 1) expect(await tokens.verify(token)).toMatchObject({ username: 'someone' });
    expect(verify).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(HOUR);
    expect(await tokens.verify(token)).toMatchObject({ failure: 'expired-token' });
  });

  it('is remembered by its digest, and not with its text', async () => {
    const set = vi.spyOn((await import('../../lib/authentication/bounded-cache.js')).BoundedCache.prototype, 'set');
    const token = good();
    await tokensWith().verify(token);
    expect(set).toHaveBeenCalledOnce();
    expect(JSON.stringify(set.mock.calls)).not.toContain(token.split('.')[2]);
  });

  it('does not count if it ended while it was verified', async () => {
    const token = handmadeToken(claims({ exp: inSeconds(1_000) }));
    const verify = crypto.subtle.verify.bind(crypto.subtle);
    vi.spyOn(crypto.subtle, 'verify').mockImplementationOnce(async (...args) => {
      vi.setSystemTime(NOW.getTime() + 1_000);
      return verify(...args);
    });
    expect(await tokensWith().verify(token)).toMatchObject({ failure: 'expired-token' });
  });
});

describe('a signed token', () => {
  it('counts, and has whole seconds', async () => {
    const tokens = tokensWith();
    const token = await tokens.sign({ username: 'someone', expires: Date.now() + HOUR });
    expect(await tokens.verify(token)).toEqual({ username: 'someone', expires: inSeconds(HOUR) * 1_000 });
    const [header, payload] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(header).toBe('{"alg":"HS256","typ":"JWT"}');
    expect(JSON.parse(payload as string)).toEqual({ username: 'someone', exp: inSeconds(HOUR) });
  });
});

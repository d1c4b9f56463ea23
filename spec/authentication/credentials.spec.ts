import { describe, expect, it } from 'vitest';
import {
  basicCredentials,
  parseBasicCredentials,
  parseQueryCredentials,
  presentedBy,
  readAuthorization,
} from '../../lib/authentication/credentials.js';
import { newSecret } from '../../lib/users/secret-text.js';

const encode = (text: string | Buffer) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('the credentials of an Authorization header', () => {
  it('are parsed from the examples of RFC 7617', () => {
    expect(parseBasicCredentials('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')).toEqual({
      name: 'Aladdin',
      password: 'open sesame',
    });
    expect(parseBasicCredentials('Basic dGVzdDoxMjPCow==')).toEqual({ name: 'test', password: '123£' });
  });

  it.each([
    ['a:b:c', 'a', 'b:c'],
    ['a::b', 'a', ':b'],
    ['a:', 'a', ''],
    [':b', '', 'b'],
    [':', '', ''],
    ['Größe:pässwörd✓', 'Größe', 'pässwörd✓'],
    [' a : b ', ' a ', ' b '],
    ['😀:😀', '😀', '😀'],
  ])('are split at the first colon: %s', (text, name, password) => {
    expect(parseBasicCredentials(encode(text))).toEqual({ name, password });
  });

  it.each(['basic', 'BASIC', 'bAsIc'])('may have the scheme %s', (scheme) => {
    expect(parseBasicCredentials(`${scheme} cm9vdDpyMDB0`)).toEqual({ name: 'root', password: 'r00t' });
  });

  it('may lack padding, and have blanks around the token', () => {
    expect(parseBasicCredentials('Basic   dGVzdDoxMjPCow  ')).toEqual({ name: 'test', password: '123£' });
  });

  it.each([
    undefined,
    '',
    'Basic',
    'Basic ',
    'Basic !!!',
    'Basic cm9vdDpyMDB0 x',
    'Basic cm9v dDpyMDB0',
    'XBasic cm9vdDpyMDB0',
    'BasicX cm9vdDpyMDB0',
    'Basiccm9vdDpyMDB0',
    'Bearer cm9vdDpyMDB0',
    'cm9vdDpyMDB0',
    'Basic cm9vdA==',
    'Basic =',
    'Basic cm9v===',
  ])('are absent in %j', (header) => {
    expect(parseBasicCredentials(header)).toBeUndefined();
  });

  it.each([
    ['Gr\xf6\xdfe:p\xe4ss', 'Größe', 'päss'],
    ['a:\xff', 'a', 'ÿ'],
    ['a:\xed\xa0\x80', 'a', 'í\xa0\x80'],
  ])('are decoded as Latin-1 if the bytes are not UTF-8: %j', (bytes, name, password) => {
    expect(parseBasicCredentials(encode(Buffer.from(bytes, 'latin1')))).toEqual({ name, password });
  });

  it('stay different if their invalid bytes differ', () => {
    const passwords = Array.from({ length: 256 }, (_, byte) => {
      const bytes = Buffer.concat([Buffer.from('a:\xff', 'latin1'), Buffer.from([byte])]);
      return parseBasicCredentials(encode(bytes))?.password;
    });
    expect(new Set(passwords).size).toBe(256);
  });

  it('are decoded as clients send them', () => {
    expect(basicCredentials('test', '123£')).toBe('Basic dGVzdDoxMjPCow==');
  });
});

describe('a key in an Authorization header', () => {
  const { text } = newSecret('key');
  const key = (name: string | undefined, header: string) => ({ kind: 'key', text, name, header });

  it.each([
    [`Bearer ${text}`, key(undefined, `Bearer ${text}`)],
    [`bearer   ${text}  `, key(undefined, `Bearer ${text}`)],
    [`Token ${text}`, key(undefined, `Token ${text}`)],
    [`TOKEN ${text}`, key(undefined, `Token ${text}`)],
    [encode(`jane:${text}`), key('jane', encode(`jane:${text}`))],
    [encode(`:${text}`), key(undefined, encode(`:${text}`))],
    [`basic  ${encode(`jane:${text}`).slice(6)}`, key('jane', encode(`jane:${text}`))],
  ])('is a token, or the password of Basic: %s', (header, read) => {
    expect(readAuthorization(header)).toEqual(read);
  });

  it.each([text.slice(0, -1), `${text}0`, `kap_${'x'.repeat(9_000)}`, 'kap_', `${text}==`])(
    'is read although it cannot be right, so that it counts as a failure: %.50s',
    (wrong) => {
      expect(readAuthorization(`Bearer ${wrong}`)).toMatchObject({ kind: 'key', text: wrong });
    },
  );

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer x',
    `Bearer ${text} x`,
    `Bearer "${text}"`,
    `Bearer${text}`,
    `XBearer ${text}`,
    `Bearer, Bearer ${text}`,
    `Bearer ${newSecret('session').text}`,
    `Bearer ${text.toUpperCase()}`,
    `Digest ${text}`,
    `Cookie ${text}`,
    text,
  ])('is not in %j', (header) => {
    expect(readAuthorization(header)).toBeUndefined();
  });
});

describe('a password', () => {
  const { text } = newSecret('key');

  it('is a key if it has the form of one, whatever its checksum is', () => {
    const wrong = `kap_${'0'.repeat(36)}`;
    for (const password of [text, wrong]) {
      expect(presentedBy({ name: 'jane', password })).toMatchObject({ kind: 'key', text: password, name: 'jane' });
    }
  });

  it.each(['', 'kap_', text.slice(0, -1), `${text} `, newSecret('session').text, 'kap_tain'])(
    'is a password otherwise: %j',
    (password) => {
      const read = { kind: 'password', name: 'jane', password };
      expect([presentedBy({ name: 'jane', password }), readAuthorization(encode(`jane:${password}`))]).toEqual([
        read,
        read,
      ]);
    },
  );
});

describe('the credentials of a query', () => {
  it('are u and p, decoded', () => {
    expect(parseQueryCredentials('/x?u=r%C3%B6ot&p=a+b%26')).toEqual({ name: 'röot', password: 'a b&' });
    expect(parseQueryCredentials('http://host/x?p=1&u=2?')).toEqual({ name: '2?', password: '1' });
  });

  it.each(['/x', '/x?', '/x?u=a', '/x?p=b', '/x?u=&p=', '/x?u=a&p=', '/x?U=a&P=b'])('are absent in %s', (url) => {
    expect(parseQueryCredentials(url)).toBeUndefined();
  });
});

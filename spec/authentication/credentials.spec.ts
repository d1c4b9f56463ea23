import { describe, expect, it } from 'vitest';
import {
  basicCredentials,
  parseBasicCredentials,
  parseQueryCredentials,
} from '../../lib/authentication/credentials.js';

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

describe('the credentials of a query', () => {
  it('are u and p, decoded', () => {
    expect(parseQueryCredentials('/x?u=r%C3%B6ot&p=a+b%26')).toEqual({ name: 'röot', password: 'a b&' });
    expect(parseQueryCredentials('http://host/x?p=1&u=2?')).toEqual({ name: '2?', password: '1' });
  });

  it.each(['/x', '/x?', '/x?u=a', '/x?p=b', '/x?u=&p=', '/x?u=a&p=', '/x?U=a&P=b'])('are absent in %s', (url) => {
    expect(parseQueryCredentials(url)).toBeUndefined();
  });
});

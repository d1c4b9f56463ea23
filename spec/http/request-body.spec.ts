import { gzipSync } from 'node:zlib';
import express, { type RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { FORM, JSON_TYPE } from '../support/content-types.js';
import { errorBody } from '../support/server.js';
import { serveUsers, USERS } from '../support/users-server.js';

describe('a body', () => {
  const user = { name: 'new', password: 'a+b & c=%41é', permissions: ['api', 'config_api'] };

  it.each([
    ['a form’s, as curl sends it', FORM],
    ['JSON’s', JSON_TYPE],
    ['a text’s', { 'Content-Type': 'text/plain; charset=utf-8' }],
    ['another', { 'Content-Type': 'application/octet-stream' }],
    ['none', {}],
  ])('is read as JSON when its content type is %s', async (_what, headers) => {
    const { send, auth } = await serveUsers();
    const body = JSON.stringify(user);
    const { status } = await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers, body });
    expect(status).toBe(200);
    expect(await auth.users.get('new')).toMatchObject({ permissions: user.permissions });
    expect((await send({ path: `${USERS}/new`, auth: `new:${user.password}` })).status).toBe(200);
  });

  it.each<[string, RequestHandler, Record<string, string>]>([
    ['express.json()', express.json(), JSON_TYPE],
    ['express.text()', express.text({ type: '*/*' }), FORM],
    ['express.raw()', express.raw({ type: '*/*' }), FORM],
    ['express.urlencoded(), simple', express.urlencoded({ extended: false }), FORM],
    ['express.json() that does not want it', express.json(), FORM],
  ])('is read if the app has run %s', async (_parser, parser, headers) => {
    const { send, auth } = await serveUsers(parser);
    const body = '{"name":"new", "password":"p=q&r=s","permissions":["api","config_api"]}';
    const answer = await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers, body });
    expect(answer.status).toBe(200);
    expect((await send({ path: `${USERS}/new`, auth: 'new:p=q&r=s' })).status).toBe(200);
    expect(await auth.users.get('new')).toMatchObject({ permissions: ['api', 'config_api'] });
  });

  it('is read, or refused as a whole, if the app has run express.urlencoded(), extended, which loses brackets', async () => {
    const { send, auth } = await serveUsers(express.urlencoded({ extended: true }));
    const post = (body: string) => send({ method: 'POST', path: USERS, auth: 'root:r00t', headers: FORM, body });
    expect((await post('{"name":"a","password":"p","type":"admin"}')).status).toBe(200);
    expect((await post('{"name":"b","password":"p","permissions":["api","config_api"]}')).status).toBe(200);
    expect(await auth.users.get('b')).toMatchObject({ permissions: ['api', 'config_api'] });
    const lost = await post('{"name":"c","permissions":["api"],"password":"p"}');
    expect(lost.body.error).toContain('mount kapacitorAuth before it');
    expect(await auth.users.get('c')).toBeUndefined();
  });

  it.each(['a+b', 'a b', '%41', 'a%2Bb'])(
    'is refused if express.urlencoded() may have changed the password %s',
    async (password) => {
      for (const extended of [true, false]) {
        const { send, auth } = await serveUsers(express.urlencoded({ extended }));
        const body = JSON.stringify({ name: 'new', password });
        const answer = await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers: FORM, body });
        expect(answer.status).toBe(400);
        expect(answer.body.error).toBe(
          'the body was read as a form by express.urlencoded(), which may have changed it: ' +
            'mount kapacitorAuth before it, or send Content-Type: application/json',
        );
        expect(await auth.users.get('new')).toBeUndefined();
      }
    },
  );

  it.each([
    ['{"name":"u","password":"p=&q","x":[]}', FORM],
    ['{"name":"u","password":"p&&q","x":[]}', FORM],
    [Buffer.from('{"name":"u","password":"\xe9%41"}', 'latin1'), FORM],
    ['{"name":"u","password":"é%41"}', { 'Content-Type': 'application/x-www-form-urlencoded; charset=iso-8859-1' }],
  ])('is refused, or read as it was sent, if express.urlencoded() has read %s', async (body, headers) => {
    for (const extended of [true, false]) {
      const { send, auth } = await serveUsers(express.urlencoded({ extended }));
      // Express refuses one of them itself.
      await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers, body, isDocumented: false });
      if ((await auth.users.get('u')) === undefined) continue;
      const { password } = JSON.parse(body.toString());
      expect((await send({ path: `${USERS}/u`, auth: `u:${password}` })).status).toBe(200);
    }
  });

  it.each(['', 'a=b', '{"a', 'a=b&a=c', '%7B%7D'])(
    'that is not JSON is invalid, even if express.urlencoded() has read it: %j',
    async (body) => {
      const { send } = await serveUsers(express.urlencoded({ extended: true }));
      expect((await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers: FORM, body })).status).toBe(400);
    },
  );

  it.each([
    undefined,
    '',
    ' ',
    '{',
    '[]',
    '"x"',
    '5',
    'true',
    '{"name":"a","password":"p"}}',
    '{"name":"a"',
    "{'name':'a'}",
    Buffer.from('{"name":"\xff","password":"p"}', 'latin1'),
  ])('that is not a JSON object is invalid: %s', async (body) => {
    const { send } = await serveUsers();
    const { status, body: answer } = await send({
      method: 'POST',
      path: USERS,
      auth: 'root:r00t',
      ...(body !== undefined && { body }),
    });
    expect(status).toBe(400);
    expect(answer).toEqual(errorBody('invalid JSON'));
  });

  it.each(['__proto__', 'constructor', 'toString'])('cannot set a prototype: %s', async (field) => {
    const { send, auth } = await serveUsers();
    for (const value of ['{"type":"admin"}', 'null']) {
      const body = `{"name":"new","password":"p","${field}":${value}}`;
      const answer = await send({ method: 'POST', path: USERS, auth: 'root:r00t', body });
      expect(answer.status).toBe(400);
      expect(answer.body.error).toMatch(`unknown field "${field}": a user has `);
      expect(await auth.users.get('new')).toBeUndefined();
    }
  });

  it('may have up to 64 KiB', async () => {
    const { send } = await serveUsers();
    const padded = (size: number) => {
      const body = '{"name":"new","password":"p"}';
      return body.padEnd(size);
    };
    const tooLarge = errorBody('request body must be at most 64 KiB');
    const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
      send({ method: 'POST', path: USERS, auth: 'root:r00t', body, headers });
    expect(await post(padded(65_537))).toMatchObject({ status: 413, body: tooLarge });
    expect(await post(padded(65_537), { 'Transfer-Encoding': 'chunked' })).toMatchObject({ status: 413 });
    expect(await post(gzipSync(padded(65_537)), { 'Content-Encoding': 'gzip' })).toMatchObject({ status: 413 });
    expect(await post(padded(65_536))).toMatchObject({ status: 200 });
    const parsed = await serveUsers(express.json({ limit: '1mb' }));
    expect(
      await parsed.send({ method: 'POST', path: USERS, auth: 'root:r00t', headers: JSON_TYPE, body: padded(65_537) }),
    ).toMatchObject({ status: 413 });
  });

  it('may be compressed, with a known encoding', async () => {
    const { send } = await serveUsers();
    const body = gzipSync('{"name":"new","password":"p"}');
    const post = (encoding: string, bytes: Buffer) =>
      send({ method: 'POST', path: USERS, auth: 'root:r00t', headers: { 'Content-Encoding': encoding }, body: bytes });
    expect((await post('gzip', body)).status).toBe(200);
    expect((await post('unknown', body)).body).toEqual(errorBody('content encoding is not supported'));
    expect((await post('gzip', Buffer.from('not gzip'))).body).toEqual(errorBody('request body cannot be read'));
  });

  it('that another handler has read and dropped is reported at once', async () => {
    const { send } = await serveUsers((req, _res, next) => {
      req.resume().on('end', next);
    });
    const { status, body } = await send({ method: 'POST', path: USERS, auth: 'root:r00t', body: '{"name":"a"}' });
    expect(status).toBe(400);
    expect(body.error).toBe('another middleware has read the body and not kept it: mount kapacitorAuth before it');
  });
});

import express from 'express';
import { MemoryUserRepository } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { createAuth } from '../support/auth.js';
import { errorBody, serve } from '../support/server.js';
import { serveUsers, USERS } from '../support/users-server.js';

/** The users root (admin), api, config and nobody, of whom config is disabled. */
async function setUp() {
  const { auth, send } = await serveUsers();
  await auth.users.update('config', { enabled: false });
  const list = (query: string) => send({ path: `${USERS}?${query}`, auth: 'api:pw' });
  const names = async (query: string) => (await list(query)).body.users.map(({ name }: { name: string }) => name);
  return { auth, list, names };
}

describe('the conditions of a list', () => {
  it.each([
    ['type=admin', ['root']],
    ['type=normal', ['api', 'config', 'nobody']],
    ['enabled=false', ['config']],
    ['enabled=true', ['api', 'nobody', 'root']],
    ['permission=config_api', ['config']],
    ['permission=unknown', []],
    ['q=O', ['config', 'nobody', 'root']],
    ['q=o&type=normal&enabled=true', ['nobody']],
    ['q=o&pattern=*g&enabled=false&permission=config_api&type=normal', ['config']],
    ['q=o&limit=1&offset=1', ['nobody']],
    ['q=o&after=config', ['nobody', 'root']],
  ])('select users before paging: %s', async (query, expected) => {
    const { names } = await setUp();
    expect(await names(query)).toEqual(expected);
  });

  it.each(['type=', 'enabled=', 'permission=', 'q=', 'count=', 'pattern=', 'type&enabled&q'])(
    'count as absent when they are empty: %s',
    async (query) => {
      const { list, names } = await setUp();
      expect(await names(query)).toEqual(['api', 'config', 'nobody', 'root']);
      expect((await list(query)).body).not.toHaveProperty('total');
    },
  );

  it.each([
    ['type=clerk', 'type must be "admin" or "normal", not "clerk"'],
    ['type=Admin', 'type must be "admin" or "normal", not "Admin"'],
    ['enabled=yes', 'enabled must be true or false, not "yes"'],
    ['enabled=0', 'enabled must be true or false, not "0"'],
    ['count=1', 'count must be true or false, not "1"'],
  ])('are refused with the values that exist: %s', async (query, message) => {
    const { list } = await setUp();
    expect(await list(query)).toMatchObject({ status: 400, body: errorBody(message) });
  });
});

describe('the total of a list', () => {
  it.each([
    ['count=true&limit=1', 4],
    ['count=true&limit=0', 4],
    ['count=true&offset=3', 4],
    ['count=true&after=nobody', 4],
    ['count=true&enabled=false', 1],
    ['count=true&pattern=*o*&type=normal', 2],
  ])('counts the users on all pages: %s', async (query, total) => {
    const { list } = await setUp();
    expect((await list(query)).body.total).toBe(total);
  });

  it('is not counted unless it is asked for', async () => {
    const store = new MemoryUserRepository();
    const count = vi.spyOn(store, 'count');
    const { send } = await serve(express().use(await createAuth({ auth: { store } })));
    for (const query of ['limit=1', 'count=false', 'count=']) {
      expect((await send({ path: `${USERS}?${query}`, auth: 'root:r00t' })).body).not.toHaveProperty('total');
    }
    expect(count).not.toHaveBeenCalled();
  });
});

describe('a parameter of a request for users', () => {
  const LIST = 'a list of users has pattern, q, type, enabled, permission, fields, count, after, offset and limit';

  it.each([
    ['', 'typ=admin', 'unknown parameter "typ": did you mean type?'],
    ['', 'Type=admin', 'unknown parameter "Type": did you mean type?'],
    ['', 'role=admin', `unknown parameter "role": ${LIST}`],
    ['', 'name=api', `unknown parameter "name": ${LIST}`],
    ['', 'type[]=admin', `unknown parameter "type[]": ${LIST}`],
    ['', 'fields=type&field=name', 'unknown parameter "field": did you mean fields?'],
    ['', '__proto__=x', `unknown parameter "__proto__": ${LIST}`],
    ['', 'u=root&p=r00t', `unknown parameter "u": ${LIST}`],
    ['/api', 'field=note', 'unknown parameter "field": did you mean fields?'],
    ['/api', 'limit=1', 'unknown parameter "limit": a user has fields'],
    ['/../me', 'field=note', 'unknown parameter "field": did you mean fields?'],
  ])('is refused with a suggestion if it is unknown: %s?%s', async (below, query, message) => {
    const { send } = await serveUsers();
    const path = below === '/../me' ? '/kapacitor/v1/me' : `${USERS}${below}`;
    expect(await send({ path: `${path}?${query}`, auth: 'root:r00t' })).toMatchObject({
      status: 400,
      body: errorBody(message),
    });
  });

  it('is not looked at before it is known whether the user may ask', async () => {
    const { send } = await serveUsers();
    expect((await send({ path: `${USERS}?typ=admin`, auth: 'nobody:pw' })).status).toBe(403);
    expect((await send({ path: `${USERS}?typ=admin` })).status).toBe(401);
  });

  it.each(['limit=1&limit=2', 'type=&type=admin', 'count=true&count=true', 'q=a&q=b'])(
    'is refused if it is there twice: %s',
    async (query) => {
      const { list } = await setUp();
      const [name] = query.split('=');
      expect(await list(query)).toMatchObject({
        status: 400,
        body: errorBody(`parameter "${name}" must be there once`),
      });
    },
  );

  it('may be a credential, if credentials are read from the query', async () => {
    const auth = await createAuth({ http: { queryCredentials: true } });
    const { send } = await serve(express().use(auth));
    const { status, body } = await send({ path: `${USERS}?u=root&p=r00t&type=admin` });
    expect(status).toBe(200);
    expect(body.users).toMatchObject([{ name: 'root' }]);
    expect((await send({ path: `${USERS}/api?u=root&p=r00t` })).status).toBe(200);
    expect((await send({ path: '/kapacitor/v1/me?u=root&p=r00t' })).status).toBe(200);
    expect((await send({ path: `${USERS}?u=root&p=r00t&x=1` })).status).toBe(400);
  });

  it('is left to other middlewares where there is none', async () => {
    const { send } = await serveUsers();
    const path = `${USERS}/api?_method=DELETE`;
    expect((await send({ method: 'DELETE', path, auth: 'root:r00t' })).status).toBe(204);
  });
});

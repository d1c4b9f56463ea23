import { describe, expect, it } from 'vitest';
import { OwnEndpoints } from '../../lib/authorization/own-endpoints.js';

it('an endpoint is at the path of the API, letter by letter', () => {
  const endpoints = new OwnEndpoints('/v1.0');
  expect(endpoints.at('/v1.0/me')).toEqual({ kind: 'me' });
  expect(endpoints.at('/v1.0/users/kim')).toEqual({ kind: 'user', name: 'kim' });
  expect(endpoints.at('/v1.0/openapi.json')).toEqual({ kind: 'openapi.json' });
  for (const path of ['/v1x0/me', '/v1.0/openapi-json', '/v10/users/kim', '/v1/0/users'])
    expect(endpoints.at(path), path).toBeUndefined();
});

it('the endpoints to sign in are there with sessions, and the app’s own without', () => {
  const [none, some] = [new OwnEndpoints('/v1'), new OwnEndpoints('/v1', true)];
  for (const name of ['session', 'sign-in', 'sign-out']) {
    expect(some.at(`/v1/${name}/?next=/`), name).toEqual({ kind: name });
    expect(none.at(`/v1/${name}`), name).toBeUndefined();
  }
  expect(some.at('/v1/session/x')).toBeUndefined();
});

it('a path may be that of an endpoint if it has the name of one, however many others were asked about before', () => {
  const endpoints = new OwnEndpoints();
  const others = ['/', '/orders', '/kapacitor/v1/tasks', `/${'x'.repeat(300)}`];
  for (let index = 0; index < 1_100; index += 1) others.push(`/orders/${index}`);
  const own = ['/kapacitor/v1/users', '/KAPACITOR/V1/Me', '/kapacitor/v1/session'];
  for (const _twice of [1, 2]) {
    expect(others.filter((path) => endpoints.mayBe(path))).toEqual([]);
    expect(own.filter((path) => !endpoints.mayBe(path))).toEqual([]);
  }
});

describe('the keys and sessions of a user', () => {
  const endpoints = new OwnEndpoints();
  const USERS = '/kapacitor/v1/users';

  it.each([
    [`${USERS}/kim/keys`, 'keys', 'kim'],
    [`${USERS}/kim/keys/`, 'keys', 'kim'],
    [`${USERS}/kim/keys/1`, 'keys', 'kim'],
    [`${USERS}/kim/keys/1/?x=/`, 'keys', 'kim'],
    [`${USERS}/kim/sessions`, 'sessions', 'kim'],
    [`${USERS}/kim/sessions/1`, 'sessions', 'kim'],
    [`${USERS}/kim/KEYS`, 'keys', 'kim'],
    ['/KAPACITOR/V1PREVIEW/Users/kim/Sessions', 'sessions', 'kim'],
    [`http://host:9092${USERS}/kim/keys`, 'keys', 'kim'],
    [`${USERS}/Gr%C3%B6%C3%9Fe/keys`, 'keys', 'Größe'],
    [`${USERS}/keys/keys`, 'keys', 'keys'],
    [`${USERS}/kim/keys/%2F`, 'keys', 'kim'],
    [`${USERS}/keys`, 'user', 'keys'],
    [`${USERS}/kim%2Fkeys`, 'user', 'kim/keys'],
  ])('are below the user: %s', (path, kind, name) => {
    expect(endpoints.at(path)).toEqual({ kind, name });
  });

  it.each([
    `${USERS}/kim/keys/1/2`,
    `${USERS}/kim/key`,
    `${USERS}/kim/keys%2F1`,
    `${USERS}/kim/%6beys`,
    `${USERS}/kim//keys`,
    `${USERS}//keys`,
    `${USERS}/kim/keys//1`,
    `${USERS}/kim/keys;v=1`,
    `${USERS}/%ff/keys`,
    '/users/kim/keys',
    '/kapacitor/v1/keys',
  ])('are nowhere else: %s', (path) => {
    expect(endpoints.at(path)).toBeUndefined();
  });
});

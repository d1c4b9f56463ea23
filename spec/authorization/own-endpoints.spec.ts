import { expect, it } from 'vitest';
import { OwnEndpoints } from '../../lib/authorization/own-endpoints.js';

it('an endpoint is at the path of the API, letter by letter', () => {
  const endpoints = new OwnEndpoints('/v1.0');
  expect(endpoints.at('/v1.0/me')).toEqual({ kind: 'me' });
  expect(endpoints.at('/v1.0/users/kim')).toEqual({ kind: 'user', name: 'kim' });
  for (const path of ['/v1x0/me', '/v10/users/kim', '/v1/0/users']) expect(endpoints.at(path), path).toBeUndefined();
});

it('the endpoints to sign in are there with sessions, and the app’s own without', () => {
  const [none, some] = [new OwnEndpoints('/v1'), new OwnEndpoints('/v1', true)];
  for (const name of ['session', 'sign-in', 'sign-out']) {
    expect(some.at(`/v1/${name}/?next=/`), name).toEqual({ kind: name });
    expect(none.at(`/v1/${name}`), name).toBeUndefined();
  }
  expect(some.at('/v1/session/x')).toBeUndefined();
});

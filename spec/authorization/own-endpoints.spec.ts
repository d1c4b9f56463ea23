import { expect, it } from 'vitest';
import { OwnEndpoints } from '../../lib/authorization/own-endpoints.js';

it('an endpoint is at the path of the API, letter by letter', () => {
  const endpoints = new OwnEndpoints('/v1.0');
  expect(endpoints.at('/v1.0/me')).toEqual({ kind: 'me' });
  expect(endpoints.at('/v1.0/users/kim')).toEqual({ kind: 'user', name: 'kim' });
  for (const path of ['/v1x0/me', '/v10/users/kim', '/v1/0/users']) expect(endpoints.at(path), path).toBeUndefined();
});

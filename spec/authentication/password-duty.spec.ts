import { expect, it } from 'vitest';
import { PasswordDuty } from '../../lib/authentication/password-duty.js';
import { user } from '../support/user.js';

it.each([
  [true, 'PATCH /kapacitor/v1/users/jane with {"password": "…"}, or sign in with a browser'],
  [false, 'PATCH /kapacitor/v1/users/jane with {"password": "…"}'],
])('the duty to change the password says how, with a sign-in page: %s', (canSignIn, how) => {
  const error = new PasswordDuty('/kapacitor/v1/users', canSignIn).errorFor(user('jane'));
  expect(error).toMatchObject({
    ...{ code: 'PASSWORD_CHANGE_REQUIRED', status: 403, signIn: undefined },
    message: `user jane must change its password first: ${how}`,
  });
});

import express from 'express';
import { kapacitorAuth } from 'kapacitor-auth';

const auth = kapacitorAuth();
// The strategy is there for whoever has a Passport, and asks for no types of Passport's.
auth.strategy.name satisfies string;

express().get('/', auth, (req) => {
  // @ts-expect-error an app without Passport has no login, and this package does not make it look as if it had
  req.login;
  // @ts-expect-error nor this
  req.isAuthenticated();
});

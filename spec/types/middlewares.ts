import { createServer } from 'node:http';
import connect from 'connect';
import express, { type RequestHandler, type Router } from 'express';
import {
  type KapacitorAuth,
  kapacitorAuth,
  type Middleware,
  type Privilege,
  type User,
  type UserService,
} from 'kapacitor-auth';
import { Server } from 'socket.io';
import { claim, type Same } from './claims.js';

const app = express();
const auth = kapacitorAuth();
claim<Same<typeof auth, KapacitorAuth<never>>>();
claim<Same<typeof auth.usersRouter, Router>>();
claim<Same<typeof auth.users, UserService<never>>>();
claim<Same<typeof auth.ready, Promise<void>>>();
claim<Same<ReturnType<typeof auth.close>, Promise<void>>>();

for (const handler of [auth, auth.authenticate, auth.optional, auth.requireAdmin, auth.requirePrivilege()]) {
  handler satisfies RequestHandler;
  handler satisfies Middleware;
  // Other hosts have no more than Node's own requests and responses.
  connect().use(handler).use('/mounted', handler);
  createServer((req, res) => handler(req, res, () => res.end()));
  createServer((req, res) => handler(req, res, (error) => res.end(String(error))));
  new Server().engine.use(handler);
}

app.use(auth);
app.use('/kapacitor', auth);
app.use('/admin/users', auth.usersRouter);
app.use('/reports', auth.authenticate);

app.delete('/reports/:id', auth.requirePrivilege('delete'), (req, res) => {
  claim<Same<typeof req.params.id, string>>();
  res.send(req.user.name);
});
app.use('/:section/:id', auth, auth.authenticate, (req, _res, next) => {
  claim<Same<typeof req.params.section, string>>();
  next();
});
app.get('/audit', auth.requireAdmin, (req, res) => {
  res.send(req.user.name);
});

claim<Same<Privilege, 'read' | 'write' | 'delete' | 'all'>>();
auth.requirePrivilege('write', '/api/write');
// @ts-expect-error there is no such privilege
auth.requirePrivilege('execute');
// @ts-expect-error a permission is no privilege
auth.requirePrivilege('write_points');

auth.authEnabled = true;
// @ts-expect-error the switch is on or off
auth.authEnabled = 'true';
auth.allowedHosts = ['localhost'];
auth.allowedHosts = undefined;
// @ts-expect-error hosts are a list
auth.allowedHosts = 'localhost';
// @ts-expect-error the parts are not to be replaced
auth.authenticate = auth.requireAdmin;

// @ts-expect-error a resource comes second
auth.requirePrivilege('/api/config');
// @ts-expect-error one resource
auth.requirePrivilege('read', '/api/a', '/api/b');
// @ts-expect-error it makes the middleware
app.get('/x', auth.requirePrivilege, (_req, res) => res.end());
// @ts-expect-error it is the middleware
app.use(auth.authenticate());
// @ts-expect-error it is the middleware
app.use(auth.optional());
// @ts-expect-error it is the middleware
app.use(auth.requireAdmin());
// @ts-expect-error it is the middleware
app.use(auth());
// @ts-expect-error it makes the middleware
app.use(kapacitorAuth);
// @ts-expect-error a file or an object, and an object besides
kapacitorAuth('kapacitor.conf', {}, {});

declare const user: User;
claim<Same<ReturnType<typeof auth.can>, boolean>>();
auth.can(user, 'GET', '/x');
auth.can(undefined, 'GET', '/x');
// @ts-expect-error a user is an object
auth.can('jane', 'GET', '/x');
// @ts-expect-error a path
auth.can(user, 'GET');
// @ts-expect-error nobody is not explained
auth.explain(undefined, 'GET', '/x');
// @ts-expect-error there is no such event
auth.on('logout', () => {});
// @ts-expect-error a listener is a function
auth.on('login', 'audit.log');
// @ts-expect-error it returns a promise
auth.close(() => {});

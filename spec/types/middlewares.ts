import express, { type RequestHandler, type Router } from 'express';
import { type KapacitorAuth, kapacitorAuth, type Privilege, type UserService } from 'kapacitor-auth';
import { claim, type Same } from './claims.js';

const app = express();
const auth = kapacitorAuth();
claim<Same<typeof auth, KapacitorAuth>>();
claim<Same<typeof auth.usersRouter, Router>>();
claim<Same<typeof auth.users, UserService>>();
claim<Same<typeof auth.ready, Promise<void>>>();
claim<Same<ReturnType<typeof auth.close>, Promise<void>>>();

for (const handler of [auth, auth.authenticate, auth.requireAdmin, auth.requirePrivilege()]) {
  handler satisfies RequestHandler;
}

app.use(auth);
app.use('/kapacitor', auth);
app.use('/admin/users', auth.usersRouter);
app.use('/reports', auth.authenticate);

app.delete('/reports/:id', auth.requirePrivilege('delete'), (req, res) => {
  claim<Same<typeof req.params.id, string>>();
  res.send(req.user.name);
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

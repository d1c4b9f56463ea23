import express from 'express';
import {
  type AuditContext,
  type AuditEvents,
  type AuthenticationSwitched,
  type Denied,
  type Explanation,
  type KapacitorAuth,
  type KapacitorAuthErrorCode,
  kapacitorAuth,
  type Login,
  type LoginFailed,
  type LoginFailure,
  type Privilege,
  type StoreHealth,
  type StoreUnavailable,
  type User,
  type UserChanged,
  type UserCreated,
  type UserDeleted,
  type UserOperationFailed,
  type UserPart,
  type UserService,
} from 'kapacitor-auth';
import { claim, type Same } from './claims.js';

const auth = kapacitorAuth();

const chained = auth.on('login', (event) => {
  claim<Same<typeof event, Login>>();
  claim<Same<typeof event.user, string>>();
  claim<Same<typeof event.time, Date>>();
  claim<Same<typeof event.requestId, string | undefined>>();
  // @ts-expect-error an event is read only
  event.user = 'somebody else';
});
claim<Same<typeof chained, KapacitorAuth<never>>>();

auth
  .on('login-failed', (event) => {
    claim<Same<typeof event, LoginFailed>>();
    claim<Same<typeof event.user, string | undefined>>();
    claim<Same<typeof event.reason, LoginFailure>>();
  })
  .on('denied', (event) => {
    claim<Same<typeof event, Denied>>();
    claim<Same<typeof event.status, 401 | 403>>();
  })
  .on('user-created', (event) => {
    claim<Same<typeof event, UserCreated>>();
    claim<Same<typeof event.user, User>>();
    // @ts-expect-error no hash is told
    event.user.hash;
  })
  .on('user-changed', async (event) => {
    claim<Same<typeof event, UserChanged>>();
    claim<Same<typeof event.before, User>>();
    claim<Same<typeof event.changed, readonly UserPart[]>>();
    claim<
      Same<UserPart, 'password' | 'type' | 'permissions' | 'enabled' | 'expires' | 'mustChangePassword' | 'note'>
    >();
  })
  .on('user-deleted', (event) => {
    claim<Same<typeof event, UserDeleted>>();
  })
  .on('user-operation-failed', (event) => {
    claim<Same<typeof event, UserOperationFailed>>();
    claim<Same<typeof event.operation, 'create' | 'change' | 'delete'>>();
    claim<Same<typeof event.code, KapacitorAuthErrorCode | undefined>>();
  })
  .on('store-unavailable', (event) => {
    claim<Same<typeof event, StoreUnavailable>>();
  })
  .on('authentication-switched', (event) => {
    claim<Same<typeof event, AuthenticationSwitched>>();
    claim<Same<typeof event.authEnabled, boolean>>();
  })
  .on('store-state', (health) => {
    claim<Same<typeof health, StoreHealth>>();
  });

const listener = (_event: AuditEvents['denied']) => {};
const after = auth.on('denied', listener).off('denied', listener);
claim<Same<typeof after, KapacitorAuth<never>>>();
// One that needs less of an event than there is.
auth.on('user-deleted', ({ by }: AuditContext) => by);
// @ts-expect-error there is no such event
auth.on('logout', () => {});
// @ts-expect-error what is told of a login has no status
auth.on('login', ({ status }) => status);
// @ts-expect-error a listener of other events
auth.off('login', listener);

const byJane = auth.users.by({ by: 'jane', from: '192.0.2.1', requestId: undefined });
claim<Same<typeof byJane, UserService<never>>>();
await byJane.delete('john');
// @ts-expect-error it is a name, and not a user
auth.users.by({ by: { name: 'jane' } });
// @ts-expect-error there is no such part of a context
auth.users.by({ who: 'jane' });

const found = await auth.users.get('jane');
const may = auth.can(found, 'GET', '/kapacitor/v1/tasks');
claim<Same<typeof may, boolean>>();
const explanation = auth.explain({ name: 'x', type: 'normal', permissions: [], enabled: true }, 'GET', '/');
claim<Same<typeof explanation, Explanation>>();
claim<Same<typeof explanation.allowed, boolean>>();
claim<Same<typeof explanation.privilege, Privilege>>();
claim<Same<typeof explanation.resource, string | undefined>>();
claim<Same<typeof explanation.reason, string>>();
// @ts-expect-error there has to be a user to explain
auth.explain(found, 'GET', '/');
// @ts-expect-error a name is no user
auth.can('jane', 'GET', '/');

const app = express();
app.use(auth, (req, res) => {
  res.json(auth.explain(req.user, req.method, req.originalUrl));
});

import express, { type RequestHandler, Router } from 'express';
import { kapacitorAuth, type Permission, type User, type UserType } from 'kapacitor-auth';
import { claim, type Same } from './claims.js';

claim<Same<Permission, 'none' | 'all' | 'api' | 'config_api' | 'write_points'>>();
claim<Same<UserType, 'admin' | 'normal'>>();

const app = express();
app.use(kapacitorAuth());

app.get('/', (req, res) => {
  const { user } = req;
  claim<Same<typeof user.name, string>>();
  claim<Same<typeof user.type, 'admin' | 'normal'>>();
  claim<Same<typeof user.permissions, readonly string[]>>();
  const asUser: User = user;
  res.json({ for: req.user.name, as: asUser.type });

  // @ts-expect-error a user is read only
  user.name = 'somebody else';
  // @ts-expect-error and so are its permissions
  user.permissions.push('all');
  // @ts-expect-error no hash leaves
  user.hash;
});

const router = Router();
router.use((req, _res, next) => {
  claim<Same<typeof req.user.name, string>>();
  next();
});

const greet: RequestHandler = (req, res) => {
  res.send(`Hello, ${req.user.name}`);
};
app.use(router).get('/greeting', greet);

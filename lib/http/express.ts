import type { User } from '../users/user.js';

/** As Passport's types have it: who defines a kind of user extends `Express.User`. */
declare global {
  namespace Express {
    interface User extends KapacitorUser {}
  }
}

type KapacitorUser = User;

declare module 'express-serve-static-core' {
  interface Request<P, ResBody, ReqBody, ReqQuery, LocalsObj extends Record<string, any>> {
    /** Who makes this request: always there behind `kapacitorAuth()` and behind `authenticate` and its like. */
    user: Express.User;
  }
}

/**
 * The parts of passport-http 0.3 that are used here. (`@types/passport-http` depends on `@types/passport`, which adds a
 * `login` and a `logout` to every request of an app.)
 */
declare module 'passport-http' {
  import type { IncomingMessage } from 'node:http';

  type Verified = (error: unknown, user?: object | false) => void;

  export class BasicStrategy {
    constructor(options: object, verify: (name: string, password: string, verified: Verified) => void);
    name: string;
    authenticate(req: IncomingMessage, options?: object): void;
    success(user: object): void;
    fail(challenge?: string, status?: number, reason?: string | Error): void;
    error(error: unknown): void;
  }
}

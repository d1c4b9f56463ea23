/**
 * passport-http 0.3, as far as it is extended here. (`@types/passport-http` would bring `@types/passport` along, which
 * gives every request of an app a `login` and a `logout` that the app does not have.)
 */
declare module 'passport-http' {
  import type { IncomingMessage } from 'node:http';

  type Verified = (error: unknown, user?: object | false) => void;

  export class BasicStrategy {
    constructor(options: { realm?: string }, verify: (name: string, password: string, verified: Verified) => void);
    constructor(
      options: { realm?: string; passReqToCallback: true },
      verify: (req: IncomingMessage, name: string, password: string, verified: Verified) => void,
    );
    name: string;
    protected _realm: string;
    protected _verify(req: IncomingMessage, name: string, password: string, verified: Verified): void;
    protected _challenge(): string;
    authenticate(req: IncomingMessage, options?: object): void;
    success(user: object): void;
    fail(challenge?: string, status?: number, reason?: string | Error): void;
    error(error: unknown): void;
  }
}

import type { RefusedPasswords } from '../users/password-policy.js';
import type { UserRepository } from '../users/repository.js';
import type { BindAddress } from './kinds.js';

/** The configuration as it came out of file, environment, code and defaults. */
export interface ResolvedConfig {
  readonly http: {
    readonly authEnabled: boolean;
    readonly queryCredentials: boolean;
    readonly realm: string;
    /** Undefined: every host. */
    readonly allowedHosts: readonly string[] | undefined;
    /** Where a server of the app's may listen; this package does not listen itself. */
    readonly bindAddress: BindAddress;
    /** The PEM files for a server of the app's that speaks TLS; undefined for one that does not. */
    readonly https: { readonly certificate: string; readonly privateKey: string } | undefined;
  };
  readonly auth: {
    readonly enabled: boolean;
    /** Milliseconds. */
    readonly cacheExpiration: number;
    readonly bcryptCost: number;
    /** Code points. */
    readonly minimumPasswordLength: number;
    /** A path is absolute. */
    readonly refusedPasswords: RefusedPasswords | undefined;
    readonly failureLimit: number;
    /** Milliseconds. */
    readonly failureWindow: number;
    readonly hashingConcurrency: number;
    readonly hashingQueue: number;
    /**
     * `memory:`, `sqlite:` with an absolute path, a `postgres://` URL without its password and other secrets, or the
     * app's own repository.
     */
    readonly store: string | UserRepository;
    /** Milliseconds. */
    readonly storeGrace: number;
    /** Who is made when the store has no admin; undefined also while there are no users. */
    readonly admin: { readonly name: string } | undefined;
    /** An absolute path. */
    readonly auditLog: string | undefined;
  };
}

/** The first admin, to be made when the store has none. */
export interface FirstAdmin {
  readonly name: string;
  /**
   * The password, or a function that reads its file when it is needed.
   *
   * @throws {ConfigError} that names the file: it cannot be read, or has no password that a user can have
   */
  readonly password: string | (() => string);
}

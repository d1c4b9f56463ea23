import type { PermissionDefinitions, ResolvedPermissions } from '../authorization/permission-definitions.js';
import type { SignInTexts } from '../sign-in-texts.js';
import type { RefusedPasswords } from '../users/password-policy.js';
import type { UserRepository } from '../users/repository.js';

/**
 * The configuration in code. For a property that is absent or undefined, the environment decides, then the default.
 *
 * @typeParam Own the names of the app's own permissions
 */
export interface KapacitorAuthConfig<Own extends string = string> {
  /**
   * The permissions of the app's own, beside Kapacitor's: `{ clerk: { '/orders': ['read', 'write'] } }`. A definition
   * replaces one of the same name in a file as a whole. No environment variable defines permissions. A definition that is
   * wrong is a `ConfigError`. Defaults to none.
   */
  readonly permissions?: PermissionDefinitions<Own> | undefined;
  readonly http?: HttpConfig | undefined;
  readonly auth?: AuthConfig | undefined;
}

/** The settings of requests: `[http]` in a file. */
export interface HttpConfig {
  /** Whether a request needs credentials. While false, every request runs as the admin ADMIN_USER. Defaults to true. */
  readonly authEnabled?: boolean | undefined;
  /** Whether `?u=NAME&p=PASSWORD` is accepted as well. Credentials in a URL end up in logs. Defaults to false. */
  readonly queryCredentials?: boolean | undefined;
  /** The name in a browser's login dialog. Defaults to `Kapacitor`. */
  readonly realm?: string | undefined;
  /**
   * The hosts that requests may ask for: names or addresses, with a port or without (any port), such as `example.com`,
   * `localhost:9092`, `[::1]`, `.example.com` (with its subdomains), `*.example.com` (its subdomains alone), or `*`.
   * Another `Host` gets 421, also while authentication is off. This keeps pages of other sites from reaching the app
   * under their own name (DNS rebinding). Defaults to every host.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * The paths that need no credentials, each with everything below it: `/health`, or `GET /status` for one method alone
   * (`GET` includes `HEAD`). Credentials that come anyway are verified. The endpoints of this package are never public.
   * Defaults to none.
   */
  readonly public?: readonly string[] | undefined;
  /**
   * The answer to a request that is refused with 401, 403, 429 or 503: `answer` sends Kapacitor's bodies, and `next` passes
   * a `KapacitorAuthError` to the app's error handler. A `next` without a parameter, which could not see the error, gets none.
   * Defaults to `answer`.
   */
  readonly refusals?: Refusals | undefined;
  /**
   * The path of the users API and of the other endpoints of this package. Resources leave it out: `/kapacitor/v1/orders`
   * and `/orders` are one. In lower case, without a slash at its end; `/` is the root. Defaults to `/kapacitor/v1`.
   */
  readonly apiPath?: string | undefined;
  /**
   * Whether a browser signs in on a page and gets a cookie, in place of its dialog for HTTP Basic. An object says for how long.
   * It needs a store that keeps secrets, as those of this package do. Defaults to false.
   */
  readonly sessions?: boolean | SessionsConfig | undefined;
  /**
   * Whether there is a page for the people who manage users: at `{apiPath}/admin`, or where the app mounts `auth.usersPage`. It
   * switches sessions on. With `sessions: false` beside it, it is a `ConfigError`. Defaults to false.
   */
  readonly usersPage?: boolean | undefined;
  /**
   * The secret of JSON Web Tokens, with which Kapacitor's own clients sign them: HS256, HS384 or HS512, with the claims
   * `username` and `exp`. An empty one is a `ConfigError`, and one with fewer than 32 bytes causes a warning. Defaults to
   * none: no token is accepted.
   */
  readonly sharedSecret?: string | undefined;
  /**
   * Instead of a secret: the path of a file with it in UTF-8, such as a container's secret. A line end at the end of the
   * file is not part of the secret. The file is read at the start. Defaults to none.
   */
  readonly sharedSecretFile?: string | undefined;
}

/** The sessions of browsers. */
export interface SessionsConfig {
  /**
   * How long a session lasts at most: `12h`, or a number of milliseconds, from 2 minutes to 400 days. Defaults to `12h`.
   */
  readonly lifetime?: string | number | undefined;
  /**
   * How long a session lasts after its last use: at least 2 minutes, because uses are recorded once a minute, and at most the
   * lifetime. Defaults to `1h`, or the lifetime if that is shorter.
   */
  readonly idle?: string | number | undefined;
  /** Words of the sign-in page in place of the English ones. Defaults to none. */
  readonly texts?: { readonly [Name in keyof SignInTexts]?: SignInTexts[Name] | undefined } | undefined;
}

/** The sessions of browsers, after the configuration is combined. */
export interface ResolvedSessions {
  /** Milliseconds. */
  readonly lifetime: number;
  /** Milliseconds. */
  readonly idle: number;
  readonly texts: SignInTexts;
}

/** The answer to a request that is refused: from this package, or from the app's error handler. */
export type Refusals = 'answer' | 'next';

/** The settings of users, passwords and logins: `[auth]` in a file. */
export interface AuthConfig {
  /** Whether there are users and a users API. Defaults to true. */
  readonly enabled?: boolean | undefined;
  /**
   * How long a verified password is not verified again: `10m`, `1h30m`, or a number of milliseconds. 0 verifies it each
   * time. Changes of users are in force at once all the same. Defaults to `10m`.
   */
  readonly cacheExpiration?: string | number | undefined;
  /**
   * The cost of new password hashes, 4 to 20. Each step doubles the time. A hash of another cost is replaced at the
   * user's next login. Defaults to 10.
   */
  readonly bcryptCost?: number | undefined;
  /**
   * The minimum number of characters (code points) in a new password, 0 to 72. 0 is Kapacitor's rule. Defaults to 8, also
   * with a file.
   */
  readonly minimumPasswordLength?: number | undefined;
  /**
   * Passwords that nobody may choose: a `Set`, the path of a file with one on each line, which is read at the start, or a
   * function that gets a password (in the form that is hashed: NFC) and the user's name, and returns whether the password
   * is refused, such as a look-up in a list of breached passwords. While the function throws, rejects or takes more than
   * 5 seconds, no password can be set. Defaults to none.
   */
  readonly refusedPasswords?: RefusedPasswords | undefined;
  /**
   * How many logins as one user may fail from one address (IPv6: from one /64) in a window. More get 429 and
   * `Retry-After`. Ten times as many may fail from one address for all users together, and for one user from everywhere:
   * then that user gets one more attempt each `failureWindow / failureLimit`. These two limits do not apply to an address
   * from which that user has logged in before. Processes that share a store count together. 0 turns throttling off. Defaults
   * to 10.
   */
  readonly failureLimit?: number | undefined;
  /** How long failures count: `10m`, `1h30m`, or a number of milliseconds. 0 turns throttling off. Defaults to `10m`. */
  readonly failureWindow?: string | number | undefined;
  /**
   * How many passwords are hashed at once, in threads that files and DNS look-ups need as well: at most one less than
   * Node.js has (4, or `UV_THREADPOOL_SIZE`). Defaults to that, or to one less than the number of cores if that is less.
   */
  readonly hashingConcurrency?: number | undefined;
  /**
   * How many passwords wait to be hashed, 1 to 100,000. Users who have logged in from the same address before have a queue
   * of the same length that goes first. More requests get 503 and `Retry-After`, and so does a request that has waited
   * for 3 seconds. Defaults to 128.
   */
  readonly hashingQueue?: number | undefined;
  /**
   * Where the users are: `sqlite:FILE` (relative to the working folder), `memory:`,
   * `postgres://USER:PASSWORD@HOST/DATABASE`, or the app's own repository. Defaults to
   * `sqlite:./.kapacitor-auth/users.db`.
   */
  readonly store?: string | UserRepository | undefined;
  /**
   * How long users in this process's memory are served while PostgreSQL cannot be reached: `1m`, `1h30m`, or a number of
   * milliseconds. Then requests get 503; with 0 at once. It matters for `postgres://` and for the app's own repositories
   * that heed it. Defaults to `1m`.
   */
  readonly storeGrace?: string | number | undefined;
  /**
   * The first admin. It is made if the store has no admin. Name and password are looked up separately: the password may
   * come from the environment (`KAPACITOR_AUTH_ADMIN_PASSWORD`, `…_PASSWORD_FILE`) or from a file instead. A password of a
   * stronger source replaces both password and password file of weaker ones. Defaults to none.
   */
  readonly admin?: AdminConfig | undefined;
  /**
   * Whether the store keeps when each user logged in last. A user costs it at most one write a minute, which no request waits
   * for. Defaults to true.
   */
  readonly recordLogins?: boolean | undefined;
  /** The file that audit events are appended to, as JSON lines. Defaults to none. */
  readonly auditLog?: string | undefined;
}

/** The first admin: a name, and a password or the file that contains it. */
export type AdminConfig = AdminWithPassword | AdminWithPasswordFile;

interface AdminWithPassword {
  readonly name?: string | undefined;
  readonly password?: string | undefined;
  readonly passwordFile?: undefined;
}

interface AdminWithPasswordFile {
  readonly name?: string | undefined;
  readonly password?: undefined;
  /**
   * The path of a file with the password in UTF-8, such as a container's secret. A line end at the end of the file is not
   * part of the password. The file is read when the admin is made.
   */
  readonly passwordFile?: string | undefined;
}

/** The address of a server, as Go writes it: `:9092`, `localhost:9092`. */
export interface BindAddress {
  /** Undefined: every address of this machine. */
  readonly host: string | undefined;
  readonly port: number;
}

/** The configuration after file, environment, code and defaults are combined. */
export interface ResolvedConfig {
  /** The permissions of the app's own, by name. */
  readonly permissions: ResolvedPermissions;
  readonly http: {
    readonly authEnabled: boolean;
    readonly queryCredentials: boolean;
    readonly realm: string;
    /** Undefined: every host. */
    readonly allowedHosts: readonly string[] | undefined;
    /** As given: `/health`, `GET /status`. */
    readonly public: readonly string[];
    readonly refusals: Refusals;
    /** Without a slash at its end; empty for the root. */
    readonly apiPath: string;
    /** False: there are no sessions. */
    readonly sessions: ResolvedSessions | false;
    readonly usersPage: boolean;
    /** The address for the app's own server. This package does not listen. */
    readonly bindAddress: BindAddress;
    /** The PEM files for the app's own server with TLS; undefined for a server without TLS. */
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
    /** The admin who is made when the store has none; undefined also while there are no users. */
    readonly admin: { readonly name: string } | undefined;
    readonly recordLogins: boolean;
    /** An absolute path. */
    readonly auditLog: string | undefined;
  };
}

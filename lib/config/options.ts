import type { RefusedPasswords } from '../users/password-policy.js';
import type { UserRepository } from '../users/repository.js';

/** The configuration in code. What is left out, or undefined, is the environment's to say, and has a default. */
export interface KapacitorAuthConfig {
  readonly http?: HttpConfig | undefined;
  readonly auth?: AuthConfig | undefined;
}

export interface HttpConfig {
  /** Whether a request needs credentials. While false each one runs as the admin ADMIN_USER. Defaults to true. */
  readonly authEnabled?: boolean | undefined;
  /** Whether `?u=NAME&p=PASSWORD` is taken as well; credentials in a URL end up in logs. Defaults to false. */
  readonly queryCredentials?: boolean | undefined;
  /** What the browser's dialog names. Defaults to `Kapacitor`. */
  readonly realm?: string | undefined;
  /**
   * The hosts that requests may ask for: names or addresses, with a port or without (any port), such as `example.com`,
   * `localhost:9092`, `[::1]`, `.example.com` (with its subdomains), `*.example.com` (its subdomains alone), or `*`.
   * Another `Host` gets 421, also while authentication is off. This keeps pages of other sites from reaching the app
   * under a name of their own (DNS rebinding). Defaults to every host.
   */
  readonly allowedHosts?: readonly string[] | undefined;
}

export interface AuthConfig {
  /** Whether there are users and a users API. Defaults to true. */
  readonly enabled?: boolean | undefined;
  /**
   * How long a password that was verified is not verified again: `10m`, `1h30m`, or a number of milliseconds; 0
   * verifies it each time. A change of a user is in force at once all the same. Defaults to `10m`.
   */
  readonly cacheExpiration?: string | number | undefined;
  /**
   * The cost of new password hashes, 4 to 20: each step doubles the time that one takes. Hashes of another cost are
   * replaced when their users log in. Defaults to 10.
   */
  readonly bcryptCost?: number | undefined;
  /**
   * How many characters (code points) a new password must have at least, 0 to 72. Defaults to 8, also with a file.
   * Kapacitor has no minimum: 0.
   */
  readonly minimumPasswordLength?: number | undefined;
  /**
   * Passwords that nobody may choose: a `Set`, the path of a file with one on each line, which is read at the start, or
   * a function that gets a password (in the form that is hashed: NFC) and the user's name, and says whether the password
   * is refused, such as a look-up in a list of breached passwords. While the function throws, rejects or takes more than
   * 5 seconds, no password can be set. Defaults to none.
   */
  readonly refusedPasswords?: RefusedPasswords | undefined;
  /**
   * How many attempts to log in as one user may fail from one address (IPv6: from one /64) in a window; then come 429
   * and `Retry-After`. Ten times as many may fail from one address at all users together, and at one user from
   * everywhere: then that user gets one attempt more each `failureWindow / failureLimit`. Those two do not hold for an
   * address from which that user has logged in before. 0 throttles nothing. Defaults to 10.
   */
  readonly failureLimit?: number | undefined;
  /** How long failures count: `10m`, `1h30m`, or a number of milliseconds; 0 throttles nothing. Defaults to `10m`. */
  readonly failureWindow?: string | number | undefined;
  /**
   * How many passwords are hashed at once, in threads that files and DNS look-ups need as well: at most one less than
   * there are (4, or `UV_THREADPOOL_SIZE`). Defaults to that, or to one less than there are cores if that is less.
   */
  readonly hashingConcurrency?: number | undefined;
  /**
   * How many passwords wait to be hashed, 1 to 100,000: so many of strangers, and so many of those who have logged in
   * from the same address before and go first. The rest gets 503 and `Retry-After`, and so does who has waited for 3
   * seconds. Defaults to 128.
   */
  readonly hashingQueue?: number | undefined;
  /**
   * Where the users are: `sqlite:FILE` (relative to the working folder), `memory:`,
   * `postgres://USER:PASSWORD@HOST/DATABASE`, or a repository of the app's own. Defaults to
   * `sqlite:./.kapacitor-auth/users.db`.
   */
  readonly store?: string | UserRepository | undefined;
  /**
   * How long users that this process has in memory are served on while PostgreSQL cannot be reached: `1m`, `1h30m`, or
   * a number of milliseconds. After it comes 503; with 0 at once. It has a meaning for `postgres://` and for
   * repositories of the app's own that heed it. Defaults to `1m`.
   */
  readonly storeGrace?: string | number | undefined;
  /**
   * The first admin, who is made when the store has no admin. Name and password are looked up each for itself: the
   * password may as well come from the environment (`KAPACITOR_AUTH_ADMIN_PASSWORD`, `…_PASSWORD_FILE`) or from a file.
   * A password of any of these replaces those that come after it, in whichever way it is given. Defaults to none.
   */
  readonly admin?: AdminConfig | undefined;
  /** The file that audit events are appended to, as JSON lines. Defaults to none. */
  readonly auditLog?: string | undefined;
}

/** The first admin: a name, and a password or the file that has it. */
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
   * The path of a file with the password in UTF-8, such as a container's secret. One line end at its end is not part of
   * the password. It is read when the admin is made.
   */
  readonly passwordFile?: string | undefined;
}

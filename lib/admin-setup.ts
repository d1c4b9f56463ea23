import { type FirstAdmin, resolveConfig } from './config/config.js';
import { ConfigError, InvalidUserError } from './errors.js';
import { hasAdmin } from './users/every-user.js';
import { makeFirstAdmin } from './users/first-admin.js';
import type { PasswordPolicy } from './users/password-policy.js';
import type { UserRepository } from './users/repository.js';
import type { PasswordHashing } from './users/user-service.js';

/** Milliseconds. An app that makes its users in code has made an admin by then. */
const A_MOMENT = 1_000;

export interface AdminSetupParts {
  readonly repository: UserRepository;
  readonly hasher: PasswordHashing;
  readonly policy: PasswordPolicy;
  /** Who is to be made where there is no admin. */
  readonly admin: FirstAdmin | undefined;
  /** Told of the admin that was made. */
  readonly onMade: (name: string) => void;
  /** Told that there is none. */
  readonly onMissing: () => void;
  /** Told why the admin could not be made. */
  readonly onFailure: (error: unknown) => void;
}

/** Makes the first admin as soon as the store can be asked, or finds out that there is none. */
export class AdminSetup {
  readonly #parts: AdminSetupParts;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(parts: AdminSetupParts) {
    this.#parts = parts;
  }

  /**
   * Makes the admin that is asked for. What is the operator's mistake is told; whatever else keeps it from being made is
   * tried again each second.
   *
   * @throws {KapacitorAuthError} it could not be made; says what to do
   */
  async run(): Promise<void> {
    const { admin, onMade, onFailure } = this.#parts;
    if (admin === undefined) {
      this.lookSoon();
      return;
    }
    try {
      if ((await makeFirstAdmin({ ...this.#parts, admin })) === 'made') onMade(admin.name);
    } catch (error) {
      onFailure(error);
      if (!isMistake(error)) this.#soon(() => this.run());
      throw error;
    }
  }

  /** Looks, in a moment, whether there is an admin. */
  lookSoon(): void {
    this.#soon(() => this.#look());
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    let isThere: boolean;
    try {
      isThere = await hasAdmin(this.#parts.repository);
    } catch {
      // Of the store it is told elsewhere.
      this.lookSoon();
      return;
    }
    if (!isThere) this.#parts.onMissing();
  }

  #soon(work: () => Promise<void>): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void Promise.allSettled([work()]), A_MOMENT).unref();
  }
}

/** Whether it stays so until somebody changes the configuration, or a user. */
function isMistake(error: unknown): boolean {
  return error instanceof ConfigError || error instanceof InvalidUserError;
}

/**
 * How an admin is made, for the operator to copy into another terminal, where the environment may say something else.
 *
 * @param file the config file, if there is one
 * @param store as it may be shown, or the app's own repository
 */
export function adminCommand(file: string | undefined, store: string | UserRepository): string {
  if (typeof store !== 'string' || store === 'memory:') {
    return "await auth.users.create({ name: 'admin', password: '…', type: 'admin' })  in the app's code";
  }
  const places = [
    file !== undefined && `--config ${quoted(file)}`,
    (file === undefined || storeOf(file) !== store) && `--store ${quoted(store)}`,
  ];
  return ['npx kapacitor-auth user add admin --type admin', ...places.filter(Boolean)].join(' ');
}

/** What the file says by itself, if it says anything that is right by itself. */
function storeOf(file: string): string | UserRepository | undefined {
  try {
    return resolveConfig(file, {}, {}).config.auth.store;
  } catch {
    return undefined;
  }
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

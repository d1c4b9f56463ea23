import type { FirstAdmin } from './config/config.js';
import { hasAdmin } from './users/every-user.js';
import { makeFirstAdmin } from './users/first-admin.js';
import type { PasswordPolicy } from './users/password-policy.js';
import type { UserRepository } from './users/repository.js';
import type { PasswordHashing } from './users/user-service.js';

/** Milliseconds. An app that makes its users in code has made an admin by then. */
const LOOK_AFTER = 1_000;

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

/**
 * Makes the first admin as soon as the store can be asked, or finds out that there is none. It is done once, unless it
 * fails: whoever asks again is given the same promise.
 */
export class AdminSetup {
  readonly #parts: AdminSetupParts;
  #running: Promise<void> | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(parts: AdminSetupParts) {
    this.#parts = parts;
  }

  /** @throws {KapacitorAuthError} the admin that is asked for could not be made; says what to do */
  run(): Promise<void> {
    this.#running ??= this.#make().catch((error: unknown) => {
      this.#running = undefined;
      this.#parts.onFailure(error);
      throw error;
    });
    return this.#running;
  }

  /** Looks, in a moment, whether there is an admin. */
  lookSoon(): void {
    clearTimeout(this.#looking);
    this.#looking = setTimeout(() => void this.#look(), LOOK_AFTER).unref();
  }

  close(): void {
    clearTimeout(this.#looking);
  }

  /** A store that cannot say is told of elsewhere. */
  async #look(): Promise<void> {
    const [answer] = await Promise.allSettled([hasAdmin(this.#parts.repository)]);
    if (answer.status === 'fulfilled' && !answer.value) this.#parts.onMissing();
  }

  async #make(): Promise<void> {
    const { admin, onMade } = this.#parts;
    if (admin === undefined) this.lookSoon();
    else if ((await makeFirstAdmin({ ...this.#parts, admin })) === 'made') onMade(admin.name);
  }
}

/**
 * How an admin is made, for the operator to copy.
 *
 * @param file the config file, if there is one
 * @param store as it may be shown, or the app's own repository
 */
export function adminCommand(file: string | undefined, store: string | UserRepository): string {
  if (typeof store !== 'string' || store === 'memory:') {
    return "await auth.users.create({ name: 'admin', password: '…', type: 'admin' })  in the app's code";
  }
  const place = file === undefined ? `--store ${quoted(store)}` : `--config ${quoted(file)}`;
  return `npx kapacitor-auth user add admin --type admin ${place}`;
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

import { lstatSync } from 'node:fs';
import { PasswordHasher } from '../authentication/password-hasher.js';
import { resolveConfig } from '../config/config.js';
import { AUTHENTICATION_IS_OFF } from '../config/rules.js';
import type { Environment } from '../config/setting.js';
import { AUTH, DATA_DIR } from '../config/settings.js';
import { StoreError } from '../errors.js';
import { sqliteFile } from '../stores/address.js';
import { completeRepository } from '../stores/complete.js';
import { createRepository } from '../stores/create-repository.js';
import { SqliteUserRepository } from '../stores/sqlite/sqlite-repository.js';
import { SupervisedRepository } from '../stores/supervised.js';
import { PasswordPolicy, passwordRefusal } from '../users/password-policy.js';
import { type CompleteUserRepository, DEFAULT_STORE_SETTINGS } from '../users/repository.js';
import { UserService } from '../users/user-service.js';
import { AuditTrail } from './audit-trail.js';
import { UsageError } from './cli-error.js';
import type { StoreTarget } from './target.js';

/** A store that is open, and the users in it. */
export interface OpenStore {
  readonly repository: CompleteUserRepository;
  readonly users: UserService;
  /** Copies the store into a file. Undefined for a store that is not a file itself. */
  readonly backup: ((file: string) => Promise<void>) | undefined;
  /** For what is done to the store as a whole. */
  readonly trail: AuditTrail;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly makes: boolean;
  readonly onTrailProblem: (problem: string) => void;
}

/**
 * What is to be right although `[auth] enabled` is false: users can be made before a server has them, and then in the
 * right store, by its rules and with a trail. The other rules have defaults that are safe.
 */
const HEEDED = [AUTH.store, DATA_DIR, AUTH.refusedPasswords, AUTH.auditLog];

/** The store of the configuration, with the rules of the server that has the same one. */
export class UserStore {
  /** As it may be shown: without a password. */
  readonly name: string;
  readonly policy: PasswordPolicy;
  readonly hasher: PasswordHasher;
  /** What the operator should know. */
  readonly notes: readonly string[];
  /** The config file that says where the users are, if nobody has named it or them. */
  readonly foundBy: string | undefined;
  readonly #store: string;
  readonly #auditLog: string | undefined;

  /** @throws {ConfigError} something is wrong with the configuration */
  constructor({ file, store: named, isFound }: StoreTarget, environment: Environment) {
    const { config, store, warnings } = resolveConfig(file ?? {}, { auth: { store: named } }, environment, HEEDED);
    const { auth } = config;
    // No more than a text can come from a file, the environment or an option.
    this.#store = store as string;
    this.name = auth.store as string;
    this.#auditLog = auth.auditLog;
    const isRefused = auth.refusedPasswords && passwordRefusal(auth.refusedPasswords);
    this.policy = new PasswordPolicy({
      minimumLength: auth.minimumPasswordLength,
      ...(isRefused && { isRefused }),
    });
    // One command hashes one password.
    this.hasher = new PasswordHasher({ cost: auth.bcryptCost, concurrency: 1, maxQueue: 1 });
    const notes = warnings.filter((warning) => !warning.startsWith(AUTHENTICATION_IS_OFF));
    if (!auth.enabled) notes.push(`[auth] enabled is false in ${file}: a server with this file has no users`);
    this.notes = notes;
    this.foundBy = isFound && !environment['KAPACITOR_AUTH_STORE'] ? file : undefined;
  }

  /** Whether there is something to open. In PostgreSQL there always is, as far as can be told before it is asked. */
  get isThere(): boolean {
    const file = sqliteFile(this.#store);
    if (file === undefined) return true;
    try {
      lstatSync(file);
      return true;
    } catch (error) {
      // What may not be looked at is there: to open it says why not.
      return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code as string);
    }
  }

  /**
   * Opens it.
   *
   * @param makes whether it is made where there is none
   * @param onTrailProblem told what is wrong with the audit log
   * @throws {StoreError} there is none, or it cannot be opened
   */
  async open({ makes, onTrailProblem }: OpenOptions): Promise<OpenStore> {
    if (this.#store === 'memory:') {
      throw new UsageError('memory: is the memory of a server: name that server with --url http://USER@HOST:9092');
    }
    if (!makes && !this.isThere) {
      throw new StoreError(
        `there is no user store at ${this.name}: is the path right? "user add" and "import" make a store where there is none`,
      );
    }
    const opened = createRepository(this.#store);
    try {
      const supervised = new SupervisedRepository(opened, {
        grace: DEFAULT_STORE_SETTINGS.grace,
        onFailure: () => {},
        onState: () => {},
      });
      await supervised.open();
      const repository = completeRepository(supervised);
      const trail = new AuditTrail(this.#auditLog, onTrailProblem);
      return {
        repository,
        users: new UserService({
          repository,
          hasher: this.hasher,
          policy: this.policy,
          audit: trail.audit,
          context: trail.context,
        }),
        trail,
        backup: opened instanceof SqliteUserRepository ? (file) => opened.backup(file) : undefined,
        close: async () => {
          supervised.close();
          await opened.close?.();
          trail.close();
        },
      };
    } catch (error) {
      await opened.close?.();
      throw error;
    }
  }
}

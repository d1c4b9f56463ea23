import { lstatSync } from 'node:fs';
import type { PasswordHasher } from '../authentication/password-hasher.js';
import { AccessPolicy } from '../authorization/access-policy.js';
import { resolveConfig } from '../config/config.js';
import { AUTHENTICATION_IS_OFF } from '../config/rules.js';
import type { Environment } from '../config/setting.js';
import { AUTH, DATA_DIR } from '../config/settings.js';
import type { SharedSecretReader } from '../config/shared-secret.js';
import { StoreError } from '../errors.js';
import { sqliteFile } from '../stores/address.js';
import { createRepository } from '../stores/create-repository.js';
import { SqliteUserRepository } from '../stores/sqlite/sqlite-repository.js';
import { createPasswords, createUserManagement } from '../user-management.js';
import { KeyService } from '../users/key-service.js';
import type { PasswordPolicy } from '../users/password-policy.js';
import { PermissionNames } from '../users/permissions.js';
import { type CompleteUserRepository, DEFAULT_STORE_SETTINGS } from '../users/repository.js';
import type { UserService } from '../users/user-service.js';
import { type AccessRules, AnyPermissionName } from './access-rules.js';
import { AuditTrail } from './audit-trail.js';
import { UsageError } from './cli-error.js';
import { MEMORY_STORE, type StoreTarget } from './target.js';

export interface OpenStore {
  readonly repository: CompleteUserRepository;
  readonly users: UserService;
  readonly keys: KeyService;
  /** Copies the store into a file. Undefined for a store that is not a file itself. */
  readonly backup: ((file: string) => Promise<void>) | undefined;
  /** For events that concern the store as a whole. */
  readonly trail: AuditTrail;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Creates a store that does not exist. */
  readonly makes: boolean;
  /** Receives a warning about the audit log. */
  readonly onTrailProblem: (problem: string) => void;
}

/**
 * The settings that must be right even if `[auth] enabled` is false. Users may be added before a server uses them, to the
 * right store, by its rules and with an audit log. The other settings have safe defaults.
 */
const HEEDED = [AUTH.store, DATA_DIR, AUTH.refusedPasswords, AUTH.auditLog];

/** A store, with the rules of a server that has the same configuration. */
export class UserStore {
  /** For display: without a password. */
  readonly name: string;
  readonly policy: PasswordPolicy;
  readonly hasher: PasswordHasher;
  /** Known if a config file is named. Without one, the app may define permissions in code. */
  readonly rules: AccessRules;
  /** The permissions that users can be given. */
  readonly permissionNames: PermissionNames;
  /** Notes about the configuration for the user of the command line. */
  readonly notes: readonly string[];
  /** The place that names the store if no option does: the config file in the working folder, or `the default store`. */
  readonly foundBy: string | undefined;
  /** Undefined: no JSON Web Token is accepted. */
  readonly readSharedSecret: SharedSecretReader | undefined;
  /** The path of the audit log, if there is one. */
  readonly auditLog: string | undefined;
  readonly #store: string;

  /** @throws {ConfigError} the configuration is wrong */
  constructor({ file, store: named, isFound }: StoreTarget, environment: Environment) {
    const code = { auth: { store: named } };
    const { config, store, readSharedSecret, warnings } = resolveConfig(file ?? {}, code, environment, HEEDED);
    const { auth } = config;
    this.readSharedSecret = readSharedSecret;
    // Only code can name a repository.
    this.#store = store as string;
    this.name = auth.store as string;
    this.auditLog = auth.auditLog;
    // A command hashes one password.
    const { policy, hasher } = createPasswords(auth, { budget: { concurrency: 1, maxQueue: 1 } });
    this.policy = policy;
    this.hasher = hasher;
    const { permissions, http } = config;
    const isKnown = file !== undefined;
    this.rules = {
      policy: new AccessPolicy({
        permissions,
        apiPath: http.apiPath,
        publicPaths: http.public,
        hasSessions: http.sessions !== false,
      }),
      isKnown,
    };
    this.permissionNames = isKnown ? new PermissionNames(Object.keys(permissions)) : new AnyPermissionName();
    const notes = warnings.filter((warning) => !warning.startsWith(AUTHENTICATION_IS_OFF));
    if (!auth.enabled) {
      notes.push(
        `[auth] enabled is false in ${file ?? 'the environment'}: a server with this configuration has no users`,
      );
    }
    this.notes = notes;
    this.foundBy = isFound && !environment['KAPACITOR_AUTH_STORE'] ? (file ?? 'the default store') : undefined;
  }

  /** Whether the store exists. True for PostgreSQL, where only a connection would tell. */
  get isThere(): boolean {
    const file = sqliteFile(this.#store);
    if (file === undefined) return true;
    try {
      lstatSync(file);
      return true;
    } catch (error) {
      // Any other error means that something is there. Opening it will say what is wrong.
      return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code as string);
    }
  }

  /** Whether the users are in the memory of a server, where no command finds them. */
  get isInMemory(): boolean {
    return this.#store === 'memory:';
  }

  /** @throws {StoreError} the store does not exist, or cannot be opened */
  async open({ makes, onTrailProblem }: OpenOptions): Promise<OpenStore> {
    if (this.isInMemory) throw new UsageError(MEMORY_STORE);
    if (!makes && !this.isThere) {
      throw new StoreError(
        `there is no user store at ${this.name}: is the path right? "user add" and "import" make a store where there is none`,
      );
    }
    const opened = createRepository(this.#store);
    try {
      const trail = new AuditTrail(this.auditLog, onTrailProblem);
      const supervision = { grace: DEFAULT_STORE_SETTINGS.grace, onFailure: () => {}, onState: () => {} };
      const { policy, hasher, permissionNames } = this;
      const { audit, context } = trail;
      const { supervised, repository, users } = createUserManagement(opened, { policy, hasher }, supervision, {
        audit,
        context,
        permissionNames,
      });
      await supervised.open();
      return {
        repository,
        users,
        keys: new KeyService({ repository, permissionNames, audit, context }),
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

import { inWords } from './argument-checks.js';
import { type HashingBudget, type HashingWork, PasswordHasher } from './authentication/password-hasher.js';
import type { ResolvedConfig } from './config/options.js';
import { ConfigError, type PasswordCheckError } from './errors.js';
import { completeRepository } from './stores/complete.js';
import { SupervisedRepository } from './stores/supervised.js';
import type { SupervisionOptions } from './stores/supervision.js';
import { PasswordPolicy, passwordRefusal } from './users/password-policy.js';
import type { CompleteUserRepository, UserRepository } from './users/repository.js';
import { missingSecretMethods } from './users/secret.js';
import { UserService, type UserServiceParts } from './users/user-service.js';

type AuthSettings = ResolvedConfig['auth'];

/** The rules for new passwords, and the hasher. */
export interface Passwords {
  readonly policy: PasswordPolicy;
  readonly hasher: PasswordHasher;
}

interface PasswordOptions {
  readonly budget: Omit<HashingBudget, 'cost'>;
  readonly onCheckFailure?: (error: PasswordCheckError) => void;
  readonly onWork?: (work: HashingWork) => void;
}

/**
 * The password rules of a configuration, the same for a server and for the command line.
 *
 * @throws {ConfigError} the file of refused passwords cannot be read
 */
export function createPasswords(
  { bcryptCost, minimumPasswordLength, refusedPasswords }: AuthSettings,
  { budget, onCheckFailure, onWork }: PasswordOptions,
): Passwords {
  return {
    policy: new PasswordPolicy({
      minimumLength: minimumPasswordLength,
      isRefused: refusedPasswords ? passwordRefusal(refusedPasswords) : undefined,
      onFailure: onCheckFailure,
    }),
    hasher: new PasswordHasher({ cost: bcryptCost, ...budget }, onWork),
  };
}

/** The users in a store. */
export interface UserManagement {
  readonly supervised: SupervisedRepository;
  readonly repository: CompleteUserRepository;
  readonly users: UserService;
}

/**
 * Puts supervision and the users' rules around a repository, the same for a server and for the command line. The store is
 * not opened yet: that is for `supervised.open()`.
 *
 * @throws {ConfigError} the repository keeps secrets or counts failed logins, and lacks a method for it
 */
export function createUserManagement(
  opened: UserRepository,
  passwords: Passwords,
  supervision: SupervisionOptions,
  parts: Pick<UserServiceParts, 'audit' | 'context' | 'ownChanges' | 'permissionNames'>,
): UserManagement {
  checkSecrets(opened);
  checkLimits(opened);
  const supervised = new SupervisedRepository(opened, supervision);
  const repository = completeRepository(supervised);
  return { supervised, repository, users: new UserService({ repository, ...passwords, ...parts }) };
}

function checkSecrets(repository: UserRepository): void {
  if (repository.secrets === undefined) return;
  const missing = missingSecretMethods(repository);
  if (missing.length === 0) return;
  throw new ConfigError(`[auth] store: the repository keeps secrets, and lacks ${inWords(missing)}`);
}

function checkLimits({ limits }: UserRepository): void {
  if (limits === undefined || typeof limits.limiter === 'function') return;
  throw new ConfigError('[auth] store: the repository counts failed logins, and lacks limits.limiter()');
}

export type {
  Health,
  KapacitorAuth,
  MetricsRegistration,
  OptionalUser,
  PassportStrategy,
} from './api.js';
export type { Credential } from './authentication/used-credentials.js';
export type { GivenCredentials, VerifyOptions } from './authentication/verify-call.js';
export type { Explanation } from './authorization/explain.js';
export type {
  PermissionDefinition,
  PermissionDefinitions,
  ResolvedPermissions,
} from './authorization/permission-definitions.js';
export type { Privilege } from './authorization/privileges.js';
export type {
  AdminConfig,
  AuthConfig,
  BindAddress,
  HttpConfig,
  KapacitorAuthConfig,
  Refusals,
  ResolvedConfig,
  ResolvedSessions,
  SessionsConfig,
} from './config/options.js';
export {
  ConfigError,
  ForbiddenError,
  InvalidKeyError,
  InvalidRequestError,
  InvalidUserError,
  KapacitorAuthError,
  type KapacitorAuthErrorCode,
  KeyExistsError,
  KeyLimitError,
  KeyNotFoundError,
  LastAdminError,
  OverloadedError,
  PasswordChangeRequiredError,
  PasswordCheckError,
  PreconditionFailedError,
  StoreError,
  ThrottledError,
  UnauthenticatedError,
  UserExistsError,
  UserNotFoundError,
} from './errors.js';
export type { UpgradeOptions } from './http/upgrade-call.js';
export { kapacitorAuth } from './kapacitor-auth.js';
export { type AuditLogger, type AuditSource, auditToLogger, auditToOpenTelemetry } from './observe/audit-sinks.js';
export type { MetricsOptions } from './observe/metrics.js';
export type { MetricsRegistry } from './observe/prometheus.js';
export type { MaybePromise } from './promises.js';
export type { RequestOrigin } from './request/client-address.js';
export type { Middleware } from './request/host.js';
export type { SignInTexts } from './sign-in-texts.js';
export { MemoryUserRepository } from './stores/memory.js';
export { SqliteUserRepository } from './stores/sqlite/sqlite-repository.js';
export type { UserAccount } from './users/account.js';
export type { AccountFields } from './users/account-fields.js';
export type {
  AuditContext,
  AuditEvents,
  AuthenticationSwitched,
  CredentialKind,
  Denied,
  KapacitorAuthEvents,
  KeyEvent,
  Login,
  LoginFailed,
  LoginFailure,
  SessionEnded,
  StoreUnavailable,
  UserChanged,
  UserCreated,
  UserDeleted,
  UserOperationFailed,
  UserPart,
} from './users/audit-events.js';
export type { NewKey } from './users/key-fields.js';
export type { CreatedKey, Key, KeyService } from './users/key-service.js';
export type { LoginTimes, RecordedLogin } from './users/login-times.js';
export type { NamePattern } from './users/name-pattern.js';
export type { PasswordRefusal, RefusedPasswords } from './users/password-policy.js';
export type { Permission } from './users/permissions.js';
export type {
  FirstAdminOutcome,
  KeyOwner,
  RemoveOutcome,
  ReplaceOutcome,
  StoreHealth,
  StoreSettings,
  StoreState,
  UserFilter,
  UserListQuery,
  UserRepository,
} from './users/repository.js';
export type { InsertSecretOutcome, SecretKind, SecretRepository, SecretUse, StoredSecret } from './users/secret.js';
export type { KeyPoints, SharedLimiter, SharedLimiterOptions, SharedLimits } from './users/shared-limits.js';
export type { StoredAccount, StoredUser, User, UserType } from './users/user.js';
export type { UserOperation, UserOperationResult } from './users/user-batch.js';
export type { NewUser, UserChanges } from './users/user-fields.js';
export type { UserFilterOptions, UserListOptions } from './users/user-list.js';
export type { UserService } from './users/user-service.js';
